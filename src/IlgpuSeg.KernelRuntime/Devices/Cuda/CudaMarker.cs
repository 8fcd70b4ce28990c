using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>An event of the driver, recorded in a stream.</summary>
internal sealed class CudaMarker : ProfilingMarker
{
    private readonly CudaAccelerator _accelerator;

    public CudaMarker(CudaStream stream)
        : base(stream.Owner)
    {
        _accelerator = stream.Owner;
        ICudaDriver driver = _accelerator.Driver;
        driver.Check(driver.EventCreate(out nint handle, 0), "cuEventCreate", "making a marker");
        EventPtr = handle;
        _accelerator.Attach(this);
        driver.Check(driver.EventRecord(handle, stream.StreamPtr), "cuEventRecord", "marking a place in a stream");
    }

    public nint EventPtr { get; }

    public override void Synchronize()
    {
        VerifyUsable();
        _accelerator.Bind();
        _accelerator.Driver.Check(_accelerator.Driver.EventSynchronize(EventPtr), "cuEventSynchronize", "waiting for a marker");
    }

    /// <summary>The time between two markers as the device measured it; waits for the later one.</summary>
    public override TimeSpan MeasureFrom(ProfilingMarker marker)
    {
        if (marker is not CudaMarker start || start._accelerator != _accelerator)
            throw new ArgumentException("The marker belongs to another accelerator.", nameof(marker));
        start.Synchronize();
        Synchronize();
        _accelerator.Driver.Check(
            _accelerator.Driver.EventElapsedTime(out float milliseconds, start.EventPtr, EventPtr), "cuEventElapsedTime", "measuring a time");
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    protected override void Dispose(bool disposing)
    {
        _accelerator.Detach(this);
        _accelerator.SetCurrent();
        _accelerator.CheckRelease(_accelerator.Driver.EventDestroy(EventPtr), "cuEventDestroy", "freeing a marker");
    }
}
