using IlgpuSeg.Ops;

namespace IlgpuSeg.SelfTest;

/// <summary>What is computed in the kernel of another operation, and grouped convolutions.</summary>
internal static class FusedCases
{
    // As in ConvolutionCases: sums of many products in single precision.
    private const double Tolerance = 4e-6;

    public static IEnumerable<OpCase> All =>
    [
        Sums("Conv2d.Apply", "epilogues", Convolution),
        Sums("MatMul.Apply", "epilogues", Product),
        Sums("DepthwiseConv2d.Apply", "activations", Depthwise),
        Sums("Conv2d.Apply", "groups", Grouped),
        new("BatchNorm.Fold", draw =>
        {
            var channels = new Shape(draw.Extent("c", 9, 70));
            draw.Constant("weight", channels);
            draw.Constant("bias", channels);
            draw.Constant("runningMean", channels);
            draw.Constant("runningVar", channels, 0.5, 2);
            return t =>
            {
                var (scale, shift) = BatchNorm.Fold(t[0], t[1], t[2], t[3]);
                return [scale, shift];
            };
        }),
    ];

    private static OpCase Sums(string op, string variant, Func<CaseDraw, Func<Tensor[], Tensor>> draw) =>
        new(op, draw) { Variant = variant, FloatTolerance = Tolerance, FloatGradientTolerance = Tolerance };

    private static Func<Tensor[], Tensor> Convolution(CaseDraw draw)
    {
        var image = draw.Image(largeSide: 20, largeChannels: 30);
        var kernel = draw.Pick("k", 1, 3);
        var result = image.With(3, draw.Extent("cout", 9, 40));
        draw.Parameter("x", image);
        draw.Parameter("weight", new Shape(kernel, kernel, image[3], result[3]));
        draw.Parameter("bias", new Shape(result[3]));
        var epilogue = Epilogue(draw, result, first: 3);
        return t => Conv2d.Apply(t[0], t[1], t[2], Conv2dOptions.Square(1, kernel / 2, 1), epilogue(t));
    }

    private static Func<Tensor[], Tensor> Product(CaseDraw draw)
    {
        var (batch, m, n, k) = (draw.Extent("batch", 2, 3), draw.Extent("m", 9, 70), draw.Extent("n", 9, 70), draw.Extent("k", 9, 100));
        draw.Parameter("a", new Shape(batch, m, k));
        draw.Parameter("b", new Shape(batch, k, n));
        var epilogue = Epilogue(draw, new Shape(batch, m, n), first: 2);
        return t => MatMul.Apply(t[0], t[1], epilogue(t));
    }

    // GELU and no activation: ReLU has no derivative at zero, near which some sum always is.
    private static Func<Tensor[], FusedEpilogue> Epilogue(CaseDraw draw, Shape result, int first)
    {
        var kind = draw.Pick("kind", "add", "scale add", "affine", "affine add", "multiply");
        var activation = draw.Pick("activation", FusedActivation.None, FusedActivation.Gelu);
        var channels = new Shape(result[^1]);
        draw.Parameter("scale", channels);
        draw.Parameter("shift", channels);
        draw.Parameter("otherScale", channels);
        draw.Parameter("other", result);
        return t => kind switch
        {
            "add" => FusedEpilogue.Add(t[first + 3], activation),
            "scale add" => FusedEpilogue.ScaleAdd(t[first], t[first + 3]),
            "affine" => FusedEpilogue.Affine(t[first], t[first + 1], activation),
            "affine add" => FusedEpilogue.AffineAdd(t[first], t[first + 1], t[first + 3], t[first + 2]),
            _ => FusedEpilogue.Multiply(t[first + 3]),
        };
    }

    private static Func<Tensor[], Tensor> Depthwise(CaseDraw draw)
    {
        var image = draw.Image();
        var (kernel, dilation, stride) = (draw.Pick("k", 1, 3, 5, 7), draw.Pick("dilation", 1, 3), draw.Pick("stride", 1, 2));
        draw.Parameter("x", image);
        draw.Parameter("weight", new Shape(kernel, kernel, image[3]));
        draw.Parameter("bias", new Shape(image[3]));
        return t => DepthwiseConv2d.Apply(
            t[0], t[1], t[2], Conv2dOptions.Square(stride, kernel / 2 * dilation, dilation), FusedActivation.Gelu);
    }

    private static Func<Tensor[], Tensor> Grouped(CaseDraw draw)
    {
        var groups = draw.Between("groups", 1, 4);
        var (kernel, stride) = (draw.Pick("k", 1, 2, 3), draw.Between("stride", 1, 3));
        var (n, h, w) = (draw.Extent("n", 3, 3), draw.Extent("h", 6, 20), draw.Extent("w", 6, 20));
        var (inputs, outputs) = (draw.Extent("cin/groups", 4, 12), draw.Extent("cout/groups", 4, 12));
        draw.Parameter("x", new Shape(n, h, w, groups * inputs));
        draw.Parameter("weight", new Shape(kernel, kernel, inputs, groups * outputs));
        draw.Parameter("bias", new Shape(groups * outputs));
        var options = Conv2dOptions.Square(stride, 1, 1) with { Groups = groups };
        return t => Conv2d.Apply(t[0], t[1], t[2], options);
    }
}
