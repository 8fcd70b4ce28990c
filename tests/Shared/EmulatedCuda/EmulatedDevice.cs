using IlgpuSeg.KernelRuntime.Devices.Cuda;
using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;

/// <summary>A GPU of the emulated driver: its properties, its memory, and the failure that has put it out of use.</summary>
internal sealed class EmulatedDevice(int number, int architecture)
{
    private const int Multiprocessors = 4;
    private const int SharedPerBlock = 48 * 1024;

    private readonly Dictionary<ulong, int> sizes = [];

    /// <summary>Addresses of different devices lie far apart, as those of one process do.</summary>
    public DeviceMemory Memory { get; } = new(DeviceMemory.GlobalStart + ((ulong)number << 36));

    public string Name => $"Emulated GPU {number} (sm_{architecture})";

    /// <summary>90 for compute capability 9.0.</summary>
    public int Architecture => architecture;

    public long MemoryLimit { get; set; } = 1L << 32;

    public long UsedBytes => sizes.Values.Sum(size => (long)size);

    public int ContextReferences { get; set; }

    public CudaAcceleratorFlags ContextFlags { get; set; }

    /// <summary>Success, or the error that every call returns since a kernel failed.</summary>
    public CudaError Fault { get; private set; }

    /// <summary>What the kernel did wrong.</summary>
    public string? FaultMessage { get; private set; }

    public int SharedPerBlockOptIn => architecture switch { >= 90 => 227, 86 or 89 => 99, _ => 163 } * 1024;

    public void Break(string message)
    {
        Fault = message.Contains("address", StringComparison.Ordinal) || message.Contains("past the end", StringComparison.Ordinal)
            ? CudaError.CUDA_ERROR_ILLEGAL_ADDRESS : CudaError.CUDA_ERROR_LAUNCH_FAILED;
        FaultMessage = message;
    }

    public CudaError Allocate(nuint bytes, out nint address)
    {
        address = 0;
        if (bytes == 0)
            return CudaError.CUDA_ERROR_INVALID_VALUE;
        if (UsedBytes + (long)bytes > MemoryLimit)
            return CudaError.CUDA_ERROR_OUT_OF_MEMORY;
        address = (nint)Memory.Allocate((int)bytes, $"the buffer of {bytes} bytes");
        sizes.Add((ulong)address, (int)bytes);
        return CudaError.CUDA_SUCCESS;
    }

    public CudaError Free(nint address)
    {
        if (!sizes.Remove((ulong)address))
            return CudaError.CUDA_ERROR_INVALID_VALUE;
        Memory.Free((ulong)address);
        return CudaError.CUDA_SUCCESS;
    }

    /// <summary>Whether a range lies in one allocation.</summary>
    public bool Holds(nint address, nuint bytes) =>
        Memory.Find((ulong)address) is { } block && (ulong)address + bytes <= block.End;

    public int? Attribute(CudaDeviceAttribute attribute) => attribute switch
    {
        CudaDeviceAttribute.MaxThreadsPerBlock or CudaDeviceAttribute.MaxBlockDimX or CudaDeviceAttribute.MaxBlockDimY => 1024,
        CudaDeviceAttribute.MaxBlockDimZ => 64,
        CudaDeviceAttribute.MaxGridDimX => int.MaxValue,
        CudaDeviceAttribute.MaxGridDimY or CudaDeviceAttribute.MaxGridDimZ => 65535,
        CudaDeviceAttribute.MaxSharedMemoryPerBlock => SharedPerBlock,
        CudaDeviceAttribute.MaxSharedMemoryPerBlockOptIn => SharedPerBlockOptIn,
        CudaDeviceAttribute.MaxSharedMemoryPerMultiprocessor => SharedPerBlockOptIn + 1024,
        CudaDeviceAttribute.TotalConstantMemory => 65536,
        CudaDeviceAttribute.WarpSize => 32,
        CudaDeviceAttribute.MaxPitch => int.MaxValue,
        CudaDeviceAttribute.MaxRegistersPerBlock or CudaDeviceAttribute.MaxRegistersPerMultiprocessor => 65536,
        CudaDeviceAttribute.ClockRate => 1_000_000,
        CudaDeviceAttribute.MemoryClockRate => 2_000_000,
        CudaDeviceAttribute.GlobalMemoryBusWidth => 5120,
        CudaDeviceAttribute.L2CacheSize => 50 << 20,
        CudaDeviceAttribute.MultiprocessorCount => Multiprocessors,
        CudaDeviceAttribute.MaxThreadsPerMultiprocessor => 2048,
        CudaDeviceAttribute.AsyncEngineCount => 3,
        CudaDeviceAttribute.ComputeCapabilityMajor => architecture / 10,
        CudaDeviceAttribute.ComputeCapabilityMinor => architecture % 10,
        CudaDeviceAttribute.PciBusId => number + 1,
        CudaDeviceAttribute.PciDeviceId or CudaDeviceAttribute.PciDomainId => 0,
        CudaDeviceAttribute.CanMapHostMemory or CudaDeviceAttribute.EccEnabled or CudaDeviceAttribute.TccDriver or CudaDeviceAttribute.ManagedMemory
            or CudaDeviceAttribute.ComputePreemptionSupported or CudaDeviceAttribute.CanUseHostPointerForRegisteredMemory => 1,
        _ => null,
    };
}
