using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace IlgpuSeg.KernelRuntime.Tests;

/// <summary>A test with an accelerator that runs kernels as plain C#.</summary>
public abstract class CpuTest : IDisposable
{
    protected CpuTest()
    {
        Context = PlainContext(threads: 2);
        Accelerator = Context.CreateCPUAccelerator(0);
    }

    protected Context Context { get; }

    protected CPUAccelerator Accelerator { get; }

    public void Dispose()
    {
        Context.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A context whose only device runs kernels as plain C# on a number of threads.</summary>
    protected static Context PlainContext(int threads) =>
        Context.Create(builder => builder.CPU(new CPUDevice(threads, CpuExecution.Plain)).Profiling());

    protected MemoryBuffer1D<T, Stride1D.Dense> Buffer<T>(params T[] data)
        where T : unmanaged =>
        Accelerator.Allocate1D(data);

    protected MemoryBuffer1D<T, Stride1D.Dense> Zeros<T>(int length)
        where T : unmanaged =>
        Accelerator.Allocate1D(new T[length]);
}
