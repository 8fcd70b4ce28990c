using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>
/// Counts of (true class, predicted class) over a whole split, in 64 bits; pixels with the ignored label are left out.
/// </summary>
public sealed class ConfusionMatrix
{
    private const string Op = "ConfusionMatrix";

    private readonly long[] counts;

    /// <summary>An empty matrix.</summary>
    /// <param name="classes">The number of classes, at least 1.</param>
    /// <param name="ignoreIndex">The label of pixels that are left out.</param>
    public ConfusionMatrix(int classes, int ignoreIndex = 255)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        Classes = classes;
        IgnoreIndex = ignoreIndex;
        counts = new long[classes * classes];
    }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>The label of pixels that are left out.</summary>
    public int IgnoreIndex { get; }

    /// <summary>Pixels of one class that were predicted as another (or the same).</summary>
    /// <param name="truth">The true class.</param>
    /// <param name="prediction">The predicted class.</param>
    public long this[int truth, int prediction] => counts[truth * Classes + prediction];

    /// <summary>All counts, [truth, prediction] in row-major order.</summary>
    public ReadOnlySpan<long> Counts => counts;

    /// <summary>Adds the pixels of a batch.</summary>
    /// <param name="labels">True classes, Int32, any shape.</param>
    /// <param name="predictions">Predicted classes, Int32, the same shape.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ArgumentException">A label or a prediction is no class; nothing was added.</exception>
    public void Add(Tensor labels, Tensor predictions)
    {
        OpCheck.Int32(Op, "labels", labels);
        OpCheck.Int32(Op, "predictions", predictions);
        OpCheck.SameDevice(Op, labels, predictions);
        if (labels.Shape != predictions.Shape)
        {
            throw new ShapeException(
                Op, "labels and predictions must have one shape", ("labels", labels.Shape), ("predictions", predictions.Shape));
        }
        if (labels.Length == 0) return;
        using var workspace = Tensor.Empty([ConfusionMatrixKernels.WorkspaceLength(labels.Count, Classes)], DType.Int32, labels.Device);
        using var added = Tensor.Empty([counts.Length + 1], DType.Int32, labels.Device);
        ConfusionMatrixKernels.Count(
            labels.Device.Kernels, labels.View<int>(), predictions.View<int>(), workspace.View<int>(), added.View<int>(), Classes,
            IgnoreIndex);
        Add(added.ToArray<int>());
    }

    /// <summary>Adds another matrix of the same classes.</summary>
    public void Add(ConfusionMatrix other)
    {
        if (other.Classes != Classes)
            throw new ArgumentException($"{Op}: {other.Classes} classes cannot be added to {Classes}.");
        for (var i = 0; i < counts.Length; i++) counts[i] += other.counts[i];
    }

    /// <summary>Starts anew.</summary>
    public void Clear() => Array.Clear(counts);

    private void Add(int[] added)
    {
        if (added[^1] > 0)
        {
            throw new ArgumentException(
                $"{Op}: {added[^1]} pixels have a label or a prediction outside 0..{Classes - 1} (and not the ignored {IgnoreIndex}).");
        }
        for (var i = 0; i < counts.Length; i++) counts[i] += added[i];
    }
}
