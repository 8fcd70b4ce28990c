namespace IlgpuSeg.Data;

/// <summary>The rule for palettes that every codec's writer applies.</summary>
internal static class LabelPalette
{
    public static void Check(LabelMap labels, IReadOnlyList<Rgb> palette)
    {
        if (palette.Count is 0 or > 256)
            throw new ArgumentException($"a palette has 1 to 256 colours, not {palette.Count}", nameof(palette));
        int largest = 0;
        foreach (byte label in labels.Labels)
            largest = Math.Max(largest, label);
        if (largest >= palette.Count)
            throw new ArgumentException($"label {largest} has no colour in a palette of {palette.Count}", nameof(palette));
    }
}
