using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>
/// The cross-entropy of logits that are up-sampled bilinearly to the labels' size: <see cref="CrossEntropy"/> of
/// <see cref="ResizeBilinear"/>, without ever storing the up-sampled logits, their softmax or their gradient.
/// </summary>
public static class UpsampledCrossEntropy
{
    private const string Op = "UpsampledCrossEntropy";

    /// <summary>The cross-entropy at the labels' size, with every option of <see cref="CrossEntropy"/>.</summary>
    /// <param name="logits">[N, h, w, K], floating-point.</param>
    /// <param name="labels">Int32 [N, H, W].</param>
    /// <param name="alignCorners">Which of PyTorch's two definitions of the up-sampling.</param>
    /// <param name="options">The options; the plain mean if null.</param>
    /// <returns>[1]; exactly 0, with zero gradient, where no pixel counts.</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">A label is neither a class nor ignored, or an option is out of range.</exception>
    public static Tensor Apply(Tensor logits, Tensor labels, bool alignCorners, CrossEntropyOptions? options = null)
    {
        options ??= new CrossEntropyOptions();
        if (MixedPrecision.Applies(PrecisionRule.Wide, logits))
            return MixedPrecision.Run(Op, PrecisionRule.Wide, [logits], t => Apply(t[0]!, labels, alignCorners, options));
        OpCheck.FloatingPoint(Op, "logits", logits);
        OpCheck.Int32(Op, "labels", labels);
        OpCheck.SameDevice(Op, logits, labels);
        OpCheck.Rank(Op, "logits", logits, 4);
        OpCheck.Rank(Op, "labels", labels, 3);
        if (logits.N != labels.N || logits.Length == 0 || labels.Length == 0)
        {
            throw new ShapeException(
                Op, "logits [N, h, w, K] and labels [N, H, W] must have one batch and not be empty", ("logits", logits.Shape),
                ("labels", labels.Shape));
        }
        options.Validate(logits.C);
        return logits.DType == DType.Float64
            ? Run<double, Real64>(logits, labels, alignCorners, options)
            : Run<float, Real32>(logits, labels, alignCorners, options);
    }

    private static Tensor Run<T, R>(Tensor logits, Tensor labels, bool alignCorners, CrossEntropyOptions options)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        CrossEntropy.CheckLabels(Op, labels, logits.C, options);
        if (options.HardThreshold is null) return new Pass<T, R>(logits, labels, alignCorners, options).Forward();
        using var losses = new Pass<T, R>(logits, labels, alignCorners, new() { IgnoreIndex = options.IgnoreIndex }).PixelLosses();
        using var hard = HardPixels.Select<T, R>(losses, labels, options);
        return new Pass<T, R>(logits, hard, alignCorners, options).Forward();
    }

    private sealed class Pass<T, R>
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        private readonly Tensor logits;
        private readonly Tensor labels;
        private readonly bool alignCorners;
        private readonly int ignored;
        private readonly double[] weights;
        private readonly SmoothingShares<T> shares;
        private readonly WindowShape shape;
        private readonly KernelHost host;

        public Pass(Tensor logits, Tensor labels, bool alignCorners, CrossEntropyOptions options)
        {
            (this.logits, this.labels, this.alignCorners) = (logits, labels, alignCorners);
            (ignored, host) = (options.IgnoreIndex, logits.Device.Kernels);
            shape = new WindowShape(logits.H, logits.W, labels.Shape[1], labels.Shape[2], logits.C);
            (weights, shares) = WeightedCrossEntropy<T, R>.Weights(options, logits.C);
        }

        /// <summary>The losses of single pixels, not divided.</summary>
        public Tensor PixelLosses()
        {
            using var classWeights = Tensor.FromDoubles(weights, [logits.C], logits.DType, logits.Device);
            using var peaks = Pixels();
            using var logSums = Pixels();
            using var pixelWeights = Pixels();
            var losses = Pixels();
            Loss(classWeights, peaks, logSums, losses, pixelWeights);
            return losses;
        }

        public Tensor Forward()
        {
            using var classWeights = Tensor.FromDoubles(weights, [logits.C], logits.DType, logits.Device);
            using var peaks = Pixels();
            using var logSums = Pixels();
            using var losses = Pixels();
            using var pixelWeights = Pixels();
            Loss(classWeights, peaks, logSums, losses, pixelWeights);
            using var total = Sum(pixelWeights);
            var loss = Sum(losses);
            CrossEntropyWeightedKernels.Divide(host, loss.View<T>(), total.View<T>(), loss.View<T>());
            return Autograd.Record(
                Op, loss, [logits], g => [Backward(g, classWeights, peaks, logSums, total)], logits, labels, classWeights, peaks, logSums,
                total);
        }

        private void Loss(Tensor classWeights, Tensor peaks, Tensor logSums, Tensor losses, Tensor pixelWeights) =>
            UpsampledLogitsKernels.Loss<T, R>(
                host, logits.View<T>(), labels.View<int>(), classWeights.View<T>(), peaks.View<T>(), logSums.View<T>(), losses.View<T>(),
                pixelWeights.View<T>(), shares, ignored, alignCorners, shape);

        private Tensor Backward(Tensor g, Tensor classWeights, Tensor peaks, Tensor logSums, Tensor total)
        {
            using var scale = Tensor.Empty([1], g.DType, g.Device);
            CrossEntropyWeightedKernels.Divide(host, g.View<T>(), total.View<T>(), scale.View<T>());
            var gradient = Tensor.Empty(logits.Shape, g.DType, g.Device);
            using var workspace = Tensor.Empty([ResizeKernels.WorkspaceLength(logits.N, alignCorners, shape)], g.DType, g.Device);
            using var ranges = Tensor.Empty([ResizeKernels.RangesLength(shape)], DType.Int32, g.Device);
            UpsampledLogitsKernels.Backward<T, R>(
                host, logits.View<T>(), labels.View<int>(), classWeights.View<T>(), peaks.View<T>(), logSums.View<T>(), scale.View<T>(),
                workspace.View<T>(), ranges.View<int>(), gradient.View<T>(), shares, ignored, alignCorners, shape);
            return gradient;
        }

        private Tensor Pixels() => Tensor.Empty(labels.Shape, logits.DType, logits.Device);

        private static Tensor Sum(Tensor x)
        {
            using var noGrad = Autograd.NoGrad();
            return Ops.Sum.Apply(x);
        }
    }
}
