using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>The driver library's exports, under the names of the versions that are used.</summary>
internal static unsafe partial class CudaApi
{
    private const string Library = "cuda";

    static CudaApi() => NativeLibrary.SetDllImportResolver(
        typeof(CudaApi).Assembly,
        static (name, _, _) => name == Library && NativeLibrary.TryLoad(FileName, out nint handle) ? handle : 0);

    /// <summary>The driver's library, which comes with the driver and not with a toolkit.</summary>
    public static string FileName => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>Whether the library is here and has everything that is called.</summary>
    /// <param name="missing">What is missing: the library or the first function.</param>
    public static bool IsUsable(out string missing)
    {
        missing = FileName;
        if (!NativeLibrary.TryLoad(FileName, out nint handle))
            return false;
        foreach (var method in typeof(CudaApi).GetMethods(System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public))
        {
            if (method.Name.StartsWith("cu", StringComparison.Ordinal) && !NativeLibrary.TryGetExport(handle, method.Name, out _))
            {
                missing = method.Name;
                return false;
            }
        }
        RuntimeHelpers.RunClassConstructor(typeof(CudaApi).TypeHandle);
        return true;
    }

#pragma warning disable IDE1006, CA1707, SA1300 // The driver's names.
    [LibraryImport(Library)] public static partial CudaError cuInit(uint flags);

    [LibraryImport(Library)] public static partial CudaError cuDriverGetVersion(out int version);

    [LibraryImport(Library)] public static partial CudaError cuGetErrorName(CudaError error, out nint text);

    [LibraryImport(Library)] public static partial CudaError cuGetErrorString(CudaError error, out nint text);

    [LibraryImport(Library)] public static partial CudaError cuDeviceGetCount(out int count);

    [LibraryImport(Library)] public static partial CudaError cuDeviceGet(out int device, int ordinal);

    [LibraryImport(Library)] public static partial CudaError cuDeviceGetName(byte* name, int length, int device);

    [LibraryImport(Library)] public static partial CudaError cuDeviceTotalMem_v2(out nuint bytes, int device);

    [LibraryImport(Library)] public static partial CudaError cuDeviceGetAttribute(out int value, CudaDeviceAttribute attribute, int device);

    [LibraryImport(Library)] public static partial CudaError cuDevicePrimaryCtxRetain(out nint context, int device);

    [LibraryImport(Library)] public static partial CudaError cuDevicePrimaryCtxRelease_v2(int device);

    [LibraryImport(Library)] public static partial CudaError cuDevicePrimaryCtxSetFlags_v2(int device, uint flags);

    [LibraryImport(Library)] public static partial CudaError cuCtxSetCurrent(nint context);

    [LibraryImport(Library)] public static partial CudaError cuCtxSynchronize();

    [LibraryImport(Library)] public static partial CudaError cuMemAlloc_v2(out nint address, nuint bytes);

    [LibraryImport(Library)] public static partial CudaError cuMemFree_v2(nint address);

    [LibraryImport(Library)] public static partial CudaError cuMemGetInfo_v2(out nuint free, out nuint total);

    [LibraryImport(Library)] public static partial CudaError cuMemHostRegister_v2(nint address, nuint bytes, uint flags);

    [LibraryImport(Library)] public static partial CudaError cuMemHostUnregister(nint address);

    [LibraryImport(Library)] public static partial CudaError cuMemcpyHtoDAsync_v2(nint target, void* source, nuint bytes, nint stream);

    [LibraryImport(Library)] public static partial CudaError cuMemcpyDtoHAsync_v2(void* target, nint source, nuint bytes, nint stream);

    [LibraryImport(Library)] public static partial CudaError cuMemcpyDtoDAsync_v2(nint target, nint source, nuint bytes, nint stream);

    [LibraryImport(Library)] public static partial CudaError cuMemsetD8Async(nint target, byte value, nuint bytes, nint stream);

    [LibraryImport(Library)] public static partial CudaError cuStreamCreate(out nint stream, uint flags);

    [LibraryImport(Library)] public static partial CudaError cuStreamDestroy_v2(nint stream);

    [LibraryImport(Library)] public static partial CudaError cuStreamSynchronize(nint stream);

    [LibraryImport(Library)] public static partial CudaError cuStreamWaitEvent(nint stream, nint @event, uint flags);

    [LibraryImport(Library)] public static partial CudaError cuStreamBeginCapture_v2(nint stream, CudaCaptureMode mode);

    [LibraryImport(Library)] public static partial CudaError cuStreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Library)] public static partial CudaError cuGraphInstantiateWithFlags(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library)] public static partial CudaError cuGraphLaunch(nint executable, nint stream);

    [LibraryImport(Library)] public static partial CudaError cuGraphExecDestroy(nint executable);

    [LibraryImport(Library)] public static partial CudaError cuGraphDestroy(nint graph);

    [LibraryImport(Library)] public static partial CudaError cuEventCreate(out nint @event, uint flags);

    [LibraryImport(Library)] public static partial CudaError cuEventDestroy_v2(nint @event);

    [LibraryImport(Library)] public static partial CudaError cuEventRecord(nint @event, nint stream);

    [LibraryImport(Library)] public static partial CudaError cuEventSynchronize(nint @event);

    [LibraryImport(Library)] public static partial CudaError cuEventElapsedTime(out float milliseconds, nint start, nint end);

    [LibraryImport(Library)] public static partial CudaError cuModuleLoadDataEx(out nint module, byte* image, uint options, int* names, nint* values);

    [LibraryImport(Library)] public static partial CudaError cuModuleUnload(nint module);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial CudaError cuModuleGetFunction(out nint function, nint module, string name);

    [LibraryImport(Library)] public static partial CudaError cuFuncGetAttribute(out int value, CudaFunctionAttribute attribute, nint function);

    [LibraryImport(Library)] public static partial CudaError cuFuncSetAttribute(nint function, CudaFunctionAttribute attribute, int value);

    [LibraryImport(Library)]
    public static partial CudaError cuOccupancyMaxActiveBlocksPerMultiprocessor(out int blocks, nint function, int blockSize, nuint dynamicSharedBytes);

    [LibraryImport(Library)]
    public static partial CudaError cuLaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ,
        uint dynamicSharedBytes, nint stream, void** parameters, void** extra);
#pragma warning restore IDE1006, CA1707, SA1300
}
