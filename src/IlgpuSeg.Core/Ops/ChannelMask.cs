using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The product with a given factor per sample and channel: what Dropout2d does once its mask is drawn.</summary>
public static class ChannelMask
{
    /// <summary>mask[n, c] * x[n, ..., c].</summary>
    /// <param name="x">[N, ..., C], Float32 or Float64.</param>
    /// <param name="mask">[N, C], of x's dtype and device; a constant: 0 for a dropped channel, 1 / (1 - p) for the others.</param>
    /// <returns>Of x's shape.</returns>
    /// <exception cref="ShapeException">mask does not hold one factor per sample and channel.</exception>
    /// <exception cref="ArgumentException">mask requires a gradient.</exception>
    public static Tensor Apply(Tensor x, Tensor mask)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("ChannelMask", PrecisionRule.Follow, [x], t => Apply(t[0]!, mask));
        OpCheck.NotEmpty("ChannelMask", "x", x, axes: 2);
        ElementwiseCheck.Factor(
            "ChannelMask", x, "mask", mask, "mask must hold one factor for each sample and channel of x, [N, C]", new Shape(x.N, x.C));
        ElementwiseCheck.NotDifferentiable("ChannelMask", "mask", mask);
        return x.DType == DType.Float64 ? Run<double>(x, mask) : Run<float>(x, mask);
    }

    private static Tensor Run<T>(Tensor x, Tensor mask)
        where T : unmanaged, INumber<T> =>
        Autograd.Record("ChannelMask", Product<T>(x, mask), [x], g => [Product<T>(g, mask)], mask);

    private static Tensor Product<T>(Tensor x, Tensor mask)
        where T : unmanaged, INumber<T>
    {
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        ElementwiseKernels.ScaleSampleChannels(x.Device.Kernels, x.View<T>(), mask.View<T>(), y.View<T>(), x.N, x.C);
        return y;
    }
}
