using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Powers with a constant exponent.</summary>
public static class Power
{
    /// <summary>x to the power of the exponent; NaN where x is negative and the exponent no integer.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <param name="exponent">The constant, rounded to x's dtype.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x, double exponent)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Power", PrecisionRule.Follow, [x], t => Apply(t[0]!, exponent));
        OpCheck.FloatingPoint("Power", "x", x);
        return x.DType == DType.Float64
            ? ElementMap<double, PowerMap<double, Real64>>.Apply("Power", x, exponent)
            : ElementMap<float, PowerMap<float, Real32>>.Apply("Power", x, (float)exponent);
    }
}
