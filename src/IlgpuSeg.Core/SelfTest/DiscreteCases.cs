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
        new("Sgd.Step", draw =>
        {
            var shape = draw.Image();
            foreach (var name in new[] { "weight", "grad", "velocity" }) draw.Constant(name, shape);
            var (momentum, decay) = (draw.Pick("momentum", 0, 0.9), draw.Pick("decay", 0, 1e-2));
            return t =>
            {
                Sgd.Step(t[0], t[1], t[2], 0.1, momentum, decay);
                return (Tensor[])[t[0], t[2]];
            };
        }),
    ];

    private static Shape Labels(CaseDraw draw) =>
        new(draw.Extent("n", 3, 3), draw.Extent("h", 6, 60), draw.Extent("w", 6, 60));
}
