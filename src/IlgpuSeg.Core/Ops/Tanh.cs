using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The hyperbolic tangent.</summary>
public static class Tanh
{
    /// <summary>tanh(x).</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Tanh", PrecisionRule.Follow, [x], t => Apply(t[0]!));
        OpCheck.FloatingPoint("Tanh", "x", x);
        return x.DType == DType.Float64
            ? ElementMap<double, TanhMap<double, Real64>>.Apply("Tanh", x, 0)
            : ElementMap<float, TanhMap<float, Real32>>.Apply("Tanh", x, 0);
    }
}
