using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>A block of a GPU's memory.</summary>
internal sealed class CudaMemory : RawMemory
{
    private readonly CudaAccelerator _accelerator;

    private CudaMemory(CudaAccelerator accelerator, nint address)
    {
        _accelerator = accelerator;
        Address = address;
    }

    /// <summary>Allocates; the driver aligns to 256 bytes at least.</summary>
    /// <exception cref="CudaException">There is not enough memory; the device can still be used.</exception>
    public static CudaMemory Allocate(CudaAccelerator accelerator, long bytes)
    {
        ICudaDriver driver = accelerator.Driver;
        accelerator.Bind();
        // The driver refuses blocks of no bytes.
        CudaError result = driver.MemAlloc(out nint address, (nuint)Math.Max(bytes, 1));
        if (result == CudaError.CUDA_ERROR_OUT_OF_MEMORY)
        {
            string state = driver.MemGetInfo(out nuint free, out nuint total) == CudaError.CUDA_SUCCESS
                ? $", of whose {total:N0} bytes {free:N0} are free" : "";
            driver.Check(result, "cuMemAlloc", $"allocating {bytes:N0} bytes on {accelerator}{state}");
        }
        driver.Check(result, "cuMemAlloc", $"allocating {bytes:N0} bytes on {accelerator}");
        return new CudaMemory(accelerator, address);
    }

    /// <summary>Gives the block back; the driver waits for kernels that still use it.</summary>
    public override void Free()
    {
        _accelerator.SetCurrent();
        _accelerator.CheckRelease(_accelerator.Driver.MemFree(Address), "cuMemFree", $"freeing memory of {_accelerator}");
    }
}

/// <summary>An array whose pages stay where they are, so that the device copies from and to it by itself.</summary>
/// <remarks>
/// Where another array has locked a page before, the driver refuses to lock it once more; copies then go through the driver's
/// own buffers, which is slower and no different otherwise.
/// </remarks>
internal sealed class CudaPageLock<T> : PageLockScope<T>
    where T : unmanaged
{
    private readonly CudaAccelerator _accelerator;
    private readonly bool _registered;

    // The pages must not be given to anybody else while they are locked, even if all others have forgotten the array.
    private readonly Array _owner;

    private CudaPageLock(CudaAccelerator accelerator, Array owner, IntPtr address, long length, bool registered)
        : base(accelerator, address, length)
    {
        _accelerator = accelerator;
        _owner = owner;
        _registered = registered;
    }

    /// <summary>Locks the pages of an array.</summary>
    /// <exception cref="CudaException">The driver failed.</exception>
    public static unsafe CudaPageLock<T> Lock(CudaAccelerator accelerator, Array owner, IntPtr address, long length)
    {
        bool registered = false;
        if (length > 0)
        {
            ICudaDriver driver = accelerator.Driver;
            long bytes = length * sizeof(T);
            accelerator.Bind();
            CudaError result = driver.MemHostRegister(address, (nuint)bytes, 0);
            registered = result != CudaError.CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
            if (registered)
                driver.Check(result, "cuMemHostRegister", $"locking {bytes:N0} bytes of host memory for {accelerator}");
        }
        return new CudaPageLock<T>(accelerator, owner, address, length, registered);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!_registered)
            return;
        ICudaDriver driver = _accelerator.Driver;
        _accelerator.SetCurrent();
        // Copies may be under way; their failures show where somebody waits for them.
        _ = driver.CtxSynchronize();
        _accelerator.CheckRelease(
            driver.MemHostUnregister(AddrOfLockedObject), "cuMemHostUnregister", $"unlocking {LengthInBytes:N0} bytes of host memory");
        GC.KeepAlive(_owner);
    }
}
