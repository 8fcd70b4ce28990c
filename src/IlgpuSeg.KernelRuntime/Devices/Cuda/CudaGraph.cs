using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace IlgpuSeg.KernelRuntime;

/// <summary>
/// Launches and copies that were recorded once and can be replayed with one call, which costs the host far less than the
/// calls themselves. The addresses of buffers are recorded too: whoever replays keeps the buffers alive.
/// </summary>
public sealed class CudaGraph : AcceleratorObject
{
    private readonly CudaAccelerator _accelerator;
    private readonly nint _graph;
    private readonly nint _executable;

    private CudaGraph(CudaAccelerator accelerator, nint graph)
        : base(accelerator)
    {
        _accelerator = accelerator;
        _graph = graph;
        ICudaDriver driver = accelerator.Driver;
        CudaError result = driver.GraphInstantiate(out _executable, graph, 0);
        if (result != CudaError.CUDA_SUCCESS)
        {
            _ = driver.GraphDestroy(graph);
            driver.Check(result, "cuGraphInstantiate", "preparing recorded work for replay");
        }
        accelerator.Attach(this);
    }

    /// <summary>Records what is put into a stream instead of running it.</summary>
    /// <param name="stream">A stream of a GPU.</param>
    /// <param name="work">Puts work into the stream. It must not wait for the device, and kernels should have run before, as they are loaded at
    /// their first launch.</param>
    /// <exception cref="NotSupportedException">The stream does not belong to an NVIDIA GPU.</exception>
    /// <exception cref="CudaException">The driver failed, or the work did what can't be recorded.</exception>
    public static CudaGraph Capture(AcceleratorStream stream, Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        CudaStream queue = QueueOf(stream);
        CudaAccelerator accelerator = queue.Owner;
        ICudaDriver driver = accelerator.Driver;
        accelerator.Bind();
        driver.Check(driver.StreamBeginCapture(queue.StreamPtr, CudaCaptureMode.ThreadLocal), "cuStreamBeginCapture", "starting to record a stream");
        nint graph;
        try
        {
            work();
        }
        catch
        {
            // Ends the recording whatever became of it; the failure of the work is the one to tell.
            if (driver.StreamEndCapture(queue.StreamPtr, out graph) == CudaError.CUDA_SUCCESS)
                _ = driver.GraphDestroy(graph);
            throw;
        }
        driver.Check(driver.StreamEndCapture(queue.StreamPtr, out graph), "cuStreamEndCapture", "ending the recording of a stream");
        return new CudaGraph(accelerator, graph);
    }

    /// <summary>Puts the recorded work into a stream.</summary>
    /// <param name="stream">A stream of the same accelerator.</param>
    /// <exception cref="ArgumentException">The stream belongs to another accelerator.</exception>
    /// <exception cref="CudaException">The driver failed.</exception>
    public void Launch(AcceleratorStream stream)
    {
        CudaStream queue = QueueOf(stream);
        if (queue.Owner != _accelerator)
            throw new ArgumentException($"The stream belongs to {queue.Owner}, the recorded work to {_accelerator}.", nameof(stream));
        VerifyUsable();
        _accelerator.Bind();
        _accelerator.Driver.Check(_accelerator.Driver.GraphLaunch(_executable, queue.StreamPtr), "cuGraphLaunch", "replaying recorded work");
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        ICudaDriver driver = _accelerator.Driver;
        _accelerator.Detach(this);
        _accelerator.SetCurrent();
        _accelerator.CheckRelease(driver.GraphExecDestroy(_executable), "cuGraphExecDestroy", "freeing recorded work");
        _accelerator.CheckRelease(driver.GraphDestroy(_graph), "cuGraphDestroy", "freeing recorded work");
    }

    private static CudaStream QueueOf(AcceleratorStream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(stream.IsDisposed, stream);
        return stream as CudaStream ?? throw new NotSupportedException($"Work of {stream.Accelerator} can't be recorded; only that of NVIDIA GPUs can.");
    }
}
