namespace IlgpuSeg.Data;

/// <summary>
/// One axis of a resized and cropped picture: for each place of the crop, the two source pixels that it lies between and the second one's
/// weight, and the nearest source pixel (-1 outside of the picture).
/// </summary>
internal readonly struct ResizeAxis
{
    public ResizeAxis(int source, int resized, int start, int crop, bool flip)
    {
        Low = new int[crop];
        High = new int[crop];
        Nearest = new int[crop];
        Weight = new float[crop];
        double step = (double)source / resized;
        for (int i = 0; i < crop; i++)
        {
            int at = start + (flip ? crop - 1 - i : i);
            if (at < 0 || at >= resized)
            {
                Nearest[i] = -1;
                continue;
            }
            double centre = (at + 0.5) * step;
            Nearest[i] = Math.Min((int)centre, source - 1);
            double position = Math.Clamp(centre - 0.5, 0, source - 1);
            Low[i] = (int)position;
            High[i] = Math.Min(Low[i] + 1, source - 1);
            Weight[i] = (float)(position - Low[i]);
        }
    }

    /// <summary>The places of the crop that lie in the picture, one after the other.</summary>
    public (int First, int Count) Inside => (Array.FindIndex(Nearest, n => n >= 0), Nearest.Count(n => n >= 0));

    public int[] Low { get; }

    public int[] High { get; }

    public int[] Nearest { get; }

    public float[] Weight { get; }
}
