using ILGPU.Backends.PTX;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace ILGPU.Runtime.Cuda;

/// <summary>An NVIDIA GPU in use. Launches and copies are queued in streams.</summary>
/// <remarks>
/// The accelerator uses the device's primary context, which it shares with everything else in the process, and makes it the
/// calling thread's current one whenever it calls the driver.
/// </remarks>
public sealed unsafe class CudaAccelerator : KernelAccelerator<PTXCompiledKernel, CudaKernel>
{
    private readonly nint _context;
    private readonly CudaKernelCache _kernels;

    internal CudaAccelerator(Context context, CudaDevice device, CudaAcceleratorFlags flags, ICudaKernelCompiler compiler)
        : this(context, device, Retain(device, flags), compiler)
    {
    }

    private CudaAccelerator(Context context, CudaDevice device, nint primaryContext, ICudaKernelCompiler compiler)
        : base(context, device)
    {
        _context = primaryContext;
        _kernels = new CudaKernelCache(this, compiler);
    }

    /// <summary>The device behind the accelerator.</summary>
    public new CudaDevice Device => (CudaDevice)base.Device;

    /// <summary>The driver's number of the device.</summary>
    public int DeviceId => Device.DeviceId;

    /// <summary>The version of CUDA that the driver supports.</summary>
    public CudaDriverVersion DriverVersion => Device.DriverVersion;

    /// <summary>The architecture (compute capability).</summary>
    public CudaArchitecture Architecture => Device.Architecture!.Value;

    /// <summary>The version of PTX that kernels are written in.</summary>
    public CudaInstructionSet InstructionSet => Device.InstructionSet!.Value;

    /// <summary>The clock rate in kHz.</summary>
    public int ClockRate => Device.ClockRate;

    /// <summary>The memory's clock rate in kHz.</summary>
    public int MemoryClockRate => Device.MemoryClockRate;

    /// <summary>The width of the memory bus in bits.</summary>
    public int MemoryBusWidth => Device.MemoryBusWidth;

    /// <summary>The size of the second-level cache in bytes.</summary>
    public int L2CacheSize => Device.L2CacheSize;

    /// <summary>The shared memory of a multiprocessor in bytes.</summary>
    public int MaxSharedMemoryPerMultiprocessor => Device.MaxSharedMemoryPerMultiprocessor;

    /// <summary>The number of 32-bit registers of a multiprocessor.</summary>
    public int TotalNumRegistersPerMultiprocessor => Device.TotalNumRegistersPerMultiprocessor;

    /// <summary>The largest number of 32-bit registers of a group.</summary>
    public int TotalNumRegistersPerGroup => Device.TotalNumRegistersPerGroup;

    /// <summary>The number of engines that copy beside kernels.</summary>
    public int NumConcurrentCopyEngines => Device.NumConcurrentCopyEngines;

    internal ICudaDriver Driver => Device.Driver;

    /// <summary>What kernels are compiled for.</summary>
    internal PtxTarget Target => Device.Target!;

    internal CudaKernelCache Kernels => _kernels;

    /// <summary>The driver's context.</summary>
    private protected override IntPtr NativeHandle => _context;

    /// <summary>Makes a stream.</summary>
    /// <param name="flag">How it stands to the driver's default stream.</param>
    /// <exception cref="CudaException">The driver failed.</exception>
    public CudaStream CreateStream(StreamFlags flag)
    {
        Bind();
        return new CudaStream(this, flag);
    }

    /// <summary>The number of bytes that are free on the device.</summary>
    /// <exception cref="CudaException">The driver failed.</exception>
    public long GetFreeMemory()
    {
        Bind();
        Driver.Check(Driver.MemGetInfo(out nuint free, out _), "cuMemGetInfo", "asking for free memory");
        return (long)free;
    }

    /// <summary>The version of PTX in which kernels are written for an architecture.</summary>
    /// <exception cref="NotSupportedException">The driver or the architecture is too old.</exception>
    public static CudaInstructionSet GetInstructionSet(CudaArchitecture architecture, CudaDriverVersion installedDriverVersion)
    {
        PtxTarget target = PtxTarget.ForDevice(architecture.Major, architecture.Minor, installedDriverVersion.Value);
        return new CudaInstructionSet(target.IsaMajor, target.IsaMinor);
    }

    /// <summary>Makes the accelerator's context the calling thread's current one.</summary>
    internal void Bind()
    {
        VerifyUsable();
        SetCurrent();
    }

    /// <summary>Checks a call that gives something back. A device that has failed for good refuses these too, which was told before.</summary>
    internal void CheckRelease(CudaError result, string call, string purpose)
    {
        if (!CudaFaults.AreFinal(result))
            Driver.Check(result, call, purpose);
    }

    /// <summary>Makes the context current also while the accelerator is being disposed.</summary>
    internal void SetCurrent() => Driver.Check(Driver.CtxSetCurrent(_context), "cuCtxSetCurrent", $"turning to {Device}");

    internal override LoadedKernel Load(KernelEntry entry) => _kernels.Load(entry);

    internal override RawMemory AllocateMemory(long bytes) => CudaMemory.Allocate(this, bytes);

    internal override void CopyFromHost(AcceleratorStream stream, void* host, void* target, long bytes, bool async)
    {
        var queue = (CudaStream)stream;
        Bind();
        Driver.Check(
            Driver.MemcpyHtoDAsync((nint)target, host, (nuint)bytes, queue.StreamPtr), "cuMemcpyHtoDAsync", $"copying {bytes} bytes to {Device}");
        if (!async)
            queue.Wait();
    }

    internal override void CopyToHost(AcceleratorStream stream, void* source, void* host, long bytes, bool async)
    {
        var queue = (CudaStream)stream;
        Bind();
        Driver.Check(
            Driver.MemcpyDtoHAsync(host, (nint)source, (nuint)bytes, queue.StreamPtr), "cuMemcpyDtoHAsync", $"copying {bytes} bytes from {Device}");
        if (!async)
            queue.Wait();
    }

    internal override void CopyBytes(AcceleratorStream stream, void* source, void* target, long bytes)
    {
        if (bytes == 0)
            return;
        Bind();
        Driver.Check(
            Driver.MemcpyDtoDAsync((nint)target, (nint)source, (nuint)bytes, ((CudaStream)stream).StreamPtr),
            "cuMemcpyDtoDAsync",
            $"copying {bytes} bytes on {Device}");
    }

    internal override void FillBytes(AcceleratorStream stream, void* target, byte value, long bytes)
    {
        if (bytes == 0)
            return;
        Bind();
        Driver.Check(
            Driver.MemsetD8Async((nint)target, value, (nuint)bytes, ((CudaStream)stream).StreamPtr), "cuMemsetD8Async", $"filling {bytes} bytes on {Device}");
    }

    internal override PageLockScope<T> PageLock<T>(Array owner, IntPtr address, long length) =>
        CudaPageLock<T>.Lock(this, owner, address, length);

    private protected override AcceleratorStream CreateStreamCore() => CreateStream(StreamFlags.CU_STREAM_NON_BLOCKING);

    private protected override void SynchronizeCore()
    {
        Bind();
        Driver.Check(Driver.CtxSynchronize(), "cuCtxSynchronize", $"waiting for {Device}");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // Nothing is to be freed that a kernel still uses. What failed before has been told, or nobody wants to know.
        SetCurrent();
        _ = Driver.CtxSynchronize();
        base.Dispose(disposing);
    }

    private protected override void DisposeCore() =>
        CheckRelease(Driver.DevicePrimaryCtxRelease(Device.Handle), "cuDevicePrimaryCtxRelease", $"closing {Device}");

    private static nint Retain(CudaDevice device, CudaAcceleratorFlags flags)
    {
        ICudaDriver driver = device.Driver;
        // Says why, if kernels can't be compiled for the device.
        _ = GetInstructionSet(device.Architecture!.Value, device.DriverVersion);
        if (flags != CudaAcceleratorFlags.ScheduleAuto)
        {
            driver.Check(driver.DevicePrimaryCtxSetFlags(device.Handle, flags), "cuDevicePrimaryCtxSetFlags", $"opening {device} with {flags}");
        }
        driver.Check(driver.DevicePrimaryCtxRetain(out nint context, device.Handle), "cuDevicePrimaryCtxRetain", $"opening {device}");
        return context;
    }
}
