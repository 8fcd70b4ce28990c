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

    /// <summary>Refuses impossible values.</summary>
    /// <exception cref="DataOptionException">A crop's side below 1, a scale that is not positive, or a probability outside 0 to
    /// 1.</exception>
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
    }
}
