using IlgpuSeg.Ops;

namespace IlgpuSeg.SelfTest;

/// <summary>The non-local attention.</summary>
internal static class AttentionCases
{
    public static IEnumerable<OpCase> All =>
    [
        new("DisentangledAttention.Apply", draw =>
        {
            var (n, positions, keys) = (draw.Extent("n", 2, 2), draw.Extent("positions", 9, 90), draw.Extent("keys", 6, 40));
            var (keyChannels, channels) = (draw.Extent("keyChannels", 5, 40), draw.Extent("c", 5, 70));
            var scale = draw.Pick("scale", 1, 0.35);
            draw.Parameter("q", new Shape(n, positions, keyChannels));
            draw.Parameter("k", new Shape(n, keys, keyChannels));
            draw.Parameter("g", new Shape(n, keys, channels));
            draw.Parameter("m", new Shape(n, keys, 1));
            draw.Parameter("gamma", new Shape(1));
            return t => DisentangledAttention.Apply(t[0], t[1], t[2], t[3], t[4], scale);
        }),
    ];
}
