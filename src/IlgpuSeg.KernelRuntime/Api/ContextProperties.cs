using ILGPU.Util;

namespace ILGPU;

/// <summary>How hard a kernel is optimised.</summary>
public enum OptimizationLevel
{
    /// <summary>As <see cref="O0"/>.</summary>
    Debug = O0,

    /// <summary>Hardly at all.</summary>
    O0 = 0,

    /// <summary>As <see cref="O1"/>.</summary>
    Release = O1,

    /// <summary>The usual optimisations.</summary>
    O1 = 1,

    /// <summary>All optimisations.</summary>
    O2 = 2,
}

/// <summary>The base type of extensions of a context.</summary>
public abstract class ContextExtension : CachedExtension
{
}

/// <summary>The settings of a context.</summary>
public class ContextProperties
{
    private protected ContextProperties()
    {
    }

    /// <summary>How hard kernels are optimised.</summary>
    public OptimizationLevel OptimizationLevel { get; private protected set; } = OptimizationLevel.Release;

    /// <summary>True if profiling markers can be used.</summary>
    public bool EnableProfiling { get; private protected set; }
}
