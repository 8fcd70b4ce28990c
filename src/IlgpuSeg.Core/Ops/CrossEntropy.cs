using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Softmax cross-entropy of pixels, the mean over those that are not ignored (the training description's CE).</summary>
public static class CrossEntropy
{
    private const string Op = "CrossEntropy";

    /// <summary>
    /// The mean of -log softmax(logits)[label] over the pixels whose label is not <paramref name="ignoreIndex"/>; exactly 0, with zero
    /// gradient, where there are none.
    /// </summary>
    /// <param name="logits">[N, H, W, K] or any [..., K], floating-point.</param>
    /// <param name="labels">Int32 [N, H, W], the shape of logits without its last axis.</param>
    /// <param name="ignoreIndex">The label of pixels that do not count.</param>
    /// <returns>[1].</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">A label is neither a class nor ignored.</exception>
    public static Tensor Apply(Tensor logits, Tensor labels, int ignoreIndex = 255) =>
        Apply(logits, labels, new CrossEntropyOptions { IgnoreIndex = ignoreIndex });

    /// <summary>The cross-entropy with class weights, label smoothing and a choice of hard pixels, each as PyTorch users know it.</summary>
    /// <param name="logits">[N, H, W, K] or any [..., K], floating-point.</param>
    /// <param name="labels">Int32 [N, H, W], the shape of logits without its last axis.</param>
    /// <param name="options">The options.</param>
    /// <returns>[1]; exactly 0, with zero gradient, where no pixel counts.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">A label is neither a class nor ignored, or an option is out of range.</exception>
    public static Tensor Apply(Tensor logits, Tensor labels, CrossEntropyOptions options)
    {
        if (MixedPrecision.Applies(PrecisionRule.Wide, logits))
            return MixedPrecision.Run(Op, PrecisionRule.Wide, [logits], t => Apply(t[0]!, labels, options));
        OpCheck.FloatingPoint(Op, "logits", logits);
        OpCheck.Int32(Op, "labels", labels);
        OpCheck.SameDevice(Op, logits, labels);
        if (logits.Shape.Rank == 0 || logits.Length == 0)
            throw new ShapeException(Op, "logits must have at least one axis and one element", ("logits", logits.Shape));
        if (labels.Shape != new Shape(logits.Shape.ToArray().AsSpan()[..^1]))
        {
            throw new ShapeException(
                Op, "labels must have the shape of logits without its last axis", ("logits", logits.Shape), ("labels", labels.Shape));
        }
        options.Validate(logits.C);
        return logits.DType == DType.Float64 ? Run<double, Real64>(logits, labels, options) : Run<float, Real32>(logits, labels, options);
    }

    private static Tensor Run<T, R>(Tensor logits, Tensor labels, CrossEntropyOptions options)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        using var counts = Counts(labels, logits.C, options.IgnoreIndex);
        if (options.CheckLabels) CheckLabels(Op, counts, logits.C, options.IgnoreIndex);
        if (options.HardThreshold is null) return Mean<T, R>(logits, labels, counts, options);
        using var losses = HardPixels.OwnClassLosses<T, R>(logits, labels, options.IgnoreIndex);
        using var hard = HardPixels.Select<T, R>(losses, labels, options);
        using var hardCounts = Counts(hard, logits.C, options.IgnoreIndex);
        return Mean<T, R>(logits, hard, hardCounts, options);
    }

    private static Tensor Mean<T, R>(Tensor logits, Tensor labels, Tensor counts, CrossEntropyOptions options)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        options.IsPlain
            ? Plain<T, R>(logits, labels, options.IgnoreIndex, counts)
            : new WeightedCrossEntropy<T, R>(logits, labels, options).Forward();

    private static Tensor Counts(Tensor labels, int classes, int ignoreIndex)
    {
        var counts = Tensor.Empty([2, CrossEntropyKernels.CountChunks], DType.Int32, labels.Device);
        CrossEntropyKernels.Count(labels.Device.Kernels, labels.View<int>(), counts.View<int>(), classes, ignoreIndex);
        return counts;
    }

    /// <summary>Refuses labels that are neither classes nor ignored, where the options ask for it.</summary>
    /// <exception cref="ArgumentException">There are such labels.</exception>
    internal static void CheckLabels(string op, Tensor labels, int classes, CrossEntropyOptions options)
    {
        if (!options.CheckLabels) return;
        using var counts = Counts(labels, classes, options.IgnoreIndex);
        CheckLabels(op, counts, classes, options.IgnoreIndex);
    }

    private static void CheckLabels(string op, Tensor counts, int classes, int ignoreIndex)
    {
        var invalid = counts.ToArray<int>().Skip(CrossEntropyKernels.CountChunks).Sum();
        if (invalid > 0)
        {
            throw new ArgumentException(
                $"{op}: {invalid} pixels have a label outside 0..{classes - 1} (and not the ignored {ignoreIndex}).");
        }
    }

    private static Tensor Plain<T, R>(Tensor logits, Tensor labels, int ignoreIndex, Tensor counts)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (host, classes, pixels) = (logits.Device.Kernels, logits.C, labels.Count);
        using var peaks = Tensor.Empty(labels.Shape, logits.DType, logits.Device);
        using var logSums = Tensor.Empty(labels.Shape, logits.DType, logits.Device);
        using var losses = Tensor.Empty(labels.Shape, logits.DType, logits.Device);
        CrossEntropyKernels.Forward<T, R>(
            host, logits.View<T>(), labels.View<int>(), peaks.View<T>(), logSums.View<T>(), losses.View<T>(), classes, ignoreIndex);
        // The count stays on the device; where it is 0, so is every loss, and the mean is 0 with zero gradient.
        using var total = Tensor.Empty([1], logits.DType, logits.Device);
        CrossEntropyKernels.Total<T, R>(host, counts.View<int>(), total.View<T>());
        var loss = Tensor.Empty([1], logits.DType, logits.Device);
        using var workspace = Tensor.Empty([FlatReduction.WorkspaceLength(pixels)], logits.DType, logits.Device);
        FlatReduction.Sum<T, R>(host, losses.View<T>(), workspace.View<T>(), loss.View<T>());
        CrossEntropyWeightedKernels.Divide(host, loss.View<T>(), total.View<T>(), loss.View<T>());
        return Autograd.Record(Op, loss, [logits], g =>
        {
            using var scale = Tensor.Empty([1], g.DType, g.Device);
            CrossEntropyWeightedKernels.Divide(host, g.View<T>(), total.View<T>(), scale.View<T>());
            var gradient = Tensor.Empty(logits.Shape, g.DType, g.Device);
            CrossEntropyKernels.Backward<T, R>(
                host, logits.View<T>(), labels.View<int>(), peaks.View<T>(), logSums.View<T>(), scale.View<T>(), gradient.View<T>(),
                classes, ignoreIndex);
            return [gradient];
        }, logits, labels, peaks, logSums, total);
    }
}
