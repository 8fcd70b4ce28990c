namespace ILGPU.Runtime;

/// <summary>A point of time in a stream.</summary>
public abstract class ProfilingMarker : AcceleratorObject
{
    private protected ProfilingMarker(Accelerator accelerator)
        : base(accelerator)
    {
    }

    /// <summary>Waits until the stream has reached the marker.</summary>
    public abstract void Synchronize();

    /// <summary>The time from another marker to this one.</summary>
    /// <param name="marker">The earlier marker.</param>
    public abstract TimeSpan MeasureFrom(ProfilingMarker marker);

    /// <summary>The time from the start marker to the end marker.</summary>
    public static TimeSpan operator -(ProfilingMarker end, ProfilingMarker start)
    {
        ArgumentNullException.ThrowIfNull(end);
        return end.MeasureFrom(start);
    }
}

/// <summary>Markers of an accelerator's default stream.</summary>
public static class ProfilingMarkers
{
    /// <summary>Marks the current end of the default stream.</summary>
    public static ProfilingMarker AddProfilingMarker(this Accelerator accelerator) =>
        accelerator.DefaultStream.AddProfilingMarker();
}
