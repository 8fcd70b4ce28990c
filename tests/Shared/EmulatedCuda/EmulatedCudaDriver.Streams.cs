using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;

// Streams, events and graphs.
internal sealed unsafe partial class EmulatedCudaDriver
{
    private const float MillisecondsPerStep = 1e-6f;

    private long steps;

    public CudaError StreamCreate(out nint stream, StreamFlags flags)
    {
        nint handle = 0;
        CudaError result = CallOutsideOfCapture("cuStreamCreate", device =>
        {
            handle = Add(new EmulatedStream(device));
            return CudaError.CUDA_SUCCESS;
        });
        stream = handle;
        return result;
    }

    /// <summary>What is queued still runs.</summary>
    public CudaError StreamDestroy(nint stream) => CallOnStream("cuStreamDestroy", stream, queue =>
    {
        queue.Drain();
        return Remove<EmulatedStream>(stream);
    });

    public CudaError StreamSynchronize(nint stream) => CallOnStream("cuStreamSynchronize", stream, queue =>
    {
        if (queue.Capture is not null)
        {
            queue.CaptureIsBroken = true;
            return CaptureUnsupported;
        }
        queue.Drain();
        return queue.Device.Fault;
    });

    public CudaError StreamWaitEvent(nint stream, nint @event, uint flags) => CallOnStream("cuStreamWaitEvent", stream, queue =>
    {
        if (Find<EmulatedEvent>(@event) is not { } awaited)
            return CudaError.CUDA_ERROR_INVALID_HANDLE;
        int record = awaited.Recorded;
        queue.Add(() => awaited.Await(record));
        return CudaError.CUDA_SUCCESS;
    });

    public CudaError StreamBeginCapture(nint stream, CudaCaptureMode mode) => CallOnStream("cuStreamBeginCapture", stream, queue =>
    {
        if (queue.Capture is not null)
            return CaptureUnsupported;
        (queue.Capture, queue.CaptureIsBroken, queue.CapturingThread) = ([], false, Thread.CurrentThread);
        return CudaError.CUDA_SUCCESS;
    });

    public CudaError StreamEndCapture(nint stream, out nint graph)
    {
        nint handle = 0;
        CudaError result = CallOnStream("cuStreamEndCapture", stream, queue =>
        {
            if (queue.Capture is not { } work)
                return CudaError.CUDA_ERROR_INVALID_VALUE;
            (queue.Capture, queue.CapturingThread) = (null, null);
            if (queue.CaptureIsBroken)
                return CaptureInvalidated;
            handle = Add(new EmulatedGraph(work));
            return CudaError.CUDA_SUCCESS;
        });
        graph = handle;
        return result;
    }

    public CudaError GraphInstantiate(out nint executable, nint graph, ulong flags)
    {
        nint handle = 0;
        CudaError result = CallOnDevice("cuGraphInstantiate", _ =>
        {
            if (Find<EmulatedGraph>(graph) is not { } found)
                return CudaError.CUDA_ERROR_INVALID_HANDLE;
            handle = Add(new EmulatedExecutable(found.Work));
            return CudaError.CUDA_SUCCESS;
        });
        executable = handle;
        return result;
    }

    public CudaError GraphLaunch(nint executable, nint stream) => CallOnStream("cuGraphLaunch", stream, queue =>
    {
        if (Find<EmulatedExecutable>(executable) is not { } found)
            return CudaError.CUDA_ERROR_INVALID_HANDLE;
        foreach (Action item in found.Work)
            queue.Add(item);
        return CudaError.CUDA_SUCCESS;
    });

    public CudaError GraphExecDestroy(nint executable) => CallOnDevice("cuGraphExecDestroy", _ => Remove<EmulatedExecutable>(executable));

    public CudaError GraphDestroy(nint graph) => CallOnDevice("cuGraphDestroy", _ => Remove<EmulatedGraph>(graph));

    public CudaError EventCreate(out nint @event, uint flags)
    {
        nint handle = 0;
        CudaError result = CallOnDevice("cuEventCreate", _ =>
        {
            handle = Add(new EmulatedEvent());
            return CudaError.CUDA_SUCCESS;
        });
        @event = handle;
        return result;
    }

    public CudaError EventDestroy(nint @event) => CallOnDevice("cuEventDestroy", _ => Remove<EmulatedEvent>(@event));

    public CudaError EventRecord(nint @event, nint stream) => CallOnStream("cuEventRecord", stream, queue =>
    {
        if (Find<EmulatedEvent>(@event) is not { } place)
            return CudaError.CUDA_ERROR_INVALID_HANDLE;
        place.Stream = queue;
        int record = ++place.Recorded;
        queue.Add(() => (place.Reached, place.Time) = (record, steps));
        return CudaError.CUDA_SUCCESS;
    });

    public CudaError EventSynchronize(nint @event) => CallOnDevice("cuEventSynchronize", device =>
    {
        if (Find<EmulatedEvent>(@event) is not { } place)
            return CudaError.CUDA_ERROR_INVALID_HANDLE;
        place.Await(place.Recorded);
        return device.Fault;
    });

    public CudaError EventElapsedTime(out float milliseconds, nint start, nint end)
    {
        float time = 0;
        CudaError result = CallOnDevice("cuEventElapsedTime", _ =>
        {
            if (Find<EmulatedEvent>(start) is not { Recorded: > 0 } from || Find<EmulatedEvent>(end) is not { Recorded: > 0 } to)
                return CudaError.CUDA_ERROR_INVALID_HANDLE;
            if (from.Reached < from.Recorded || to.Reached < to.Recorded)
                return CudaError.CUDA_ERROR_NOT_READY;
            time = (to.Time - from.Time) * MillisecondsPerStep;
            return CudaError.CUDA_SUCCESS;
        });
        milliseconds = time;
        return result;
    }

    private CudaError CallOnStream(string name, nint stream, Func<EmulatedStream, CudaError> body) => CallOnDevice(name, device =>
        Find<EmulatedStream>(stream) is not { } queue ? CudaError.CUDA_ERROR_INVALID_HANDLE
            : queue.Device != device ? CudaError.CUDA_ERROR_INVALID_CONTEXT : body(queue));
}
