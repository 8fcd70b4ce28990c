using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>A kernel on a GPU: its launches are queued, and its arguments go to the driver in one block.</summary>
internal sealed unsafe class LoadedCudaKernel : LoadedKernel
{
    /// <summary>The group size of implicitly grouped launches: enough warps to hide latency, and a divisor of what a multiprocessor holds.</summary>
    private const int UsualGroupSize = 256;

    /// <summary>The extent that follows the arguments of an implicitly grouped kernel: three 32-bit numbers, filled up to 8 bytes.</summary>
    private const int ExtentBytes = 16;

    private readonly CudaAccelerator _accelerator;
    private readonly CudaKernelVersion? _only;
    private readonly CudaKernelVersions? _versions;

    public LoadedCudaKernel(CudaAccelerator accelerator, CudaKernelCache cache, KernelEntry entry)
        : base(accelerator, entry)
    {
        _accelerator = accelerator;
        if (entry.Parameters.Any(parameter => parameter.IsSpecialized))
            _versions = new CudaKernelVersions(cache, entry);
        else
            _only = new CudaKernelVersion(cache, entry, null);
    }

    public override int AutoGroupSize => _only is null
        ? UsualGroupSize
        : Math.Min(UsualGroupSize, _only.Usual.Attributes.MaxThreadsPerGroup / Accelerator.WarpSize * Accelerator.WarpSize);

    /// <summary>The kernel as it is usually launched.</summary>
    /// <exception cref="NotSupportedException">It is compiled for values of its arguments.</exception>
    public CudaKernel Usual => _only?.Usual
        ?? throw new NotSupportedException($"Kernel {Entry.Name} is compiled for values of its arguments and is not one kernel.");

    protected override void Launch(AcceleratorStream stream, in LaunchDimensions dimensions, byte* arguments)
    {
        _accelerator.Bind();
        CudaKernel kernel = (_only ?? _versions!.For(arguments)).For(arguments);
        if (Entry.IsExplicit)
        {
            Launch(kernel, (CudaStream)stream, dimensions, arguments);
            return;
        }
        byte* block = stackalloc byte[Entry.BlockSize + ExtentBytes];
        Buffer.MemoryCopy(arguments, block, Entry.BlockSize, Entry.BlockSize);
        WriteExtent((int*)(block + Entry.BlockSize), dimensions.Extent);
        Launch(kernel, (CudaStream)stream, dimensions, block);
    }

    private void Launch(CudaKernel kernel, CudaStream stream, in LaunchDimensions dimensions, byte* block)
    {
        int dynamicShared = dimensions.DynamicSharedBytes + kernel.Module.ExtraDynamicSharedBytes;
        kernel.AllowDynamicShared(dynamicShared);
        ICudaDriver driver = _accelerator.Driver;
        CudaError result = driver.LaunchKernel(
            kernel.FunctionPtr, dimensions.Grid, dimensions.Group, dynamicShared, stream.StreamPtr, block, (nuint)kernel.Module.ArgumentBytes);
        if (result != CudaError.CUDA_SUCCESS)
            driver.Check(result, "cuLaunchKernel", Describe(kernel, dimensions, dynamicShared));
        stream.LastKernel = Entry;
    }

    private string Describe(CudaKernel kernel, in LaunchDimensions dimensions, int dynamicShared) =>
        $"launching kernel {Entry.Name} (grid {dimensions.Grid}, group {dimensions.Group}, {dynamicShared} bytes of dynamic shared memory; " +
        $"the kernel has {kernel.Attributes.Registers} registers and {kernel.Attributes.SharedBytes} bytes of its own shared memory, " +
        $"and takes groups of at most {kernel.Attributes.MaxThreadsPerGroup} threads)";

    private void WriteExtent(int* target, LongIndex3D extent)
    {
        if (Math.Max(extent.X, Math.Max(extent.Y, extent.Z)) > int.MaxValue)
            throw new NotSupportedException($"Kernel {Entry.Name}: the extent {extent} has a dimension that does not fit 32 bits.");
        target[0] = (int)extent.X;
        target[1] = (int)extent.Y;
        target[2] = (int)extent.Z;
        target[3] = 0;
    }
}
