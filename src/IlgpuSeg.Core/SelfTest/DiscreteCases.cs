using IlgpuSeg.Ops;

namespace IlgpuSeg.SelfTest;

/// <summary>Operations without gradient: on labels, and the optimiser's step.</summary>
internal static class DiscreteCases
{
    public static IEnumerable<OpCase> All =>
    [
        new("ArgMax.Apply", draw =>
        {
            draw.Constant("logits", draw.Image());
            return t => ArgMax.Apply(t[0]);
        }),
        new("ResizeNearest.Labels", draw =>
        {
            draw.Integers("labels", Labels(draw), 19);
            var (h, w) = (draw.Extent("outH", 12, 70), draw.Extent("outW", 12, 70));
            return t => ResizeNearest.Labels(t[0], h, w);
        }),
        new("ConfusionMatrix.Add", draw =>
        {
            var (shape, classes) = (Labels(draw), draw.Extent("classes", 4, 30));
            draw.Integers("labels", shape, classes, other: 255);
            draw.Integers("predictions", shape, classes);
            return t =>
            {
                var matrix = new ConfusionMatrix(classes);
                matrix.Add(t[0], t[1]);
                return Tensor.From(Array.ConvertAll(matrix.Counts.ToArray(), count => (double)count), new Shape(classes, classes));
            };
        }),
        new("AnchorSelection.Draw", draw =>
        {
            var (shape, classes) = (Labels(draw), draw.Extent("classes", 4, 19));
            draw.Integers("labels", shape, classes, other: 255);
            draw.Integers("predictions", shape, classes);
            var (samples, views) = (draw.Extent("samples", 20, 300), draw.Extent("views", 4, 40));
            return t =>
            {
                var (indices, labels) = AnchorSelection.Draw(t[1], t[0], classes, 255, samples, views, new Philox(5));
                return (Tensor[])[indices, labels];
            };
        }),
        new("Sgd.Step", draw =>
        {
            var (weights, grads, velocities) = (Tensors(draw, "weight"), Tensors(draw, "grad"), Tensors(draw, "velocity"));
            var (momentum, decay, nesterov) = (draw.Pick("momentum", 0, 0.9), draw.Pick("decay", 0, 1e-2), draw.Pick("nesterov", 0, 1));
            return t =>
            {
                Sgd.Step(
                    t[weights], t[grads], t[velocities], [.. t[weights].Select((_, i) => i * decay)],
                    new SgdRates(0.1, momentum, nesterov == 1));
                return (Tensor[])[.. t[weights], .. t[velocities]];
            };
        }),
        new("GradientNorm.Apply", draw =>
        {
            var grads = Tensors(draw, "grad");
            return t => GradientNorm.Apply(t[grads]);
        }),
        new("GradientNorm.ClipScale", draw =>
        {
            draw.Constant("norm", new Shape(1));
            var limit = draw.Pick("limit", 0.5, 1e3);
            return t => GradientNorm.ClipScale(GradientNorm.Apply([t[0]]), limit);
        }),
        new("MovingAverage.Step", draw =>
        {
            var (averages, values) = (Tensors(draw, "average"), Tensors(draw, "value"));
            return t =>
            {
                MovingAverage.Step(t[averages], t[values], 0.875);
                return t[averages];
            };
        }),
    ];

    /// <summary>Tensors of fixed lengths, more than a launch takes, after those drawn before; returns which inputs they are.</summary>
    private static Range Tensors(CaseDraw draw, string name)
    {
        var first = draw.Inputs.Count;
        foreach (var length in new[] { 1, 130, 7, 64, 1, 33, 5, 2, 515, 3 }) draw.Constant($"{name}{length}", new Shape(length));
        return first..draw.Inputs.Count;
    }

    private static Shape Labels(CaseDraw draw) =>
        new(draw.Extent("n", 3, 3), draw.Extent("h", 6, 60), draw.Extent("w", 6, 60));
}
