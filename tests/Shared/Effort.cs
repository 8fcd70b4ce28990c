namespace IlgpuSeg.Tests;

/// <summary>
/// How long tests may train. The package's CPU device runs each thread of a group as a thread of the machine, hundreds of times slower than vectors: there
/// a few steps show that everything fits together, and what needs many is left to the other flavour.
/// </summary>
internal static class Effort
{
#if KERNELS_BUNDLED
    public static bool IsFull => true;
#else
    public static bool IsFull => false;
#endif

    /// <summary>A number of steps or of elements: the full one, or what suffices for the package.</summary>
    public static int Of(int full, int few) => IsFull ? full : few;
}

/// <summary>A test that trains whole networks: for hours on the package's CPU device, where it is skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TrainingFactAttribute : FactAttribute
{
    public TrainingFactAttribute()
    {
        if (!Effort.IsFull) Skip = "The package's CPU device would take hours.";
    }
}
