using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The product with a learned factor per channel: VAN's layer scale.</summary>
public static class ChannelScale
{
    /// <summary>scale[c] * x[..., c].</summary>
    /// <param name="x">[..., C], Float32 or Float64.</param>
    /// <param name="scale">[C], of x's dtype and device.</param>
    /// <returns>Of x's shape.</returns>
    /// <exception cref="ShapeException">scale does not hold one factor per channel.</exception>
    public static Tensor Apply(Tensor x, Tensor scale)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x, scale))
            return MixedPrecision.Run("ChannelScale", PrecisionRule.Follow, [x, scale], t => Apply(t[0]!, t[1]!));
        OpCheck.NotEmpty("ChannelScale", "x", x, axes: 1);
        ElementwiseCheck.Factor(
            "ChannelScale", x, "scale", scale, "scale must hold one factor for each channel of x, [C]", new Shape(x.C));
        return x.DType == DType.Float64 ? Run<double, Real64>(x, scale) : Run<float, Real32>(x, scale);
    }

    private static Tensor Run<T, R>(Tensor x, Tensor scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        return Autograd.Record("ChannelScale", Product<T>(x, scale), [x, scale], Backward, x, scale);

        Tensor?[] Backward(Tensor g) =>
            [x.RequiresGrad ? Product<T>(g, scale) : null, scale.RequiresGrad ? ScaleGradient<T, R>(x, g) : null];
    }

    private static Tensor Product<T>(Tensor x, Tensor scale)
        where T : unmanaged, INumber<T>
    {
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        ChannelScaleKernels.Scale(x.Device.Kernels, x.View<T>(), scale.View<T>(), y.View<T>(), x.Count / x.C, x.C);
        return y;
    }

    private static Tensor ScaleGradient<T, R>(Tensor x, Tensor g)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var rows = x.Count / x.C;
        var gradient = Tensor.Empty(new Shape(x.C), x.DType, x.Device);
        using var workspace = Tensor.Empty(new Shape(ColumnReduction.WorkspaceLength(rows, x.C)), x.DType, x.Device);
        ColumnReduction.Dot<T, R>(
            x.Device.Kernels, g.View<T>(), x.View<T>(), workspace.View<T>(), gradient.View<T>(), rows, x.C);
        return gradient;
    }
}
