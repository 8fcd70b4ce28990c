using IlgpuSeg.Ops;

namespace IlgpuSeg.SelfTest;

/// <summary>Operations along axes: sums, repetition, exchange.</summary>
internal static class AxisCases
{
    public static IEnumerable<OpCase> All =>
    [
        new("Sum.Apply", draw => Over(draw, Sum.Apply)) { Variant = "over axes" },
        new("Mean.Apply", draw => Over(draw, Mean.Apply)) { Variant = "over axes" },
        new("Expand.Apply", draw => Expanded(draw)) { FloatGradientTolerance = 1e-5 },
        new("Transpose.Apply", draw => Transposed(draw)),
        new("LogSoftmax.Apply", draw => Rows(draw)),
    ];

    /// <summary>Positive elements: their sums have a relative error that does not depend on how much cancels.</summary>
    private static Func<Tensor[], Tensor> Over(CaseDraw draw, Func<Tensor, Index[], bool, Tensor> apply)
    {
        var shape = draw.Image();
        Index[] axes = [.. Enumerable.Range(0, 4).Where(axis => draw.Flag($"over{axis}")).Select(axis => new Index(axis))];
        var keep = draw.Flag("keep");
        draw.Parameter("x", shape, _ => draw.Element(0, 1));
        return t => apply(t[0], axes, keep);
    }

    private static Func<Tensor[], Tensor> Expanded(CaseDraw draw)
    {
        var target = draw.Image();
        var source = target;
        for (var axis = 0; axis < 4; axis++)
        {
            if (draw.Flag($"repeat{axis}")) source = source.With(axis, 1);
        }
        var missing = draw.Pick("missing", 0, 1, 2);
        draw.Parameter("x", [.. source.Skip(missing)]);
        return t => Expand.Apply(t[0], target);
    }

    private static Func<Tensor[], Tensor> Transposed(CaseDraw draw)
    {
        var shape = draw.Image();
        var (first, second) = (draw.Between("axis0", 0, 3), draw.Between("axis1", 0, 3));
        draw.Parameter("x", shape);
        return t => Transpose.Apply(t[0], first, second);
    }

    private static Func<Tensor[], Tensor> Rows(CaseDraw draw)
    {
        var (rows, length) = (draw.Extent("rows", 4, 40), draw.Extent("length", 20, 1500));
        draw.Parameter("x", new Shape(rows, length), gap: draw.Pick("gap", 0.0, 4.0));
        return t => LogSoftmax.Apply(t[0]);
    }
}
