using System.Numerics;
using ILGPU;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>
/// Depth-wise two-dimensional convolution, one kernel per channel (PyTorch's Conv2d with groups = channels):
/// y[n, oy, ox, c] = bias[c] + sum over ky, kx of x[n, oy s + ky d - p, ox s + kx d - p, c] w[ky, kx, c].
/// </summary>
public static class DepthwiseConv2d
{
    private const string Op = "DepthwiseConv2d";

    /// <summary>The convolution with the same stride, padding and dilation for rows and columns.</summary>
    /// <param name="x">[N, H, W, C]; floating point.</param>
    /// <param name="weight">[kH, kW, C]; of the same dtype.</param>
    /// <param name="bias">[C], or null.</param>
    /// <param name="stride">Input pixels from an output pixel to the next.</param>
    /// <param name="padding">Zeros on each side of the image.</param>
    /// <param name="dilation">Input pixels from a kernel element to the next.</param>
    /// <returns>[N, floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1, .., C].</returns>
    /// <exception cref="ShapeException">The shapes do not fit; the message names them and the rule.</exception>
    /// <exception cref="ArgumentException">A number is out of its range, or devices or dtypes differ.</exception>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, int stride = 1, int padding = 0, int dilation = 1) =>
        Apply(x, weight, bias, Conv2dOptions.Square(stride, padding, dilation));

    /// <summary>The convolution.</summary>
    /// <param name="x">[N, H, W, C]; floating point.</param>
    /// <param name="weight">[kH, kW, C]; of the same dtype.</param>
    /// <param name="bias">[C], or null.</param>
    /// <param name="options">Stride, padding and dilation.</param>
    /// <returns>[N, outH, outW, C].</returns>
    /// <exception cref="ShapeException">The shapes do not fit; the message names them and the rule.</exception>
    /// <exception cref="ArgumentException">A number is out of its range, or devices or dtypes differ.</exception>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, Conv2dOptions options) =>
        Apply(x, weight, bias, options, FusedActivation.None);

    /// <summary>
    /// activation(convolution) in one pass over the elements. What the activation was applied to is not kept: backward computes it again, to
    /// the same bits.
    /// </summary>
    /// <param name="x">[N, H, W, C]; floating point.</param>
    /// <param name="weight">[kH, kW, C]; of the same dtype.</param>
    /// <param name="bias">[C], or null.</param>
    /// <param name="options">Stride, padding and dilation.</param>
    /// <param name="activation">What follows the convolution.</param>
    /// <returns>[N, outH, outW, C].</returns>
    /// <exception cref="ShapeException">The shapes do not fit; the message names them and the rule.</exception>
    /// <exception cref="ArgumentException">A number is out of its range, or devices or dtypes differ.</exception>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, Conv2dOptions options, FusedActivation activation)
    {
        if (MixedPrecision.Applies(PrecisionRule.Product, x, weight, bias))
            return MixedPrecision.Run(Op, PrecisionRule.Product, [x, weight, bias], t => Apply(t[0]!, t[1]!, t[2], options, activation), factors: 2);
        var shape = CheckShapes(x, weight, bias, options);
        return x.DType == DType.Float64
            ? Run<double, Real64>(x, weight, bias, shape, activation)
            : Run<float, Real32>(x, weight, bias, shape, activation);
    }

    private static Tensor Run<T, R>(Tensor x, Tensor weight, Tensor? bias, DepthwiseShape shape, FusedActivation activation)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => activation switch
        {
            FusedActivation.Relu => Run<T, R, ReluActivation<T>>(x, weight, bias, shape, activates: true),
            FusedActivation.Gelu => Run<T, R, GeluActivation<T, R>>(x, weight, bias, shape, activates: true),
            _ => Run<T, R, IdentityActivation<T>>(x, weight, bias, shape, activates: false),
        };

    private static Tensor Run<T, R, TActivation>(Tensor x, Tensor weight, Tensor? bias, DepthwiseShape shape, bool activates)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TActivation : struct, IActivation<T>
    {
        var y = Forward<T, R, ActivationEpilogue<T, TActivation>>(x, weight, bias, shape, default);
        return Autograd.Record(Op, y, [x, weight, bias], dy =>
        {
            // The gradient before the activation.
            using var dz = activates
                ? Forward<T, R, ActivationGradientEpilogue<T, TActivation>>(x, weight, bias, shape, new(default, default, dy.View<T>(), default))
                : null;
            var dsum = dz ?? dy;
            return [
                x.RequiresGrad ? DataGradient<T, R>(dsum, weight, x.Shape, shape) : null,
                weight.RequiresGrad ? WeightGradient<T, R>(x, dsum, weight.Shape, shape) : null,
                bias is { RequiresGrad: true } ? BiasGradient<T, R>(dsum, shape) : null,
            ];
        }, bias is not null && activates ? [x, weight, bias] : [x, weight]);
    }

    private static Tensor Forward<T, R, TEpilogue>(Tensor x, Tensor weight, Tensor? bias, DepthwiseShape shape, EpilogueOperands<T> operands)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var y = Tensor.Empty(new Shape(shape.Batch, shape.OutHeight, shape.OutWidth, shape.Channels), x.DType, x.Device);
        DepthwiseConvolution.Forward<T, R, TEpilogue>(
            x.Device.Kernels, x.View<T>(), weight.View<T>(), bias?.View<T>() ?? ArrayView<T>.Empty, y.View<T>(), shape, operands);
        return y;
    }

    private static Tensor DataGradient<T, R>(Tensor dy, Tensor weight, Shape xShape, in DepthwiseShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var dx = Tensor.Empty(xShape, dy.DType, dy.Device);
        DepthwiseConvolution.DataGradient<T, R>(dy.Device.Kernels, dy.View<T>(), weight.View<T>(), dx.View<T>(), shape);
        return dx;
    }

    private static Tensor WeightGradient<T, R>(Tensor x, Tensor dy, Shape weightShape, in DepthwiseShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var dw = Tensor.Empty(weightShape, dy.DType, dy.Device);
        using var workspace = Workspace(dy, DepthwiseConvolution.WeightGradientWorkspace(shape));
        DepthwiseConvolution.WeightGradient<T, R>(
            dy.Device.Kernels, x.View<T>(), dy.View<T>(), dw.View<T>(), workspace.View<T>(), shape);
        return dw;
    }

    private static Tensor BiasGradient<T, R>(Tensor dy, in DepthwiseShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var db = Tensor.Empty(new Shape(shape.Channels), dy.DType, dy.Device);
        using var workspace = Workspace(dy, DepthwiseConvolution.BiasGradientWorkspace(shape));
        DepthwiseConvolution.BiasGradient<T, R>(dy.Device.Kernels, dy.View<T>(), db.View<T>(), workspace.View<T>(), shape);
        return db;
    }

    private static Tensor Workspace(Tensor like, int length) => Tensor.Empty(new Shape(length), like.DType, like.Device);

    private static DepthwiseShape CheckShapes(Tensor x, Tensor weight, Tensor? bias, Conv2dOptions options)
    {
        OpCheck.SameDevice(Op, x, weight, bias);
        OpCheck.SameDType(Op, x, weight, bias);
        OpCheck.FloatingPoint(Op, "x", x);
        OpCheck.Rank(Op, "x", x, 4);
        OpCheck.Rank(Op, "weight", weight, 3);
        if (weight.Shape[2] != x.C)
            throw new ShapeException(Op, "weight [kH, kW, C] must have x's channels", ("x", x.Shape), ("weight", weight.Shape));
        if (bias is not null && bias.Shape != new Shape(x.C))
            throw new ShapeException(Op, "bias must be [C]", ("x", x.Shape), ("bias", bias.Shape));
        return new DepthwiseShape(x.N, x.H, x.W, x.C, options.Window(Op, x.Shape, weight.Shape));
    }
}
