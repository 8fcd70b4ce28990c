using IlgpuSeg.Ops;

namespace IlgpuSeg.SelfTest;

/// <summary>Pooling, resizing, warping, concatenation.</summary>
internal static class SpatialCases
{
    // A position is known to 2^-24 of the image's side, 4e-6 pixels at 70, and neighbouring pixels differ by up to 2.
    private const double PositionTolerance = 2e-5;

    public static IEnumerable<OpCase> All =>
    [
        new("AvgPool2d.Apply", draw =>
        {
            var (kernel, stride) = (draw.Between("k", 1, 5), draw.Between("stride", 1, 4));
            var padding = draw.Between("padding", 0, kernel / 2);
            draw.Parameter("x", draw.Image(kernel));
            return t => AvgPool2d.Apply(t[0], kernel, stride, padding);
        }),
        new("AdaptiveAvgPool2d.Apply", draw =>
        {
            draw.Parameter("x", draw.Image());
            var (h, w) = (draw.Extent("outH", 6, 12), draw.Extent("outW", 6, 12));
            return t => AdaptiveAvgPool2d.Apply(t[0], h, w);
        }),
        new("MaxPool2d.Apply", draw =>
        {
            var (kernel, stride) = (draw.Between("k", 1, 5), draw.Between("stride", 1, 4));
            draw.Distinct("x", draw.Image(kernel));
            return t => MaxPool2d.Apply(t[0], kernel, stride);
        }),
        new("ResizeBilinear.Apply", draw =>
        {
            draw.Parameter("x", draw.Image());
            var (h, w) = (draw.Extent("outH", 12, 70), draw.Extent("outW", 12, 70));
            var alignCorners = draw.Flag("alignCorners");
            return t => ResizeBilinear.Apply(t[0], h, w, alignCorners);
        }) { FloatTolerance = PositionTolerance, FloatGradientTolerance = PositionTolerance },
        new("Concat.Apply", draw =>
        {
            var shape = draw.Image();
            var operands = draw.Between("operands", 1, 4);
            for (var i = 0; i < operands; i++)
                draw.Parameter($"x{i}", i == 0 ? shape : shape.With(3, draw.Extent($"c{i}", 5, 40)));
            return t => Concat.Apply(t);
        }),
        new("FlowWarp.Apply", draw => Warp(draw)) { FloatTolerance = PositionTolerance, FloatGradientTolerance = PositionTolerance },
    ];

    private static Func<Tensor[], Tensor> Warp(CaseDraw draw)
    {
        var x = draw.Image();
        var (h, w) = (draw.Extent("outH", 6, 33), draw.Extent("outW", 6, 33));
        draw.Parameter("x", x);
        draw.Parameter("flow", new Shape(x[0], h, w, 2), i =>
            i % 2 == 0 ? FlowTo(draw, i / 2 % w, w, x[2]) : FlowTo(draw, i / 2 / w % h, h, x[1]));
        return t => FlowWarp.Apply(t[0], t[1]);
    }

    /// <summary>
    /// A flow that leads from result pixel i well inside a cell, sometimes to one outside: on the edges of cells there is no derivative.
    /// </summary>
    private static double FlowTo(CaseDraw draw, int i, int count, int size)
    {
        if (size == 1) return draw.Element(-0.9, 0.9);
        var target = Math.Floor(draw.Element(-2, size + 1)) + draw.Element(0.2, 0.8);
        var line = count == 1 ? -1 : -1 + 2.0 * i / (count - 1);
        return (2 * target / (size - 1) - 1 - line) * count;
    }
}
