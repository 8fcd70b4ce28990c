using IlgpuSeg.Ops;

namespace IlgpuSeg.SelfTest;

/// <summary>Losses.</summary>
internal static class LossCases
{
    public static IEnumerable<OpCase> All =>
    [
        new("CrossEntropy.Apply", draw => Pixels(draw, _ => new CrossEntropyOptions())),
        new("CrossEntropy.Apply", draw => Pixels(draw, classes => new CrossEntropyOptions
        {
            ClassWeights = [.. Enumerable.Range(0, classes).Select(c => 0.25 + c % 4)],
            LabelSmoothing = draw.Pick("smoothing", 0, 0.1),
        })) { Variant = "class weights" },
        new("CrossEntropy.Apply", draw => Pixels(draw, _ => new CrossEntropyOptions
        {
            HardThreshold = draw.Pick("threshold", 0.7, 0.05),
            HardMinimum = draw.Between("minimum", 0, 20),
        })) { Variant = "hard pixels" },
        new("UpsampledCrossEntropy.Apply", draw => Upsampled(draw)) { FloatTolerance = 2e-5, FloatGradientTolerance = 2e-5 },
        // Gradients before the normalisation are of order 1 / tau for each of the anchors, and cancel to those behind it.
        new("PixelContrast.Apply", draw =>
        {
            var (anchors, channels) = (draw.Extent("anchors", 9, 150), draw.Extent("c", 6, 70));
            var (classes, tau) = (draw.Extent("classes", 3, 6), draw.Pick("tau", 0.5, 0.1));
            draw.Alternating("embeddings", new Shape(anchors, channels));
            draw.Integers("labels", new Shape(anchors), classes);
            return t => Scale.Apply(PixelContrast.Apply(L2Normalize.Apply(t[0]), t[1], tau), anchors);
        }) { FloatGradientTolerance = 2e-5, GradCheckTolerance = 4e-6 },
    ];

    // Positions are known as in SpatialCases. No hard pixels: a loss near the threshold is on different sides in the two precisions.
    private static Func<Tensor[], Tensor> Upsampled(CaseDraw draw)
    {
        var (n, h, w) = (draw.Extent("n", 2, 3), draw.Extent("h", 4, 17), draw.Extent("w", 4, 17));
        var (outH, outW) = (draw.Extent("outH", 9, 60), draw.Extent("outW", 9, 60));
        var classes = draw.Extent("classes", 6, 30);
        var alignCorners = draw.Flag("alignCorners");
        var options = new CrossEntropyOptions
        {
            ClassWeights = draw.Flag("weights") ? [.. Enumerable.Range(0, classes).Select(c => 0.25 + c % 4)] : null,
            LabelSmoothing = draw.Pick("smoothing", 0, 0.1),
        };
        draw.Parameter("logits", new Shape(n, h, w, classes), gap: draw.Pick("gap", 0.0, 2.0));
        draw.Integers("labels", new Shape(n, outH, outW), classes, other: options.IgnoreIndex);
        return t => Scale.Apply(UpsampledCrossEntropy.Apply(t[0], t[1], alignCorners, options), t[1].Count);
    }

    private static Func<Tensor[], Tensor> Pixels(CaseDraw draw, Func<int, CrossEntropyOptions> options)
    {
        var (n, h, w) = (draw.Extent("n", 2, 3), draw.Extent("h", 5, 33), draw.Extent("w", 5, 33));
        var classes = draw.Extent("classes", 6, 30);
        var chosen = options(classes);
        draw.Parameter("logits", new Shape(n, h, w, classes), gap: draw.Pick("gap", 0.0, 2.0));
        draw.Integers("labels", new Shape(n, h, w), classes, other: chosen.IgnoreIndex);
        // Times the number of pixels, so that gradients are not small against the allowed error.
        return t => Scale.Apply(CrossEntropy.Apply(t[0], t[1], chosen), t[1].Count);
    }
}
