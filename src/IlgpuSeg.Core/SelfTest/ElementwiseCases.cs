using IlgpuSeg.Ops;

namespace IlgpuSeg.SelfTest;

/// <summary>Operations element by element, and sums of all elements.</summary>
internal static class ElementwiseCases
{
    public static IEnumerable<OpCase> All =>
    [
        new("Add.Apply", draw => Two(draw, Add.Apply)),
        new("Subtract.Apply", draw => Two(draw, Subtract.Apply)),
        new("Multiply.Apply", draw => Two(draw, Multiply.Apply)),
        new("Multiply.Apply", draw => One(draw, x => Multiply.Apply(x, x))) { Variant = "a square" },
        new("Scale.Apply", draw => One(draw, x => Scale.Apply(x, -1.75))),
        // The factor's gradient is a sum of up to 230,000 products that cancel but for about 300.
        new("ScalarScale.Apply", draw => Factor(draw, _ => new Shape(1), ScalarScale.Apply)) { FloatGradientTolerance = 1e-5 },
        new("ChannelScale.Apply", draw => Factor(draw, x => new Shape(x[3]), ChannelScale.Apply)),
        new("SampleScale.Apply", draw => Drawn(draw, x => new Shape(x[0]), SampleScale.Apply)),
        new("ChannelMask.Apply", draw => Drawn(draw, x => new Shape(x[0], x[3]), ChannelMask.Apply)),
        // The same mask in every precision and on every device: it is a function of the seed.
        new("ChannelMask.Apply", draw => One(draw, x => ChannelMask.Apply(
            x, DropMask.Draw(new Shape(x.N, x.C), 0.4, new Philox(9) { Position = 3 }, x.DType, x.Device)))) { Variant = "a drawn mask" },
        new("ScaledResidual.Apply", draw => Residual(draw)),
        // Away from 0, where ReLU has no derivative.
        new("Relu.Apply", draw => One(draw, Relu.Apply, gap: 1.0 / 64)),
        new("Gelu.Apply", draw => One(draw, Gelu.Apply, gap: draw.Pick("gap", 0.0, 1.0, 4.0))),
        // In double the first is the identity, in float it widens and narrows.
        new("Cast.Apply", draw => One(draw, x => Scale.Apply(Cast.Apply(Cast.Apply(x, DType.Float64), x.DType), 1))),
        new("Cast.Apply", draw => Rounded(draw)) { Variant = "bfloat16" },
        new("Divide.Apply", draw => Quotient(draw)),
        new("Shift.Apply", draw => One(draw, x => Shift.Apply(x, 0.75))),
        new("Reciprocal.Apply", draw => One(draw, x => Reciprocal.Apply(x, 1.5), gap: 0.25)),
        new("Exp.Apply", draw => One(draw, Exp.Apply, gap: draw.Pick("gap", 0.0, 3.0))),
        new("Log.Apply", draw => Positive(draw, x => Log.Apply(Shift.Apply(x, 0.125)))),
        new("Sqrt.Apply", draw => Positive(draw, x => Sqrt.Apply(Shift.Apply(x, 0.125)))),
        new("Sigmoid.Apply", draw => One(draw, Sigmoid.Apply, gap: draw.Pick("gap", 0.0, 6.0))),
        new("Tanh.Apply", draw => One(draw, Tanh.Apply, gap: draw.Pick("gap", 0.0, 3.0))),
        new("Power.Apply", draw => Whole(draw)) { Variant = "a whole number" },
        new("Power.Apply", draw => Fraction(draw)) { Variant = "a fraction" },
        new("Sum.Apply", draw => Positive(draw, Sum.Apply)),
        // Times the number of elements, so that results and gradients are not small against the allowed error.
        new("Mean.Apply", draw => Positive(draw, x => Scale.Apply(Mean.Apply(x), x.Count))),
    ];

    private static Func<Tensor[], Tensor> One(CaseDraw draw, Func<Tensor, Tensor> apply, double gap = 0)
    {
        draw.Parameter("x", draw.Image(), gap);
        return t => apply(t[0]);
    }

    private static Func<Tensor[], Tensor> Rounded(CaseDraw draw)
    {
        // A constant: rounding has no derivative that differences would find.
        draw.Constant("x", draw.Image());
        return t => Cast.Apply(Cast.Apply(t[0], DType.BFloat16), t[0].DType);
    }

    /// <summary>Positive elements: their sum has a relative error that does not depend on how much cancels.</summary>
    private static Func<Tensor[], Tensor> Positive(CaseDraw draw, Func<Tensor, Tensor> apply)
    {
        draw.Parameter("x", draw.Image(), _ => draw.Element(0, 1));
        return t => apply(t[0]);
    }

    private static Func<Tensor[], Tensor> Two(CaseDraw draw, Func<Tensor, Tensor, Tensor> apply)
    {
        var shape = draw.Image();
        draw.Parameter("a", shape);
        draw.Parameter("b", shape);
        return t => apply(t[0], t[1]);
    }

    private static Func<Tensor[], Tensor> Whole(CaseDraw draw)
    {
        var exponent = draw.Pick("exponent", 2.0, 3.0, -1.0, -2.0);
        return One(draw, x => Power.Apply(x, exponent), gap: 0.5);
    }

    private static Func<Tensor[], Tensor> Fraction(CaseDraw draw)
    {
        var exponent = draw.Pick("exponent", 0.5, -1.5, 2.25);
        return Positive(draw, x => Power.Apply(Shift.Apply(x, 0.5), exponent));
    }

    /// <summary>The divisor keeps away from zero.</summary>
    private static Func<Tensor[], Tensor> Quotient(CaseDraw draw)
    {
        var shape = draw.Image();
        draw.Parameter("a", shape);
        draw.Parameter("b", shape, gap: 0.5);
        return t => Divide.Apply(t[0], t[1]);
    }

    private static Func<Tensor[], Tensor> Factor(CaseDraw draw, Func<Shape, Shape> factor, Func<Tensor, Tensor, Tensor> apply)
    {
        var shape = draw.Image();
        draw.Parameter("x", shape);
        draw.Parameter("factor", factor(shape));
        return t => apply(t[0], t[1]);
    }

    private static Func<Tensor[], Tensor> Drawn(CaseDraw draw, Func<Shape, Shape> factor, Func<Tensor, Tensor, Tensor> apply)
    {
        var shape = draw.Image();
        draw.Parameter("x", shape);
        draw.Constant("factor", factor(shape));
        return t => apply(t[0], t[1]);
    }

    private static Func<Tensor[], Tensor> Residual(CaseDraw draw)
    {
        var shape = draw.Image();
        var drop = draw.Flag("drop");
        draw.Parameter("x", shape);
        draw.Parameter("branch", shape);
        draw.Parameter("scale", new Shape(shape[3]));
        draw.Constant("drop", new Shape(shape[0]));
        return t => ScaledResidual.Apply(t[0], t[1], t[2], drop ? t[3] : null);
    }
}
