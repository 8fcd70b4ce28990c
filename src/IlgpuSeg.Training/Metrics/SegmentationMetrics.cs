namespace IlgpuSeg.Training;

/// <summary>
/// What a confusion matrix says: IoU = TP / (TP + FP + FN) per class, their mean over the classes that occur in prediction or truth,
/// pixel accuracy and mean accuracy. Ignored pixels are not in the matrix.
/// </summary>
public sealed class SegmentationMetrics
{
    private readonly long[] counts;

    /// <summary>Evaluates a matrix.</summary>
    /// <param name="classNames">The classes.</param>
    /// <param name="counts">Pixels by [truth, prediction], row-major, classes x classes.</param>
    /// <exception cref="ArgumentException">The matrix does not fit the classes.</exception>
    public SegmentationMetrics(IReadOnlyList<string> classNames, long[] counts)
    {
        var n = classNames.Count;
        if (counts.Length != n * n)
            throw new ArgumentException($"A confusion matrix of {n} classes has {n * n} entries, not {counts.Length}.");
        ClassNames = classNames;
        this.counts = counts;
        IoU = new double?[n];
        Accuracy = new double?[n];
        for (var c = 0; c < n; c++)
        {
            long hit = counts[c * n + c], truth = 0, predicted = 0;
            for (var k = 0; k < n; k++)
            {
                truth += counts[c * n + k];
                predicted += counts[k * n + c];
            }
            var union = truth + predicted - hit;
            IoU[c] = union == 0 ? null : (double)hit / union;
            Accuracy[c] = truth == 0 ? null : (double)hit / truth;
            Correct += hit;
            Pixels += truth;
        }
    }

    /// <summary>The classes.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>IoU per class; null for a class absent from both prediction and truth.</summary>
    public double?[] IoU { get; }

    /// <summary>The share of a class's true pixels that were found; null where there are none.</summary>
    public double?[] Accuracy { get; }

    /// <summary>The mean IoU over the classes that occur; 0 where none does.</summary>
    public double MeanIoU => IoU.Average() ?? 0;

    /// <summary>The mean of <see cref="Accuracy"/> over the classes in the truth.</summary>
    public double MeanAccuracy => Accuracy.Average() ?? 0;

    /// <summary>The share of correct pixels.</summary>
    public double PixelAccuracy => Pixels == 0 ? 0 : (double)Correct / Pixels;

    /// <summary>Correct pixels.</summary>
    public long Correct { get; }

    /// <summary>Pixels that count.</summary>
    public long Pixels { get; }

    /// <summary>Pixels of one true class that were predicted as another.</summary>
    public long this[int truth, int predicted] => counts[truth * ClassNames.Count + predicted];
}
