using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;

namespace IlgpuSeg.KernelRuntime.Tests.Cuda;

/// <summary>A test with an emulated GPU and kernels in hand-written PTX.</summary>
public abstract class CudaTest : IDisposable
{
    private protected CudaTest(params int[] architectures)
    {
        Driver = new EmulatedCudaDriver(architectures.Length > 0 ? architectures : [90]);
        Context = Context.Create(builder => builder.Cuda(Driver).Profiling());
        Accelerator = Open(0);
    }

    private protected EmulatedCudaDriver Driver { get; }

    private protected HandWrittenPtx Compiler { get; } = new();

    protected Context Context { get; }

    protected CudaAccelerator Accelerator { get; }

    /// <summary>Closes everything; nothing of the driver may be left.</summary>
    public virtual void Dispose()
    {
        Context.Dispose();
        Assert.Empty(Driver.LiveObjects);
        GC.SuppressFinalize(this);
    }

    protected CudaAccelerator Open(int device) =>
        new(Context, Context.GetCudaDevice(device), CudaAcceleratorFlags.ScheduleAuto, Compiler);

    protected MemoryBuffer1D<T, Stride1D.Dense> Buffer<T>(params T[] data)
        where T : unmanaged =>
        Accelerator.Allocate1D(data);

    protected Action<KernelConfig, ArrayView<float>, float> Scale() =>
        Accelerator.LoadStreamKernel<ArrayView<float>, float>(CudaKernels.Scale);

    /// <summary>The failure of an action, whose message names the driver's error and what was being done.</summary>
    private protected static CudaException Fails(Action action, string error, params string[] parts)
    {
        CudaException exception = Assert.Throws<CudaException>(action);
        Assert.Equal(error, exception.Error);
        Assert.Equal(AcceleratorType.Cuda, exception.AcceleratorType);
        Assert.All(parts.Append(error), part => Assert.Contains(part, exception.Message));
        return exception;
    }
}
