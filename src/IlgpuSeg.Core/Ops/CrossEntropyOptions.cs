namespace IlgpuSeg.Ops;

/// <summary>The options of the cross-entropy; the default is the plain mean over the pixels that are not ignored.</summary>
public sealed record CrossEntropyOptions
{
    /// <summary>The label of pixels that do not count.</summary>
    public int IgnoreIndex { get; init; } = 255;

    /// <summary>
    /// One weight per class, not negative: a pixel counts as much as its class weighs, in the loss and in what it is divided by.
    /// Null for all 1.
    /// </summary>
    public IReadOnlyList<double>? ClassWeights { get; init; }

    /// <summary>The share of the target that is spread over all classes, in [0, 1).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>
    /// Online hard example mining: only pixels whose own class has a lower probability than this count (0.7 is usual). Null for all pixels.
    /// </summary>
    public double? HardThreshold { get; init; }

    /// <summary>
    /// With <see cref="HardThreshold"/>, at least so many of the hardest pixels of a batch count (or all, if there are fewer).
    /// </summary>
    public int HardMinimum { get; init; } = 100_000;

    /// <summary>
    /// Whether labels that are neither classes nor ignored are refused, for which the host waits for the device; where false they are ignored.
    /// </summary>
    public bool CheckLabels { get; init; } = true;

    /// <summary>Whether there is nothing but <see cref="IgnoreIndex"/> to heed.</summary>
    internal bool IsPlain => ClassWeights is null && LabelSmoothing == 0;

    /// <summary>Checks the options.</summary>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public void Validate(int classes)
    {
        if (ClassWeights is { } weights && (weights.Count != classes || !weights.All(w => w >= 0 && double.IsFinite(w))))
        {
            throw new ArgumentException(
                $"CrossEntropy: there must be {classes} class weights, none negative; got [{string.Join(", ", weights)}].");
        }
        if (!(LabelSmoothing >= 0 && LabelSmoothing < 1))
            throw new ArgumentException($"CrossEntropy: the label smoothing must lie in [0, 1), but is {LabelSmoothing}.");
        if (HardThreshold is { } threshold && !(threshold > 0 && threshold <= 1))
            throw new ArgumentException($"CrossEntropy: the threshold of hard pixels must lie in (0, 1], but is {threshold}.");
        if (HardMinimum < 0)
            throw new ArgumentException($"CrossEntropy: the least number of hard pixels must not be negative, but is {HardMinimum}.");
    }
}
