using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>A constant divided by each element.</summary>
public static class Reciprocal
{
    /// <summary>numerator / x.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <param name="numerator">The constant, rounded to x's dtype.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x, double numerator = 1)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Reciprocal", PrecisionRule.Follow, [x], t => Apply(t[0]!, numerator));
        OpCheck.FloatingPoint("Reciprocal", "x", x);
        return x.DType == DType.Float64
            ? ElementMap<double, QuotientMap<double>>.Apply("Reciprocal", x, numerator)
            : ElementMap<float, QuotientMap<float>>.Apply("Reciprocal", x, (float)numerator);
    }
}
