using ILGPU;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>
/// The functions of the CUDA driver API that the device uses, named as there without "cu". All return the driver's result
/// unchecked; <see cref="CudaCall"/> turns failures into exceptions. Handles are the driver's own pointers.
/// </summary>
/// <remarks>Tests put a driver of their own in its place, which runs PTX on an emulator.</remarks>
internal unsafe interface ICudaDriver
{
    CudaError Init();

    CudaError DriverGetVersion(out int version);

    /// <summary>The driver's name of an error; null for numbers that it does not know.</summary>
    string? GetErrorName(CudaError error);

    /// <summary>The driver's description of an error; null for numbers that it does not know.</summary>
    string? GetErrorString(CudaError error);

    CudaError DeviceGetCount(out int count);

    CudaError DeviceGet(out int device, int ordinal);

    CudaError DeviceGetName(out string name, int device);

    CudaError DeviceTotalMem(out nuint bytes, int device);

    CudaError DeviceGetAttribute(out int value, CudaDeviceAttribute attribute, int device);

    CudaError DevicePrimaryCtxRetain(out nint context, int device);

    CudaError DevicePrimaryCtxRelease(int device);

    CudaError DevicePrimaryCtxSetFlags(int device, CudaAcceleratorFlags flags);

    CudaError CtxSetCurrent(nint context);

    CudaError CtxSynchronize();

    CudaError MemAlloc(out nint address, nuint bytes);

    CudaError MemFree(nint address);

    CudaError MemGetInfo(out nuint free, out nuint total);

    CudaError MemHostRegister(nint address, nuint bytes, uint flags);

    CudaError MemHostUnregister(nint address);

    CudaError MemcpyHtoDAsync(nint target, void* source, nuint bytes, nint stream);

    CudaError MemcpyDtoHAsync(void* target, nint source, nuint bytes, nint stream);

    CudaError MemcpyDtoDAsync(nint target, nint source, nuint bytes, nint stream);

    CudaError MemsetD8Async(nint target, byte value, nuint bytes, nint stream);

    CudaError StreamCreate(out nint stream, StreamFlags flags);

    CudaError StreamDestroy(nint stream);

    CudaError StreamSynchronize(nint stream);

    CudaError StreamWaitEvent(nint stream, nint @event, uint flags);

    CudaError StreamBeginCapture(nint stream, CudaCaptureMode mode);

    CudaError StreamEndCapture(nint stream, out nint graph);

    CudaError GraphInstantiate(out nint executable, nint graph, ulong flags);

    CudaError GraphLaunch(nint executable, nint stream);

    CudaError GraphExecDestroy(nint executable);

    CudaError GraphDestroy(nint graph);

    CudaError EventCreate(out nint @event, uint flags);

    CudaError EventDestroy(nint @event);

    CudaError EventRecord(nint @event, nint stream);

    CudaError EventSynchronize(nint @event);

    CudaError EventElapsedTime(out float milliseconds, nint start, nint end);

    /// <summary>Compiles PTX for the current context's device.</summary>
    /// <param name="module">The module.</param>
    /// <param name="ptx">The text.</param>
    /// <param name="log">What the compiler says of errors; empty if nothing.</param>
    CudaError ModuleLoadData(out nint module, string ptx, out string log);

    CudaError ModuleUnload(nint module);

    CudaError ModuleGetFunction(out nint function, nint module, string name);

    CudaError FuncGetAttribute(out int value, CudaFunctionAttribute attribute, nint function);

    CudaError FuncSetAttribute(nint function, CudaFunctionAttribute attribute, int value);

    CudaError OccupancyMaxActiveBlocksPerMultiprocessor(out int blocks, nint function, int blockSize, nuint dynamicSharedBytes);

    /// <summary>Launches a kernel whose parameters are given as one block of bytes.</summary>
    CudaError LaunchKernel(nint function, Index3D grid, Index3D block, int dynamicSharedBytes, nint stream, void* arguments, nuint argumentBytes);
}

/// <summary>Properties of devices, numbered as CUdevice_attribute.</summary>
internal enum CudaDeviceAttribute
{
    MaxThreadsPerBlock = 1,
    MaxBlockDimX = 2,
    MaxBlockDimY = 3,
    MaxBlockDimZ = 4,
    MaxGridDimX = 5,
    MaxGridDimY = 6,
    MaxGridDimZ = 7,
    MaxSharedMemoryPerBlock = 8,
    TotalConstantMemory = 9,
    WarpSize = 10,
    MaxPitch = 11,
    MaxRegistersPerBlock = 12,
    ClockRate = 13,
    MultiprocessorCount = 16,
    CanMapHostMemory = 19,
    EccEnabled = 32,
    PciBusId = 33,
    PciDeviceId = 34,
    TccDriver = 35,
    MemoryClockRate = 36,
    GlobalMemoryBusWidth = 37,
    L2CacheSize = 38,
    MaxThreadsPerMultiprocessor = 39,
    AsyncEngineCount = 40,
    PciDomainId = 50,
    ComputeCapabilityMajor = 75,
    ComputeCapabilityMinor = 76,
    MaxSharedMemoryPerMultiprocessor = 81,
    MaxRegistersPerMultiprocessor = 82,
    ManagedMemory = 83,
    ComputePreemptionSupported = 90,
    CanUseHostPointerForRegisteredMemory = 91,

    /// <summary>What a block can have if its kernel asks for more than the usual 48 KiB.</summary>
    MaxSharedMemoryPerBlockOptIn = 97,
}

/// <summary>Properties of kernels, numbered as CUfunction_attribute.</summary>
internal enum CudaFunctionAttribute
{
    MaxThreadsPerBlock = 0,
    SharedSizeBytes = 1,
    ConstSizeBytes = 2,
    LocalSizeBytes = 3,
    NumRegisters = 4,
    PtxVersion = 5,
    BinaryVersion = 6,
    MaxDynamicSharedSizeBytes = 8,
}

/// <summary>What a capture forbids meanwhile, numbered as CUstreamCaptureMode.</summary>
internal enum CudaCaptureMode
{
    Global = 0,

    /// <summary>Calls that would wait for the device fail in the capturing thread; others go on.</summary>
    ThreadLocal = 1,
}
