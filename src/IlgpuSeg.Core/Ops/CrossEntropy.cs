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
        var count = CountLabels(Op, labels, logits.C, options.IgnoreIndex);
        if (count == 0) return Zero(Op, logits);
        if (options.HardThreshold is null) return Run<T, R>(logits, labels, options, count);
        using var losses = HardPixels.OwnClassLosses<T, R>(logits, labels, options.IgnoreIndex);
        using var hard = HardPixels.Select<T, R>(losses, labels, options, count);
        return Run<T, R>(logits, hard, options, CountLabels(Op, hard, logits.C, options.IgnoreIndex));
    }

    private static Tensor Run<T, R>(Tensor logits, Tensor labels, CrossEntropyOptions options, int count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (count == 0) return Zero(Op, logits);
        return options.IsPlain
            ? Plain<T, R>(logits, labels, options.IgnoreIndex, count)
            : new WeightedCrossEntropy<T, R>(logits, labels, options).Forward();
    }

    /// <summary>The number of pixels that count.</summary>
    /// <exception cref="ArgumentException">A label is neither a class nor ignored.</exception>
    internal static int CountLabels(string op, Tensor labels, int classes, int ignoreIndex)
    {
        using var chunks = Tensor.Empty([2, CrossEntropyKernels.CountChunks], DType.Int32, labels.Device);
        CrossEntropyKernels.Count(labels.Device.Kernels, labels.View<int>(), chunks.View<int>(), classes, ignoreIndex);
        var counts = chunks.ToArray<int>();
        var invalid = counts.Skip(CrossEntropyKernels.CountChunks).Sum();
        if (invalid > 0)
        {
            throw new ArgumentException(
                $"{op}: {invalid} pixels have a label outside 0..{classes - 1} (and not the ignored {ignoreIndex}).");
        }
        return counts.Take(CrossEntropyKernels.CountChunks).Sum();
    }

    /// <summary>The loss where no pixel counts.</summary>
    internal static Tensor Zero(string op, Tensor logits)
    {
        var (shape, dtype, device) = (logits.Shape, logits.DType, logits.Device);
        return Autograd.Record(op, Tensor.Zeros([1], dtype, device), [logits], _ => [Tensor.Zeros(shape, dtype, device)]);
    }

    private static Tensor Plain<T, R>(Tensor logits, Tensor labels, int ignoreIndex, int count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (host, classes, pixels) = (logits.Device.Kernels, logits.C, labels.Count);
        using var peaks = Tensor.Empty(labels.Shape, logits.DType, logits.Device);
        using var logSums = Tensor.Empty(labels.Shape, logits.DType, logits.Device);
        using var losses = Tensor.Empty(labels.Shape, logits.DType, logits.Device);
        CrossEntropyKernels.Forward<T, R>(
            host, logits.View<T>(), labels.View<int>(), peaks.View<T>(), logSums.View<T>(), losses.View<T>(), classes, ignoreIndex);
        var loss = Tensor.Empty([1], logits.DType, logits.Device);
        using var workspace = Tensor.Empty([FlatReduction.WorkspaceLength(pixels)], logits.DType, logits.Device);
        FlatReduction.Sum<T, R>(host, losses.View<T>(), workspace.View<T>(), loss.View<T>());
        ElementwiseKernels.Scale(host, loss.View<T>(), R.FromDouble(1.0 / count), loss.View<T>());
        return Autograd.Record(Op, loss, [logits], g =>
        {
            using var scale = Tensor.Empty([1], g.DType, g.Device);
            ElementwiseKernels.Scale(host, g.View<T>(), R.FromDouble(1.0 / count), scale.View<T>());
            var gradient = Tensor.Empty(logits.Shape, g.DType, g.Device);
            CrossEntropyKernels.Backward<T, R>(
                host, logits.View<T>(), labels.View<int>(), peaks.View<T>(), logSums.View<T>(), scale.View<T>(), gradient.View<T>(),
                classes, ignoreIndex);
            return [gradient];
        }, logits, labels, peaks, logSums);
    }
}
