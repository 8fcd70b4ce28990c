using System.Numerics;
using ILGPU;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>
/// Two-dimensional convolution (as in PyTorch, the kernel is not flipped):
/// y[n, oy, ox, o] = bias[o] + sum over ky, kx, i of x[n, oy s + ky d - p, ox s + kx d - p, i] w[ky, kx, i, o];
/// with groups, i runs over the input channels of o's group and counts from the group's first.
/// </summary>
public static class Conv2d
{
    private const string Op = "Conv2d";

    /// <summary>The convolution with the same stride, padding and dilation for rows and columns.</summary>
    /// <param name="x">[N, H, W, Cin]; floating point.</param>
    /// <param name="weight">[kH, kW, Cin, Cout]; of the same dtype.</param>
    /// <param name="bias">[Cout], or null.</param>
    /// <param name="stride">Input pixels from an output pixel to the next.</param>
    /// <param name="padding">Zeros on each side of the image.</param>
    /// <param name="dilation">Input pixels from a kernel element to the next.</param>
    /// <returns>[N, floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1, .., Cout].</returns>
    /// <exception cref="ShapeException">The shapes do not fit; the message names them and the rule.</exception>
    /// <exception cref="ArgumentException">A number is out of its range, or devices or dtypes differ.</exception>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, int stride = 1, int padding = 0, int dilation = 1) =>
        Apply(x, weight, bias, Conv2dOptions.Square(stride, padding, dilation));

    /// <summary>The convolution.</summary>
    /// <param name="x">[N, H, W, Cin]; floating point.</param>
    /// <param name="weight">[kH, kW, Cin / groups, Cout]; of the same dtype.</param>
    /// <param name="bias">[Cout], or null.</param>
    /// <param name="options">Stride, padding, dilation and groups.</param>
    /// <returns>[N, outH, outW, Cout].</returns>
    /// <exception cref="ShapeException">The shapes do not fit; the message names them and the rule.</exception>
    /// <exception cref="ArgumentException">A number is out of its range, or devices or dtypes differ.</exception>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, Conv2dOptions options)
    {
        if (MixedPrecision.Applies(PrecisionRule.Product, x, weight, bias))
        {
            return BFloat16Convolution(x, weight, bias, options) ?? MixedPrecision.Run(
                Op, PrecisionRule.Product, [x, weight, bias], t => Apply(t[0]!, t[1]!, t[2], options), factors: 2, multipliesFactorsOnly: true);
        }
        var shape = CheckShapes(x, weight, bias, options);
        return x.DType == DType.Float64 ? Run<double, Real64>(x, weight, bias, shape) : Run<float, Real32>(x, weight, bias, shape);
    }

    // Where it is not possible, or the operands do not fit, Run tells.
    private static Tensor? BFloat16Convolution(Tensor x, Tensor weight, Tensor? bias, Conv2dOptions options) =>
        MixedPrecision.IsNarrowable(x, weight, bias)
            ? BFloat16Products.Conv2d(Op, x, weight, bias, CheckShapes(x, weight, bias, options, sameDType: false))
            : null;

    /// <summary>The convolution and what follows it, in one kernel unless a gradient is recorded and the epilogue has a scale.</summary>
    /// <param name="x">[N, H, W, Cin]; floating point.</param>
    /// <param name="weight">[kH, kW, Cin / groups, Cout]; of the same dtype.</param>
    /// <param name="bias">[Cout], or null.</param>
    /// <param name="options">Stride, padding, dilation and groups.</param>
    /// <param name="epilogue">What follows; its other tensor is [N, outH, outW, Cout].</param>
    /// <returns>[N, outH, outW, Cout].</returns>
    /// <exception cref="ShapeException">The shapes do not fit; the message names them and the rule.</exception>
    /// <exception cref="ArgumentException">A number is out of its range, or devices or dtypes differ.</exception>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor? bias, Conv2dOptions options, FusedEpilogue epilogue)
    {
        if (MixedPrecision.Applies(PrecisionRule.Product, x, weight, bias)) return epilogue.Compose(Apply(x, weight, bias, options));
        var shape = CheckShapes(x, weight, bias, options);
        epilogue.Check(Op, x, OutputShape(shape));
        if (epilogue.Records(x, weight, bias))
        {
            if (!epilogue.HasGradient) return epilogue.Compose(Apply(x, weight, bias, options));
            return x.DType == DType.Float64
                ? RunRecorded<double, Real64>(x, weight, bias, shape, epilogue)
                : RunRecorded<float, Real32>(x, weight, bias, shape, epilogue);
        }
        return x.DType == DType.Float64
            ? RunFused<double, Real64>(x, weight, bias, shape, epilogue)
            : RunFused<float, Real32>(x, weight, bias, shape, epilogue);
    }

    private static Shape OutputShape(in ConvolutionShape shape) => new(shape.Batch, shape.OutHeight, shape.OutWidth, shape.OutChannels);

    private static Tensor RunFused<T, R>(Tensor x, Tensor weight, Tensor? bias, ConvolutionShape shape, FusedEpilogue epilogue)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var y = Tensor.Empty(OutputShape(shape), x.DType, x.Device);
        epilogue.Dispatch<T, R>(new ForwardCall<T, R>(x, weight, bias, y, shape));
        return y;
    }

    private static Tensor Run<T, R>(Tensor x, Tensor weight, Tensor? bias, ConvolutionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var y = Tensor.Empty(OutputShape(shape), x.DType, x.Device);
        new ForwardCall<T, R>(x, weight, bias, y, shape).Run<ActivationEpilogue<T, IdentityActivation<T>>>(default);
        return Autograd.Record(Op, y, [x, weight, bias], dy => Gradients<T, R>(x, weight, bias, dy, shape), x, weight);
    }

    private static Tensor RunRecorded<T, R>(Tensor x, Tensor weight, Tensor? bias, ConvolutionShape shape, FusedEpilogue epilogue)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var y = Tensor.Empty(OutputShape(shape), x.DType, x.Device);
        var call = new ForwardCall<T, R>(x, weight, bias, y, shape);
        using var sums = epilogue.KeepsSums ? Tensor.Empty(y.Shape, x.DType, x.Device) : null;
        if (sums is null) epilogue.Dispatch<T, R>(call);
        else epilogue.DispatchKeeping<T, R>(call, sums);
        var known = sums ?? y;
        return Autograd.Record(Op, y, [x, weight, bias, epilogue.Other], dy =>
        {
            var (dsums, dother) = epilogue.Backward<T, R>(dy, known);
            if (epilogue.Other is not { RequiresGrad: true }) dother = null;
            Tensor?[] gradients = [.. Gradients<T, R>(x, weight, bias, dsums, shape), dother];
            if (dsums != dy && dsums != dother) dsums.Dispose();
            return gradients;
        }, [x, weight, .. epilogue.Saved(y, sums)]);
    }

    private static Tensor?[] Gradients<T, R>(Tensor x, Tensor weight, Tensor? bias, Tensor dy, in ConvolutionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
    [
        x.RequiresGrad ? DataGradient<T, R>(dy, weight, x.Shape, shape) : null,
        weight.RequiresGrad ? WeightGradient<T, R>(x, dy, weight.Shape, shape) : null,
        bias is { RequiresGrad: true } ? BiasGradient<T, R>(dy, shape) : null,
    ];

    /// <summary>The forward kernel with any epilogue.</summary>
    private sealed class ForwardCall<T, R>(Tensor x, Tensor weight, Tensor? bias, Tensor y, ConvolutionShape shape) : IEpilogueCall<T>
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        public void Run<TEpilogue>(EpilogueOperands<T> operands)
            where TEpilogue : struct, IEpilogue<T>
        {
            var host = x.Device.Kernels;
            using var workspace = Workspace(x, Convolution.ForwardWorkspace(host, shape));
            Convolution.Forward<T, R, TEpilogue>(
                host, x.View<T>(), weight.View<T>(), bias?.View<T>() ?? ArrayView<T>.Empty, y.View<T>(), workspace.View<T>(), shape,
                operands);
        }
    }

    private static Tensor DataGradient<T, R>(Tensor dy, Tensor weight, Shape xShape, in ConvolutionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var host = dy.Device.Kernels;
        var dx = Tensor.Empty(xShape, dy.DType, dy.Device);
        using var workspace = Workspace(dy, Convolution.DataGradientWorkspace(host, shape));
        Convolution.DataGradient<T, R>(host, dy.View<T>(), weight.View<T>(), dx.View<T>(), workspace.View<T>(), shape);
        return dx;
    }

    private static Tensor WeightGradient<T, R>(Tensor x, Tensor dy, Shape weightShape, in ConvolutionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var host = dy.Device.Kernels;
        var dw = Tensor.Empty(weightShape, dy.DType, dy.Device);
        using var workspace = Workspace(dy, Convolution.WeightGradientWorkspace(host, shape));
        Convolution.WeightGradient<T, R>(host, x.View<T>(), dy.View<T>(), dw.View<T>(), workspace.View<T>(), shape);
        return dw;
    }

    private static Tensor BiasGradient<T, R>(Tensor dy, in ConvolutionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var db = Tensor.Empty(new Shape(shape.OutChannels), dy.DType, dy.Device);
        using var workspace = Workspace(dy, Convolution.BiasGradientWorkspace(shape));
        Convolution.BiasGradient<T, R>(dy.Device.Kernels, dy.View<T>(), db.View<T>(), workspace.View<T>(), shape);
        return db;
    }

    private static Tensor Workspace(Tensor like, int length) => Tensor.Empty(new Shape(length), like.DType, like.Device);

    private static ConvolutionShape CheckShapes(Tensor x, Tensor weight, Tensor? bias, Conv2dOptions options, bool sameDType = true)
    {
        OpCheck.SameDevice(Op, x, weight, bias);
        if (sameDType) OpCheck.SameDType(Op, x, weight, bias);
        OpCheck.FloatingPoint(Op, "x", x);
        OpCheck.Rank(Op, "x", x, 4);
        OpCheck.Rank(Op, "weight", weight, 4);
        CheckChannels(x, weight, options.Groups);
        if (bias is not null && bias.Shape != new Shape(weight.Shape[3]))
            throw new ShapeException(Op, "bias must be [Cout]", ("weight", weight.Shape), ("bias", bias.Shape));
        return new ConvolutionShape(x.N, x.H, x.W, x.C, weight.Shape[3], options.Window(Op, x.Shape, weight.Shape), options.Groups);
    }

    private static void CheckChannels(Tensor x, Tensor weight, int groups)
    {
        if (groups < 1) throw new ArgumentException($"{Op}: there must be at least 1 group; got {groups}.");
        if (groups == 1 && weight.Shape[2] != x.C)
            throw new ShapeException(Op, "weight [kH, kW, Cin, Cout] must take x's channels", ("x", x.Shape), ("weight", weight.Shape));
        if (x.C % groups != 0 || weight.Shape[3] % groups != 0 || weight.Shape[2] != x.C / groups)
        {
            throw new ShapeException(
                Op, $"weight [kH, kW, Cin / groups, Cout] must take the channels of one of x's {groups} groups, and the groups must divide Cin and Cout",
                ("x", x.Shape), ("weight", weight.Shape));
        }
    }
}
