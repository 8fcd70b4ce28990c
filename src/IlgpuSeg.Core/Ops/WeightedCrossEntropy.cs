using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The cross-entropy with class weights and label smoothing, divided by the sum of the pixels' weights.</summary>
internal sealed class WeightedCrossEntropy<T, R>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    private readonly Tensor logits;
    private readonly Tensor labels;
    private readonly int ignored;
    private readonly double[] weights;
    private readonly SmoothingShares<T> shares;
    private readonly KernelHost host;

    public WeightedCrossEntropy(Tensor logits, Tensor labels, CrossEntropyOptions options)
    {
        (this.logits, this.labels, ignored, host) = (logits, labels, options.IgnoreIndex, logits.Device.Kernels);
        (weights, shares) = Weights(options, logits.C);
    }

    /// <summary>The classes' weights, and how the own and all classes share in a pixel's loss.</summary>
    public static (double[] Weights, SmoothingShares<T> Shares) Weights(CrossEntropyOptions options, int classes)
    {
        double[] weights = options.ClassWeights is { } given ? [.. given] : [.. Enumerable.Repeat(1.0, classes)];
        return (weights, new SmoothingShares<T>(
            R.FromDouble(1 - options.LabelSmoothing), R.FromDouble(options.LabelSmoothing / classes), R.FromDouble(weights.Sum())));
    }

    public Tensor Forward()
    {
        using var classWeights = Tensor.FromDoubles(weights, [logits.C], logits.DType, logits.Device);
        using var peaks = Pixels();
        using var logSums = Pixels();
        using var losses = Pixels();
        using var pixelWeights = Pixels();
        CrossEntropyWeightedKernels.Forward<T, R>(
            host, logits.View<T>(), labels.View<int>(), classWeights.View<T>(), peaks.View<T>(), logSums.View<T>(), losses.View<T>(),
            pixelWeights.View<T>(), shares, ignored);
        using var total = Sum(pixelWeights);
        var loss = Sum(losses);
        CrossEntropyWeightedKernels.Divide(host, loss.View<T>(), total.View<T>(), loss.View<T>());
        return Autograd.Record(
            "CrossEntropy", loss, [logits], g => [Backward(g, classWeights, peaks, logSums, total)], logits, labels, classWeights, peaks,
            logSums, total);
    }

    private Tensor Backward(Tensor g, Tensor classWeights, Tensor peaks, Tensor logSums, Tensor total)
    {
        using var scale = Tensor.Empty([1], g.DType, g.Device);
        CrossEntropyWeightedKernels.Divide(host, g.View<T>(), total.View<T>(), scale.View<T>());
        var gradient = Tensor.Empty(logits.Shape, g.DType, g.Device);
        CrossEntropyWeightedKernels.Backward<T, R>(
            host, logits.View<T>(), labels.View<int>(), classWeights.View<T>(), peaks.View<T>(), logSums.View<T>(), scale.View<T>(),
            gradient.View<T>(), shares, ignored);
        return gradient;
    }

    private Tensor Pixels() => Tensor.Empty(labels.Shape, logits.DType, logits.Device);

    private Tensor Sum(Tensor x)
    {
        using var noGrad = Autograd.NoGrad();
        return Ops.Sum.Apply(x);
    }
}
