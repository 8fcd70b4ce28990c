namespace ILGPU;

/// <summary>Switches the algorithms library on.</summary>
public static class AlgorithmContext
{
    /// <summary>Makes <see cref="Algorithms.XMath"/> usable in kernels. This runtime always knows it.</summary>
    public static Context.Builder EnableAlgorithms(this Context.Builder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder;
    }
}
