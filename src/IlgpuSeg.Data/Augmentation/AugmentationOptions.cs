namespace IlgpuSeg.Data;

/// <summary>What happens to a training sample on its way into a batch; the defaults are the paper's.</summary>
public sealed record AugmentationOptions
{
    /// <summary>Height of every training crop, in pixels.</summary>
    public required int CropHeight { get; init; }

    /// <summary>Width of every training crop, in pixels.</summary>
    public required int CropWidth { get; init; }

    /// <summary>Probability of a horizontal flip.</summary>
    public double FlipProbability { get; init; } = 0.5;

    /// <summary>Smallest factor of the random resizing.</summary>
    public double MinScale { get; init; } = 0.5;

    /// <summary>Largest factor of the random resizing.</summary>
    public double MaxScale { get; init; } = 2.0;

    /// <summary>The brightness is multiplied by a factor of 1 - this to 1 + this; 0 leaves it.</summary>
    public double Brightness { get; init; }

    /// <summary>The contrast (distances from the crop's mean grey) is multiplied by a factor of 1 - this to 1 + this; 0 leaves it.</summary>
    public double Contrast { get; init; }

    /// <summary>The saturation (distances from a pixel's own grey) is multiplied by a factor of 1 - this to 1 + this; 0 leaves it.</summary>
    public double Saturation { get; init; }

    /// <summary>Probability of a Gaussian blur.</summary>
    public double BlurProbability { get; init; }

    /// <summary>Smallest standard deviation of the blur, in pixels of the crop.</summary>
    public double MinBlurSigma { get; init; } = 0.1;

    /// <summary>Largest standard deviation of the blur, in pixels of the crop.</summary>
    public double MaxBlurSigma { get; init; } = 2.0;

    /// <summary>Whether anything changes a crop's colours.</summary>
    internal bool ChangesColours => Brightness > 0 || Contrast > 0 || Saturation > 0 || BlurProbability > 0;

    /// <summary>Refuses impossible values.</summary>
    /// <exception cref="DataOptionException">A crop's side below 1, a scale or a blur that is not positive, a probability or a change of
    /// colours outside 0 to 1.</exception>
    public void Validate()
    {
        if (CropHeight < 1 || CropWidth < 1)
            throw new DataOptionException("crop", $"{CropHeight}x{CropWidth} (height x width) is impossible; both must be at least 1");
        if ((long)CropHeight * CropWidth * 3 > Array.MaxLength)
            throw new DataOptionException("crop", $"{CropHeight}x{CropWidth} (height x width) is too large");
        if (!(MinScale > 0) || !(MaxScale >= MinScale) || MaxScale > 100)
            throw new DataOptionException("scale", $"[{MinScale}, {MaxScale}] is impossible; 0 < smallest <= largest <= 100 is needed");
        if (!(FlipProbability >= 0 && FlipProbability <= 1))
            throw new DataOptionException("flip", $"{FlipProbability} is no probability (0 to 1)");
        RequireShare("brightness", Brightness);
        RequireShare("contrast", Contrast);
        RequireShare("saturation", Saturation);
        if (!(BlurProbability >= 0 && BlurProbability <= 1))
            throw new DataOptionException("blur", $"{BlurProbability} is no probability (0 to 1)");
        if (!(MinBlurSigma > 0) || !(MaxBlurSigma >= MinBlurSigma) || MaxBlurSigma > 100)
        {
            throw new DataOptionException(
                "blur_sigma", $"[{MinBlurSigma}, {MaxBlurSigma}] is impossible; 0 < smallest <= largest <= 100 is needed");
        }
    }

    private static void RequireShare(string key, double value)
    {
        if (!(value >= 0 && value <= 1)) throw new DataOptionException(key, $"{value} is impossible; 0 (no change) to 1 is needed");
    }
}
