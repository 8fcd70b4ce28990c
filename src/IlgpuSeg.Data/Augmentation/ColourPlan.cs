namespace IlgpuSeg.Data;

/// <summary>What was drawn for the colours of one training crop.</summary>
/// <param name="Brightness">The factor of all values.</param>
/// <param name="Contrast">The factor of the distances from the crop's mean grey.</param>
/// <param name="Saturation">The factor of the distances from each pixel's grey.</param>
/// <param name="Order">Which of the six orders the three changes come in.</param>
/// <param name="BlurSigma">The standard deviation of the blur in pixels; 0 for none.</param>
internal readonly record struct ColourPlan(float Brightness, float Contrast, float Saturation, int Order, float BlurSigma)
{
    public const int Orders = 6;

    public static ColourPlan Draw(AugmentationOptions options, SeededRandom random)
    {
        var brightness = Factor(options.Brightness);
        var contrast = Factor(options.Contrast);
        var saturation = Factor(options.Saturation);
        var order = random.Next(Orders);
        var sigma = random.Between(options.MinBlurSigma, options.MaxBlurSigma);
        return new ColourPlan(brightness, contrast, saturation, order, random.Chance(options.BlurProbability) ? (float)sigma : 0);

        float Factor(double change) => (float)random.Between(1 - change, 1 + change);
    }

    /// <summary>Changes the colours, then blurs.</summary>
    public void Apply(CropPixels pixels)
    {
        foreach (var change in "BCS BSC CBS CSB SBC SCB".AsSpan(4 * Order, 3))
        {
            if (change == 'B') ColourJitter.Brightness(pixels, Brightness);
            else if (change == 'C') ColourJitter.Contrast(pixels, Contrast);
            else ColourJitter.Saturation(pixels, Saturation);
        }
        if (BlurSigma > 0) GaussianBlur.Apply(pixels, BlurSigma);
    }
}
