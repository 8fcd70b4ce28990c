using System.Collections.Immutable;
using System.Globalization;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace ILGPU.Runtime.Cuda;

/// <summary>An NVIDIA GPU.</summary>
public sealed class CudaDevice : Device
{
    internal CudaDevice(CudaDeviceQuery query)
        : base(AcceleratorType.Cuda, query.Name)
    {
        Driver = query.Driver;
        Handle = query.Handle;
        DeviceId = query.Ordinal;
        DriverVersion = query.DriverVersion;
        MemorySize = query.TotalMemory;
        MaxGridSize = new Index3D(
            query[CudaDeviceAttribute.MaxGridDimX], query[CudaDeviceAttribute.MaxGridDimY], query[CudaDeviceAttribute.MaxGridDimZ]);
        MaxGroupSize = new Index3D(
            query[CudaDeviceAttribute.MaxBlockDimX], query[CudaDeviceAttribute.MaxBlockDimY], query[CudaDeviceAttribute.MaxBlockDimZ]);
        MaxNumThreadsPerGroup = query[CudaDeviceAttribute.MaxThreadsPerBlock];
        MaxSharedMemoryPerGroup = Math.Max(
            query[CudaDeviceAttribute.MaxSharedMemoryPerBlock], query[CudaDeviceAttribute.MaxSharedMemoryPerBlockOptIn]);
        MaxConstantMemory = query[CudaDeviceAttribute.TotalConstantMemory];
        WarpSize = query[CudaDeviceAttribute.WarpSize];
        NumMultiprocessors = query[CudaDeviceAttribute.MultiprocessorCount];
        MaxNumThreadsPerMultiprocessor = query[CudaDeviceAttribute.MaxThreadsPerMultiprocessor];
        Architecture = GetArchitecture(
            query[CudaDeviceAttribute.ComputeCapabilityMajor], query[CudaDeviceAttribute.ComputeCapabilityMinor]);
        Target = TargetOf(Architecture.Value, DriverVersion);
        ClockRate = query[CudaDeviceAttribute.ClockRate];
        MemoryClockRate = query[CudaDeviceAttribute.MemoryClockRate];
        MemoryBusWidth = query[CudaDeviceAttribute.GlobalMemoryBusWidth];
        L2CacheSize = query[CudaDeviceAttribute.L2CacheSize];
        MaxSharedMemoryPerMultiprocessor = query[CudaDeviceAttribute.MaxSharedMemoryPerMultiprocessor];
        TotalNumRegistersPerMultiprocessor = query[CudaDeviceAttribute.MaxRegistersPerMultiprocessor];
        TotalNumRegistersPerGroup = query[CudaDeviceAttribute.MaxRegistersPerBlock];
        MaxMemoryPitch = query[CudaDeviceAttribute.MaxPitch];
        NumConcurrentCopyEngines = query[CudaDeviceAttribute.AsyncEngineCount];
        HasECCSupport = query[CudaDeviceAttribute.EccEnabled] != 0;
        SupportsManagedMemory = query[CudaDeviceAttribute.ManagedMemory] != 0;
        SupportsComputePreemption = query[CudaDeviceAttribute.ComputePreemptionSupported] != 0;
        SupportsMappingHostMemory = query[CudaDeviceAttribute.CanMapHostMemory] != 0;
        SupportsUsingHostPointerForRegisteredMemory = query[CudaDeviceAttribute.CanUseHostPointerForRegisteredMemory] != 0;
        DriverMode = query[CudaDeviceAttribute.TccDriver] != 0 ? DeviceDriverMode.TCC : DeviceDriverMode.WDDM;
        PCIDomainId = query[CudaDeviceAttribute.PciDomainId];
        PCIBusId = query[CudaDeviceAttribute.PciBusId];
        PCIDeviceId = query[CudaDeviceAttribute.PciDeviceId];
    }

    /// <summary>The driver's number of the device.</summary>
    public int DeviceId { get; }

    /// <summary>The version of CUDA that the driver supports.</summary>
    public CudaDriverVersion DriverVersion { get; }

    /// <summary>The architecture (compute capability).</summary>
    public CudaArchitecture? Architecture { get; }

    /// <summary>The version of PTX that kernels are written in; null if the driver knows none for this architecture.</summary>
    public CudaInstructionSet? InstructionSet => Target is null ? null : new CudaInstructionSet(Target.IsaMajor, Target.IsaMinor);

    /// <summary>The clock rate in kHz.</summary>
    public int ClockRate { get; }

    /// <summary>The memory's clock rate in kHz.</summary>
    public int MemoryClockRate { get; }

    /// <summary>The width of the memory bus in bits.</summary>
    public int MemoryBusWidth { get; }

    /// <summary>The size of the second-level cache in bytes.</summary>
    public int L2CacheSize { get; }

    /// <summary>The shared memory of a multiprocessor in bytes.</summary>
    public int MaxSharedMemoryPerMultiprocessor { get; }

    /// <summary>The number of 32-bit registers of a multiprocessor.</summary>
    public int TotalNumRegistersPerMultiprocessor { get; }

    /// <summary>The largest number of 32-bit registers of a group.</summary>
    public int TotalNumRegistersPerGroup { get; }

    /// <summary>The largest pitch of copies in bytes.</summary>
    public long MaxMemoryPitch { get; }

    /// <summary>The number of engines that copy beside kernels.</summary>
    public int NumConcurrentCopyEngines { get; }

    /// <summary>True if memory errors are corrected.</summary>
    public bool HasECCSupport { get; }

    /// <summary>True if host and device can share managed memory.</summary>
    public bool SupportsManagedMemory { get; }

    /// <summary>True if kernels can be interrupted.</summary>
    public bool SupportsComputePreemption { get; }

    /// <summary>True if host memory can be mapped for the device.</summary>
    public bool SupportsMappingHostMemory { get; }

    /// <summary>True if the device reaches page-locked memory at its host address.</summary>
    public bool SupportsUsingHostPointerForRegisteredMemory { get; }

    /// <summary>How the operating system drives the device.</summary>
    public DeviceDriverMode DriverMode { get; }

    /// <summary>The PCI domain.</summary>
    public int PCIDomainId { get; }

    /// <summary>The PCI bus.</summary>
    public int PCIBusId { get; }

    /// <summary>The PCI slot.</summary>
    public int PCIDeviceId { get; }

    /// <summary>The PCI address as NVIDIA's management library writes it.</summary>
    public string NVMLPCIBusId => string.Create(CultureInfo.InvariantCulture, $"{PCIDomainId:X8}:{PCIBusId:X2}:{PCIDeviceId:X2}.0");

    internal ICudaDriver Driver { get; }

    internal int Handle { get; }

    /// <summary>What kernels are compiled for; null if the driver or the device is too old.</summary>
    internal PtxTarget? Target { get; }

    /// <inheritdoc/>
    public override Accelerator CreateAccelerator(Context context) => CreateCudaAccelerator(context);

    /// <summary>Makes an accelerator of the device.</summary>
    /// <param name="context">The context that the accelerator belongs to.</param>
    /// <exception cref="NotSupportedException">The driver is too old for the device.</exception>
    /// <exception cref="CudaException">The driver failed.</exception>
    public CudaAccelerator CreateCudaAccelerator(Context context) => CreateCudaAccelerator(context, CudaAcceleratorFlags.ScheduleAuto);

    /// <summary>Makes an accelerator of the device.</summary>
    /// <param name="context">The context that the accelerator belongs to.</param>
    /// <param name="acceleratorFlags">How threads wait for the device; the same for all accelerators of a device in this process.</param>
    /// <exception cref="NotSupportedException">The driver is too old for the device.</exception>
    /// <exception cref="CudaException">The driver failed.</exception>
    public CudaAccelerator CreateCudaAccelerator(Context context, CudaAcceleratorFlags acceleratorFlags) =>
        new(context, this, acceleratorFlags, PtxKernelCompiler.Instance);

    /// <summary>The architecture of a compute capability.</summary>
    public static CudaArchitecture GetArchitecture(int major, int minor) => new(major, minor);

    /// <summary>The architecture of a compute capability.</summary>
    /// <returns>True; no capability is refused before a kernel is compiled for it.</returns>
    public static bool TryGetArchitecture(int major, int minor, out CudaArchitecture architecture)
    {
        architecture = new CudaArchitecture(major, minor);
        return true;
    }

    private static PtxTarget? TargetOf(CudaArchitecture architecture, CudaDriverVersion driver)
    {
        try
        {
            return PtxTarget.ForDevice(architecture.Major, architecture.Minor, driver.Value);
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>The GPUs of this machine that fulfil a condition; none if there is no driver.</summary>
    public static ImmutableArray<Device> GetDevices(Predicate<CudaDevice> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return CudaDriver.Current is { } driver ? [.. CudaDeviceQuery.Devices(driver).Where(device => predicate(device))] : [];
    }
}
