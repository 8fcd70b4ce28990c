namespace ILGPU.Runtime;

/// <summary>A queue of launches and copies of an accelerator.</summary>
public abstract class AcceleratorStream : AcceleratorObject
{
    private protected AcceleratorStream(Accelerator accelerator)
        : base(accelerator)
    {
    }

    /// <summary>Waits for everything in the stream.</summary>
    public abstract void Synchronize();

    /// <summary>Waits for everything in the stream without holding a thread of the caller.</summary>
    public Task SynchronizeAsync() => Task.Run(Synchronize);

    /// <summary>Marks the current end of the stream, so that times between markers can be measured.</summary>
    /// <exception cref="NotSupportedException">The context was made without <see cref="Context.Builder.Profiling"/>.</exception>
    public ProfilingMarker AddProfilingMarker() =>
        Accelerator.Context.Properties.EnableProfiling
            ? CreateMarker()
            : throw new NotSupportedException("Profiling markers need a context that was made with Profiling().");

    internal abstract ProfilingMarker CreateMarker();
}
