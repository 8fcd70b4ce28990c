using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace ILGPU.Runtime.Cuda;

/// <summary>A queue of launches and copies of an NVIDIA GPU; work of one stream runs in order.</summary>
public sealed class CudaStream : AcceleratorStream
{
    internal CudaStream(CudaAccelerator accelerator, StreamFlags flags)
        : base(accelerator)
    {
        Owner = accelerator;
        Owner.Driver.Check(Owner.Driver.StreamCreate(out nint stream, flags), "cuStreamCreate", $"making a stream of {accelerator}");
        StreamPtr = stream;
        accelerator.Attach(this);
    }

    /// <summary>The driver's handle of the stream.</summary>
    public IntPtr StreamPtr { get; }

    internal CudaAccelerator Owner { get; }

    /// <summary>What was launched last, for the messages of failures, which show only when somebody waits.</summary>
    internal KernelEntry? LastKernel { get; set; }

    /// <inheritdoc/>
    public override void Synchronize()
    {
        VerifyUsable();
        Owner.Bind();
        Wait();
    }

    /// <summary>Waits; the context is current.</summary>
    internal void Wait()
    {
        var result = Owner.Driver.StreamSynchronize(StreamPtr);
        if (result != CudaError.CUDA_SUCCESS)
        {
            Owner.Driver.Check(
                result,
                "cuStreamSynchronize",
                LastKernel is { } kernel ? $"waiting for a stream whose last kernel was {kernel.Name}" : "waiting for a stream");
        }
    }

    internal override ProfilingMarker CreateMarker()
    {
        VerifyUsable();
        Owner.Bind();
        return new CudaMarker(this);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Owner.Detach(this);
        Owner.SetCurrent();
        Owner.CheckRelease(Owner.Driver.StreamDestroy(StreamPtr), "cuStreamDestroy", $"closing a stream of {Owner}");
    }
}
