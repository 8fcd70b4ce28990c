using System.Runtime.InteropServices;
using System.Text;
using ILGPU;
using ILGPU.Runtime.Cuda;
using static IlgpuSeg.KernelRuntime.Devices.Cuda.CudaApi;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>The driver of this machine.</summary>
internal sealed unsafe class NativeCudaDriver : ICudaDriver
{
    // CUjit_option
    private const int JitErrorLogBuffer = 5;
    private const int JitErrorLogBufferSize = 6;

    // Keys of cuLaunchKernel's "extra" list.
    private const nint LaunchParamEnd = 0;
    private const nint LaunchParamBufferPointer = 1;
    private const nint LaunchParamBufferSize = 2;

    private const int LogBytes = 16 * 1024;
    private const int NameBytes = 256;

    public CudaError Init() => cuInit(0);

    public CudaError DriverGetVersion(out int version) => cuDriverGetVersion(out version);

    public string? GetErrorName(CudaError error) =>
        cuGetErrorName(error, out nint text) == CudaError.CUDA_SUCCESS ? Marshal.PtrToStringUTF8(text) : null;

    public string? GetErrorString(CudaError error) =>
        cuGetErrorString(error, out nint text) == CudaError.CUDA_SUCCESS ? Marshal.PtrToStringUTF8(text) : null;

    public CudaError DeviceGetCount(out int count) => cuDeviceGetCount(out count);

    public CudaError DeviceGet(out int device, int ordinal) => cuDeviceGet(out device, ordinal);

    public CudaError DeviceGetName(out string name, int device)
    {
        byte* buffer = stackalloc byte[NameBytes];
        CudaError result = cuDeviceGetName(buffer, NameBytes, device);
        name = result == CudaError.CUDA_SUCCESS ? Marshal.PtrToStringUTF8((nint)buffer)! : "";
        return result;
    }

    public CudaError DeviceTotalMem(out nuint bytes, int device) => cuDeviceTotalMem_v2(out bytes, device);

    public CudaError DeviceGetAttribute(out int value, CudaDeviceAttribute attribute, int device) =>
        cuDeviceGetAttribute(out value, attribute, device);

    public CudaError DevicePrimaryCtxRetain(out nint context, int device) => cuDevicePrimaryCtxRetain(out context, device);

    public CudaError DevicePrimaryCtxRelease(int device) => cuDevicePrimaryCtxRelease_v2(device);

    public CudaError DevicePrimaryCtxSetFlags(int device, CudaAcceleratorFlags flags) => cuDevicePrimaryCtxSetFlags_v2(device, (uint)flags);

    public CudaError CtxSetCurrent(nint context) => cuCtxSetCurrent(context);

    public CudaError CtxSynchronize() => cuCtxSynchronize();

    public CudaError MemAlloc(out nint address, nuint bytes) => cuMemAlloc_v2(out address, bytes);

    public CudaError MemFree(nint address) => cuMemFree_v2(address);

    public CudaError MemGetInfo(out nuint free, out nuint total) => cuMemGetInfo_v2(out free, out total);

    public CudaError MemHostRegister(nint address, nuint bytes, uint flags) => cuMemHostRegister_v2(address, bytes, flags);

    public CudaError MemHostUnregister(nint address) => cuMemHostUnregister(address);

    public CudaError MemcpyHtoDAsync(nint target, void* source, nuint bytes, nint stream) =>
        cuMemcpyHtoDAsync_v2(target, source, bytes, stream);

    public CudaError MemcpyDtoHAsync(void* target, nint source, nuint bytes, nint stream) =>
        cuMemcpyDtoHAsync_v2(target, source, bytes, stream);

    public CudaError MemcpyDtoDAsync(nint target, nint source, nuint bytes, nint stream) =>
        cuMemcpyDtoDAsync_v2(target, source, bytes, stream);

    public CudaError MemsetD8Async(nint target, byte value, nuint bytes, nint stream) => cuMemsetD8Async(target, value, bytes, stream);

    public CudaError StreamCreate(out nint stream, StreamFlags flags) => cuStreamCreate(out stream, (uint)flags);

    public CudaError StreamDestroy(nint stream) => cuStreamDestroy_v2(stream);

    public CudaError StreamSynchronize(nint stream) => cuStreamSynchronize(stream);

    public CudaError StreamWaitEvent(nint stream, nint @event, uint flags) => cuStreamWaitEvent(stream, @event, flags);

    public CudaError StreamBeginCapture(nint stream, CudaCaptureMode mode) => cuStreamBeginCapture_v2(stream, mode);

    public CudaError StreamEndCapture(nint stream, out nint graph) => cuStreamEndCapture(stream, out graph);

    public CudaError GraphInstantiate(out nint executable, nint graph, ulong flags) =>
        cuGraphInstantiateWithFlags(out executable, graph, flags);

    public CudaError GraphLaunch(nint executable, nint stream) => cuGraphLaunch(executable, stream);

    public CudaError GraphExecDestroy(nint executable) => cuGraphExecDestroy(executable);

    public CudaError GraphDestroy(nint graph) => cuGraphDestroy(graph);

    public CudaError EventCreate(out nint @event, uint flags) => cuEventCreate(out @event, flags);

    public CudaError EventDestroy(nint @event) => cuEventDestroy_v2(@event);

    public CudaError EventRecord(nint @event, nint stream) => cuEventRecord(@event, stream);

    public CudaError EventSynchronize(nint @event) => cuEventSynchronize(@event);

    public CudaError EventElapsedTime(out float milliseconds, nint start, nint end) => cuEventElapsedTime(out milliseconds, start, end);

    public CudaError ModuleLoadData(out nint module, string ptx, out string log)
    {
        byte[] image = Encoding.UTF8.GetBytes(ptx + '\0');
        byte[] buffer = new byte[LogBytes];
        CudaError result;
        fixed (byte* text = image, messages = buffer)
        {
            int* names = stackalloc int[] { JitErrorLogBuffer, JitErrorLogBufferSize };
            nint* values = stackalloc nint[] { (nint)messages, LogBytes };
            result = cuModuleLoadDataEx(out module, text, 2, names, values);
        }
        int end = Array.IndexOf(buffer, (byte)0);
        log = Encoding.UTF8.GetString(buffer, 0, end < 0 ? buffer.Length : end).Trim();
        return result;
    }

    public CudaError ModuleUnload(nint module) => cuModuleUnload(module);

    public CudaError ModuleGetFunction(out nint function, nint module, string name) => cuModuleGetFunction(out function, module, name);

    public CudaError FuncGetAttribute(out int value, CudaFunctionAttribute attribute, nint function) =>
        cuFuncGetAttribute(out value, attribute, function);

    public CudaError FuncSetAttribute(nint function, CudaFunctionAttribute attribute, int value) =>
        cuFuncSetAttribute(function, attribute, value);

    public CudaError OccupancyMaxActiveBlocksPerMultiprocessor(out int blocks, nint function, int blockSize, nuint dynamicSharedBytes) =>
        cuOccupancyMaxActiveBlocksPerMultiprocessor(out blocks, function, blockSize, dynamicSharedBytes);

    public CudaError LaunchKernel(nint function, Index3D grid, Index3D block, int dynamicSharedBytes, nint stream, void* arguments, nuint argumentBytes)
    {
        void** extra = stackalloc void*[]
        {
            (void*)LaunchParamBufferPointer, arguments,
            (void*)LaunchParamBufferSize, &argumentBytes,
            (void*)LaunchParamEnd,
        };
        return cuLaunchKernel(
            function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)block.X, (uint)block.Y, (uint)block.Z,
            (uint)dynamicSharedBytes, stream, null, argumentBytes == 0 ? null : extra);
    }
}
