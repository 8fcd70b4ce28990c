namespace IlgpuSeg.Data;

/// <summary>
/// Changes of brightness, contrast and saturation as torchvision's ColorJitter defines them: each blends the picture with another one
/// (black, its mean grey, its grey version), value = factor * value + (1 - factor) * other, and keeps values within 0 to 255.
/// </summary>
internal static class ColourJitter
{
    private const float White = 255;

    public static void Brightness(CropPixels pixels, float factor)
    {
        if (factor == 1) return;
        for (int y = 0; y < pixels.Height; y++)
        {
            foreach (ref float value in pixels.Row(y)) value = Blend(value, 0, factor);
        }
    }

    public static void Contrast(CropPixels pixels, float factor)
    {
        if (factor == 1) return;
        float mean = MeanGrey(pixels);
        for (int y = 0; y < pixels.Height; y++)
        {
            foreach (ref float value in pixels.Row(y)) value = Blend(value, mean, factor);
        }
    }

    public static void Saturation(CropPixels pixels, float factor)
    {
        if (factor == 1) return;
        for (int y = 0; y < pixels.Height; y++)
        {
            var row = pixels.Row(y);
            for (int i = 0; i < row.Length; i += 3)
            {
                float grey = Grey(row[i], row[i + 1], row[i + 2]);
                for (int c = i; c < i + 3; c++) row[c] = Blend(row[c], grey, factor);
            }
        }
    }

    private static float MeanGrey(CropPixels pixels)
    {
        double sum = 0;
        for (int y = 0; y < pixels.Height; y++)
        {
            var row = pixels.Row(y);
            for (int i = 0; i < row.Length; i += 3) sum += Grey(row[i], row[i + 1], row[i + 2]);
        }
        return (float)(sum / ((double)pixels.Width * pixels.Height));
    }

    private static float Blend(float value, float other, float factor) => Math.Clamp(factor * value + (1 - factor) * other, 0, White);

    // ITU-R BT.601's luma, with the digits that torchvision uses.
    private static float Grey(float r, float g, float b) => 0.2989f * r + 0.587f * g + 0.114f * b;
}
