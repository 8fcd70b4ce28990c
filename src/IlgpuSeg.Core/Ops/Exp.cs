using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The exponential function.</summary>
public static class Exp
{
    /// <summary>e to the power of x.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Exp", PrecisionRule.Follow, [x], t => Apply(t[0]!));
        OpCheck.FloatingPoint("Exp", "x", x);
        return x.DType == DType.Float64
            ? ElementMap<double, ExpMap<double, Real64>>.Apply("Exp", x, 0)
            : ElementMap<float, ExpMap<float, Real32>>.Apply("Exp", x, 0);
    }
}
