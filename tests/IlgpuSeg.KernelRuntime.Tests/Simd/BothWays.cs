using IlgpuSeg.KernelRuntime.Devices.Cpu;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace IlgpuSeg.KernelRuntime.Tests.Simd;

/// <summary>Runs a kernel compiled and as plain C#, on copies of the same data.</summary>
internal sealed class BothWays : IDisposable
{
    private readonly Context _plainContext = Create(CpuExecution.Plain);
    private readonly Context _simdContext = Create(CpuExecution.NarrowSimd);
    private readonly Context _wideContext = Create(CpuExecution.WideSimd);

    public BothWays()
    {
        Plain = _plainContext.Devices[0].CreateAccelerator(_plainContext);
        Simd = _simdContext.Devices[0].CreateAccelerator(_simdContext);
        Wide = _wideContext.Devices[0].CreateAccelerator(_wideContext);
    }

    public Accelerator Plain { get; }

    /// <summary>Compiled for eight lanes.</summary>
    public Accelerator Simd { get; }

    /// <summary>Compiled for sixteen lanes where kernels and groups allow it.</summary>
    public Accelerator Wide { get; }

    /// <summary>Asserts that a launch leaves the same bits in its buffer both ways.</summary>
    public T[] SameBits<T>(T[] data, Action<Accelerator, ArrayView<T>> launch)
        where T : unmanaged
    {
        var expected = Run(Plain, data, launch);
        foreach (var accelerator in (Accelerator[])[Wide, Simd])
        {
            var actual = Run(accelerator, data, launch);
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.True(expected[i].Equals(actual[i]), $"element {i}: {actual[i]} instead of {expected[i]}");
            }
        }

        return expected;
    }

    public static T[] Run<T>(Accelerator accelerator, T[] data, Action<Accelerator, ArrayView<T>> launch)
        where T : unmanaged
    {
        using var buffer = accelerator.Allocate1D(data);
        launch(accelerator, buffer.View.BaseView);
        accelerator.Synchronize();
        return buffer.GetAsArray1D();
    }

    public void Dispose()
    {
        Plain.Dispose();
        Simd.Dispose();
        Wide.Dispose();
        _plainContext.Dispose();
        _simdContext.Dispose();
        _wideContext.Dispose();
    }

    private static Context Create(CpuExecution execution) => Context.Create(b => b.CPU(new CPUDevice(2, execution)));
}
