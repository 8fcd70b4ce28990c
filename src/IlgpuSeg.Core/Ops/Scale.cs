using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The product with a constant.</summary>
public static class Scale
{
    /// <summary>factor * x.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <param name="factor">The constant, rounded to x's dtype.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x, double factor)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Scale", PrecisionRule.Follow, [x], t => Apply(t[0]!, factor));
        OpCheck.FloatingPoint("Scale", "x", x);
        return x.DType == DType.Float64 ? Run(x, factor) : Run(x, (float)factor);
    }

    private static Tensor Run<T>(Tensor x, T factor)
        where T : unmanaged, INumber<T> => Autograd.Record("Scale", Product(x, factor), [x], g => [Product(g, factor)]);

    private static Tensor Product<T>(Tensor x, T factor)
        where T : unmanaged, INumber<T>
    {
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        ElementwiseKernels.Scale(x.Device.Kernels, x.View<T>(), factor, y.View<T>());
        return y;
    }
}
