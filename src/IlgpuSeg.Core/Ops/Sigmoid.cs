using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The logistic function.</summary>
public static class Sigmoid
{
    /// <summary>1 / (1 + exp(-x)), without overflow for any x.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Sigmoid", PrecisionRule.Follow, [x], t => Apply(t[0]!));
        OpCheck.FloatingPoint("Sigmoid", "x", x);
        return x.DType == DType.Float64
            ? ElementMap<double, SigmoidMap<double, Real64>>.Apply("Sigmoid", x, 0)
            : ElementMap<float, SigmoidMap<float, Real32>>.Apply("Sigmoid", x, 0);
    }
}
