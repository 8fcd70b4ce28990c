using System.Collections.Concurrent;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;

/// <summary>
/// A CUDA driver whose devices are the PTX emulator. Streams are queues that run when somebody waits; handles are checked; a kernel that does
/// what has no defined result breaks its device for good, and the driver's description of the error then says what it did.
/// </summary>
/// <remarks>Calls from several threads are made one after the other.</remarks>
internal sealed unsafe partial class EmulatedCudaDriver : ICudaDriver
{
    // Numbers of the driver that ILGPU's list of errors does not name.
    public const CudaError UnsupportedPtxVersion = (CudaError)222;
    public const CudaError CaptureUnsupported = (CudaError)900;
    public const CudaError CaptureInvalidated = (CudaError)901;

    private readonly Lock gate = new();
    private readonly List<EmulatedDevice> devices = [];
    private readonly Dictionary<nint, object> objects = [];
    private readonly Dictionary<string, CudaError> failures = [];
    private readonly ThreadLocal<nint> current = new();
    private nint nextHandle = 0x1000;
    private string? refusal;

    /// <param name="architectures">One device each: 90 for compute capability 9.0.</param>
    public EmulatedCudaDriver(params int[] architectures)
    {
        foreach (int architecture in architectures)
            devices.Add(new EmulatedDevice(devices.Count, architecture));
    }

    /// <summary>The version of CUDA that the driver supports.</summary>
    public int Version { get; init; } = 12080;

    public IReadOnlyList<EmulatedDevice> Devices => devices;

    /// <summary>The names of the kernels that were launched.</summary>
    public ConcurrentDictionary<string, bool> LaunchedEntries { get; init; } = [];

    /// <summary>The names of all calls in order, for tests of their order; not recorded unless a list is put here.</summary>
    public List<string>? Calls { get; set; }

    /// <summary>The driver's objects that have not been freed, as type names.</summary>
    public IReadOnlyList<string> LiveObjects
    {
        get
        {
            lock (gate)
            {
                return [.. objects.Values.Where(o => o is not EmulatedDevice and not EmulatedFunction).Select(o => o.GetType().Name),
                    .. devices.SelectMany(d => d.Memory.Blocks.Select(_ => "memory")),
                    .. devices.SelectMany(d => Enumerable.Repeat("context", d.ContextReferences)), .. registered.Select(_ => "page lock")];
            }
        }
    }

    /// <summary>Lets all calls of a function fail; success ends that.</summary>
    public void Fail(string call, CudaError error)
    {
        lock (gate)
            failures[call] = error;
    }

    public string? GetErrorName(CudaError error) => error switch
    {
        UnsupportedPtxVersion => "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
        CaptureUnsupported => "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
        CaptureInvalidated => "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
        _ => Enum.GetName(error),
    };

    public string? GetErrorString(CudaError error) => error switch
    {
        CudaError.CUDA_ERROR_OUT_OF_MEMORY => "out of memory",
        CudaError.CUDA_ERROR_INVALID_PTX => "a PTX JIT compilation failed",
        CudaError.CUDA_ERROR_INVALID_VALUE => refusal ?? "invalid argument",
        _ => devices.FirstOrDefault(d => d.Fault == error && error != CudaError.CUDA_SUCCESS)?.FaultMessage
            ?? (GetErrorName(error) is null ? null : "a description"),
    };

    public CudaError Init() => Call("cuInit", () => devices.Count > 0 ? CudaError.CUDA_SUCCESS : CudaError.CUDA_ERROR_NO_DEVICE);

    public CudaError DriverGetVersion(out int version)
    {
        version = Version;
        return Call("cuDriverGetVersion", () => CudaError.CUDA_SUCCESS);
    }

    public CudaError DeviceGetCount(out int count)
    {
        count = devices.Count;
        return Call("cuDeviceGetCount", () => CudaError.CUDA_SUCCESS);
    }

    public CudaError DeviceGet(out int device, int ordinal)
    {
        device = ordinal;
        return Call("cuDeviceGet", () => IsDevice(ordinal));
    }

    public CudaError DeviceGetName(out string name, int device)
    {
        name = devices[device].Name;
        return Call("cuDeviceGetName", () => CudaError.CUDA_SUCCESS);
    }

    public CudaError DeviceTotalMem(out nuint bytes, int device)
    {
        bytes = (nuint)devices[device].MemoryLimit;
        return Call("cuDeviceTotalMem", () => CudaError.CUDA_SUCCESS);
    }

    public CudaError DeviceGetAttribute(out int value, CudaDeviceAttribute attribute, int device)
    {
        int? found = devices[device].Attribute(attribute);
        value = found ?? 0;
        return Call("cuDeviceGetAttribute", () => found is null ? CudaError.CUDA_ERROR_INVALID_VALUE : CudaError.CUDA_SUCCESS);
    }

    public CudaError DevicePrimaryCtxRetain(out nint context, int device)
    {
        nint handle = 0;
        CudaError result = Call("cuDevicePrimaryCtxRetain", () =>
        {
            devices[device].ContextReferences++;
            handle = objects.FirstOrDefault(o => o.Value == devices[device]).Key;
            if (handle == 0)
                handle = Add(devices[device]);
            return CudaError.CUDA_SUCCESS;
        });
        context = handle;
        return result;
    }

    public CudaError DevicePrimaryCtxRelease(int device) => Call("cuDevicePrimaryCtxRelease", () =>
    {
        if (devices[device].ContextReferences == 0)
            return CudaError.CUDA_ERROR_INVALID_CONTEXT;
        devices[device].ContextReferences--;
        return CudaError.CUDA_SUCCESS;
    });

    public CudaError DevicePrimaryCtxSetFlags(int device, CudaAcceleratorFlags flags) => Call("cuDevicePrimaryCtxSetFlags", () =>
    {
        devices[device].ContextFlags = flags;
        return CudaError.CUDA_SUCCESS;
    });

    public CudaError CtxSetCurrent(nint context) => Call("cuCtxSetCurrent", () =>
    {
        if (Find<EmulatedDevice>(context) is not { ContextReferences: > 0 })
            return CudaError.CUDA_ERROR_INVALID_CONTEXT;
        current.Value = context;
        return CudaError.CUDA_SUCCESS;
    });

    public CudaError CtxSynchronize() => CallOnDevice("cuCtxSynchronize", device =>
    {
        DrainAll(device);
        return device.Fault;
    });

    private CudaError IsDevice(int ordinal) =>
        (uint)ordinal < (uint)devices.Count ? CudaError.CUDA_SUCCESS : CudaError.CUDA_ERROR_INVALID_DEVICE;

    private nint Add(object item)
    {
        nextHandle += 0x10;
        objects.Add(nextHandle, item);
        return nextHandle;
    }

    private T? Find<T>(nint handle)
        where T : class => objects.GetValueOrDefault(handle) as T;

    private CudaError Remove<T>(nint handle)
        where T : class
    {
        if (Find<T>(handle) is null)
            return CudaError.CUDA_ERROR_INVALID_HANDLE;
        objects.Remove(handle);
        return CudaError.CUDA_SUCCESS;
    }

    private void DrainAll(EmulatedDevice device)
    {
        foreach (EmulatedStream stream in objects.Values.OfType<EmulatedStream>().Where(s => s.Device == device).ToList())
            stream.Drain();
    }

    private CudaError Call(string name, Func<CudaError> body)
    {
        lock (gate)
        {
            Calls?.Add(name);
            return failures.GetValueOrDefault(name) is var failure and not CudaError.CUDA_SUCCESS ? failure : body();
        }
    }

    /// <summary>A call that needs a context; on a device that broke it returns what broke it.</summary>
    private CudaError CallOnDevice(string name, Func<EmulatedDevice, CudaError> body) => Call(name, () =>
    {
        if (Find<EmulatedDevice>(current.Value) is not { ContextReferences: > 0 } device)
            return CudaError.CUDA_ERROR_INVALID_CONTEXT;
        return device.Fault != CudaError.CUDA_SUCCESS ? device.Fault : body(device);
    });

    /// <summary>A call that a capture in this thread forbids and that spoils it.</summary>
    private CudaError CallOutsideOfCapture(string name, Func<EmulatedDevice, CudaError> body) => CallOnDevice(name, device =>
    {
        if (objects.Values.OfType<EmulatedStream>().FirstOrDefault(s => s.Capture is not null && s.CapturingThread == Thread.CurrentThread) is not { } stream)
            return body(device);
        stream.CaptureIsBroken = true;
        return CaptureUnsupported;
    });

    private CudaError Refuse(string why)
    {
        refusal = why;
        return CudaError.CUDA_ERROR_INVALID_VALUE;
    }
}
