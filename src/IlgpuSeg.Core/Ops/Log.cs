using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The natural logarithm.</summary>
public static class Log
{
    /// <summary>The logarithm to base e; NaN where x is negative, minus infinity at 0.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Log", PrecisionRule.Follow, [x], t => Apply(t[0]!));
        OpCheck.FloatingPoint("Log", "x", x);
        return x.DType == DType.Float64
            ? ElementMap<double, LogMap<double, Real64>>.Apply("Log", x, 0)
            : ElementMap<float, LogMap<float, Real32>>.Apply("Log", x, 0);
    }
}
