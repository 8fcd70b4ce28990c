using IlgpuSeg.Ops;

namespace IlgpuSeg.SelfTest;

/// <summary>Normalisations and softmax. Elements alternate in sign, so that no variance is near zero, where errors have no bound.</summary>
internal static class NormalizationCases
{
    public static IEnumerable<OpCase> All =>
    [
        new("BatchNorm.Apply", draw => Batch(draw, BatchNorm.Apply)),
        new("BatchNorm.ApplyRelu", draw => Batch(draw, BatchNorm.ApplyRelu)),
        new("LayerNorm.Apply", draw =>
        {
            var shape = draw.Image();
            draw.Alternating("x", shape);
            draw.Parameter("weight", new Shape(shape[3]));
            draw.Parameter("bias", new Shape(shape[3]));
            return t => LayerNorm.Apply(t[0], t[1], t[2]);
        }),
        new("L2Normalize.Apply", draw =>
        {
            draw.Alternating("x", draw.Image());
            return t => L2Normalize.Apply(t[0]);
        }),
        new("Softmax.Apply", draw =>
        {
            draw.Parameter("x", new Shape(draw.Extent("rows", 5, 200), draw.Extent("k", 9, 300)), gap: draw.Pick("gap", 0.0, 3.0));
            return t => Softmax.Apply(t[0]);
        }),
        new("Whiten.Apply", draw =>
        {
            draw.Parameter("x", new Shape(draw.Extent("n", 3, 3), draw.Extent("positions", 9, 300), draw.Extent("c", 5, 70)));
            return t => Whiten.Apply(t[0]);
        }),
    ];

    private delegate Tensor BatchNormalization(
        Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVar, bool training, double momentum, double eps);

    private static Func<Tensor[], Tensor[]> Batch(CaseDraw draw, BatchNormalization apply)
    {
        var training = draw.Flag("training");
        var n = draw.Extent("n", 3, 3);
        // Two pixels at least: one value per channel has no variance.
        var shape = new Shape(n, draw.Extent("h", 6, 33), draw.Extent("w", 6, 33) + (training ? 1 : 0), draw.Extent("c", 9, 70));
        draw.Alternating("x", shape);
        draw.Parameter("weight", new Shape(shape[3]), gap: 0.25);
        // Small offsets: no result comes near zero, where ReLU has no derivative.
        draw.Parameter("bias", new Shape(shape[3]), _ => draw.Element(-1.0 / 32, 1.0 / 32));
        draw.Constant("runningMean", new Shape(shape[3]), -0.25, 0.25);
        draw.Constant("runningVar", new Shape(shape[3]), 0.5, 2);
        return t =>
        {
            var (mean, variance) = (t[3].Clone(), t[4].Clone());
            return [apply(t[0], t[1], t[2], mean, variance, training, 0.1, 1e-5), mean, variance];
        };
    }
}
