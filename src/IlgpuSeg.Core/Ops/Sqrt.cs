using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The square root.</summary>
public static class Sqrt
{
    /// <summary>The square root; NaN where x is negative.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Sqrt", PrecisionRule.Follow, [x], t => Apply(t[0]!));
        OpCheck.FloatingPoint("Sqrt", "x", x);
        return x.DType == DType.Float64
            ? ElementMap<double, SqrtMap<double, Real64>>.Apply("Sqrt", x, 0)
            : ElementMap<float, SqrtMap<float, Real32>>.Apply("Sqrt", x, 0);
    }
}
