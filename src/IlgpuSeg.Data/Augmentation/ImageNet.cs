namespace IlgpuSeg.Data;

/// <summary>From bytes to the network's input: (value / 255 - mean) / std a channel, with ImageNet's statistics.</summary>
public static class ImageNet
{
    private static readonly float[] MeanValues = [0.485f, 0.456f, 0.406f];
    private static readonly float[] StdValues = [0.229f, 0.224f, 0.225f];

    /// <summary>Mean of red, green and blue, 0 to 1.</summary>
    public static ReadOnlySpan<float> Mean => MeanValues;

    /// <summary>Standard deviation of red, green and blue, 0 to 1.</summary>
    public static ReadOnlySpan<float> Std => StdValues;

    /// <summary>The factor of value * Scale + Offset for values of 0 to 255.</summary>
    internal static float Scale(int channel) => 1 / (255 * StdValues[channel]);

    /// <summary>The summand of value * Scale + Offset.</summary>
    internal static float Offset(int channel) => -MeanValues[channel] / StdValues[channel];

    /// <summary>Normalises values of 0 to 255, [pixels, 3], in place.</summary>
    internal static void Normalise(Span<float> values)
    {
        for (int i = 0; i < values.Length; i++) values[i] = values[i] * Scale(i % 3) + Offset(i % 3);
    }

    /// <summary>Normalises a whole picture.</summary>
    /// <param name="image">The picture.</param>
    /// <param name="destination">[Height, Width, 3].</param>
    public static void Normalise(RgbImage image, Span<float> destination)
    {
        var pixels = image.Pixels;
        destination = destination[..pixels.Length];
        var (s0, s1, s2) = (Scale(0), Scale(1), Scale(2));
        var (o0, o1, o2) = (Offset(0), Offset(1), Offset(2));
        for (int i = 0; i + 2 < pixels.Length; i += 3)
        {
            destination[i] = pixels[i] * s0 + o0;
            destination[i + 1] = pixels[i + 1] * s1 + o1;
            destination[i + 2] = pixels[i + 2] * s2 + o2;
        }
    }
}
