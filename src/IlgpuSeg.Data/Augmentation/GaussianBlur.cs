namespace IlgpuSeg.Data;

/// <summary>
/// A Gaussian blur: along the rows, then along the columns, with weights out to three standard deviations that add up to 1. Beyond the
/// picture's edge its outermost pixels go on.
/// </summary>
internal static class GaussianBlur
{
    public static void Apply(CropPixels pixels, float sigma)
    {
        var weights = Weights(sigma);
        int radius = weights.Length / 2;
        // The rows around the one that is written, blurred along themselves; those above it are overwritten in the picture already.
        var rows = new float[weights.Length][];
        int read = 0;
        for (int y = 0; y < pixels.Height; y++)
        {
            for (; read <= Math.Min(y + radius, pixels.Height - 1); read++)
                AlongRow(pixels.Row(read), rows[read % rows.Length] ??= new float[pixels.Width * 3], weights);
            var to = pixels.Row(y);
            to.Clear();
            for (int k = 0; k < weights.Length; k++)
            {
                var from = rows[Math.Clamp(y + k - radius, 0, pixels.Height - 1) % rows.Length];
                for (int i = 0; i < to.Length; i++) to[i] += weights[k] * from[i];
            }
        }
    }

    internal static float[] Weights(float sigma)
    {
        int radius = (int)Math.Ceiling(3 * sigma);
        var bell = new double[2 * radius + 1];
        for (int k = 0; k < bell.Length; k++) bell[k] = Math.Exp(-0.5 * (k - radius) * (k - radius) / ((double)sigma * sigma));
        double sum = bell.Sum();
        return Array.ConvertAll(bell, b => (float)(b / sum));
    }

    private static void AlongRow(ReadOnlySpan<float> row, Span<float> to, float[] weights)
    {
        int radius = weights.Length / 2, last = row.Length / 3 - 1;
        for (int x = 0; x <= last; x++)
        {
            float r = 0, g = 0, b = 0;
            for (int k = 0; k < weights.Length; k++)
            {
                int from = 3 * Math.Clamp(x + k - radius, 0, last);
                r += weights[k] * row[from];
                g += weights[k] * row[from + 1];
                b += weights[k] * row[from + 2];
            }
            (to[3 * x], to[3 * x + 1], to[3 * x + 2]) = (r, g, b);
        }
    }
}
