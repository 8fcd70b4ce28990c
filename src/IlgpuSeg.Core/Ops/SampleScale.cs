using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The product with a given factor per sample: what drop-path does once its factors are drawn.</summary>
public static class SampleScale
{
    /// <summary>scale[n] * x[n, ...].</summary>
    /// <param name="x">[N, ...], Float32 or Float64.</param>
    /// <param name="scale">[N], of x's dtype and device; a constant: 0 for a dropped sample, 1 / (1 - p) for the others.</param>
    /// <returns>Of x's shape.</returns>
    /// <exception cref="ShapeException">scale does not hold one factor per sample.</exception>
    /// <exception cref="ArgumentException">scale requires a gradient.</exception>
    public static Tensor Apply(Tensor x, Tensor scale)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("SampleScale", PrecisionRule.Follow, [x], t => Apply(t[0]!, scale));
        OpCheck.NotEmpty("SampleScale", "x", x, axes: 1);
        ElementwiseCheck.Factor("SampleScale", x, "scale", scale, "scale must hold one factor for each sample of x, [N]", new Shape(x.N));
        ElementwiseCheck.NotDifferentiable("SampleScale", "scale", scale);
        return x.DType == DType.Float64 ? Run<double>(x, scale) : Run<float>(x, scale);
    }

    private static Tensor Run<T>(Tensor x, Tensor scale)
        where T : unmanaged, INumber<T> =>
        Autograd.Record("SampleScale", Product<T>(x, scale), [x], g => [Product<T>(g, scale)], scale);

    private static Tensor Product<T>(Tensor x, Tensor scale)
        where T : unmanaged, INumber<T>
    {
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        ElementwiseKernels.ScaleSamples(x.Device.Kernels, x.View<T>(), scale.View<T>(), y.View<T>());
        return y;
    }
}
