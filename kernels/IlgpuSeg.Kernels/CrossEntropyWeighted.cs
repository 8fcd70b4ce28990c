// Cross-entropy with class weights w and label smoothing e over K classes, as PyTorch defines it:
//
//   loss_p = (1 - e) w_y (-log p_y) + e/K * sum over c of w_c (-log p_c)         loss = sum of loss_p / sum of w_y
//   dx_c   = ((1 - e) w_y + e/K * sum of w) p_c - e/K * w_c - (1 - e) w_y [c = y]      (times the loss's gradient / sum of w_y)
//
// Memory: as CrossEntropy.cs, and one number per pixel for w_y. Accumulation: a pixel's classes in order in T.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>How classes and other classes count in a cross-entropy.</summary>
/// <param name="Own">The share of the pixel's own class, 1 - smoothing.</param>
/// <param name="Others">The share of each class, smoothing / classes.</param>
/// <param name="TotalWeight">The sum of the class weights.</param>
public readonly record struct SmoothingShares<T>(T Own, T Others, T TotalWeight)
    where T : unmanaged;

/// <summary>Cross-entropy with class weights and label smoothing.</summary>
public static class CrossEntropyWeightedKernels
{
    internal static void ForwardKernel<T, R>(
        ArrayView<T> logits, ArrayView<int> labels, ArrayView<T> classWeights, ArrayView<T> peaks, ArrayView<T> logSums,
        ArrayView<T> losses, ArrayView<T> pixelWeights, T own, T others, T totalWeight, int pixels, int classes, int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var p = Grid.IdxX * Group.DimX + Group.IdxX;
        if (p >= pixels) return;
        var first = p * classes;
        var peak = logits[first];
        for (var c = 1; c < classes; c++)
            peak = R.Max(peak, logits[first + c]);
        var sum = T.Zero;
        var weighted = T.Zero;
        for (var c = 0; c < classes; c++)
        {
            var x = logits[first + c] - peak;
            sum += R.Exp(x);
            weighted = R.Fma(classWeights[c], x, weighted);
        }
        var logSum = R.Log(sum);
        var label = labels[p];
        var loss = T.Zero;
        var weight = T.Zero;
        if (CrossEntropyKernels.IsCounted(label, classes, ignored))
        {
            weight = classWeights[label];
            loss = own * weight * (logSum - (logits[first + label] - peak)) + others * (totalWeight * logSum - weighted);
        }
        peaks[p] = peak;
        logSums[p] = logSum;
        losses[p] = loss;
        pixelWeights[p] = weight;
    }

    // Rows are pixels. scale[0] is the loss's gradient divided by the sum of the pixels' weights.
    internal static void BackwardKernel<T, R>(
        ArrayView<T> logits, ArrayView<int> labels, ArrayView<T> classWeights, ArrayView<T> peaks, ArrayView<T> logSums, ArrayView<T> scale,
        ArrayView<T> gradient, T own, T others, T totalWeight, int pixels, int classes, int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var p = ChannelLoop.Row;
        if (p >= pixels) return;
        var label = labels[p];
        var factor = T.Zero;
        var hit = T.Zero;
        if (CrossEntropyKernels.IsCounted(label, classes, ignored))
        {
            factor = scale[0];
            hit = own * classWeights[label];
        }
        var all = R.Fma(others, totalWeight, hit);
        for (var c = ChannelLoop.First; c < classes; c += ChannelLoop.Step)
        {
            var value = all * R.Exp(logits[p * classes + c] - peaks[p] - logSums[p]) - others * classWeights[c];
            if (c == label) value -= hit;
            gradient[p * classes + c] = value * factor;
        }
    }

    // y = x / divisor, or 0 where nothing has weight.
    internal static void DivideKernel<T>(ArrayView<T> x, ArrayView<T> divisor, ArrayView<T> y)
        where T : unmanaged, INumber<T>
    {
        if (Grid.IdxX * Group.DimX + Group.IdxX > 0) return;
        y[0] = divisor[0] > T.Zero ? x[0] / divisor[0] : T.Zero;
    }

    /// <summary>The weighted loss of each pixel, and its class's weight; both 0 where the label is ignored or no class.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="logits">[pixels, classes].</param>
    /// <param name="labels">[pixels].</param>
    /// <param name="classWeights">[classes].</param>
    /// <param name="peaks">[pixels], receives the largest logit.</param>
    /// <param name="logSums">[pixels], receives log sum exp(x - peak).</param>
    /// <param name="losses">[pixels], receives the losses.</param>
    /// <param name="pixelWeights">[pixels], receives the weights of the pixels' classes.</param>
    /// <param name="shares">The shares of the own and of all classes.</param>
    /// <param name="ignored">The id of ignored pixels.</param>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> logits, ArrayView<int> labels, ArrayView<T> classWeights, ArrayView<T> peaks, ArrayView<T> logSums,
        ArrayView<T> losses, ArrayView<T> pixelWeights, SmoothingShares<T> shares, int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<
            ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, T, T, int, int, int>(
            ForwardKernel<T, R>))(
            host.Linear(labels.IntLength), logits, labels, classWeights, peaks, logSums, losses, pixelWeights, shares.Own, shares.Others,
            shares.TotalWeight, labels.IntLength, classWeights.IntLength, ignored);

    /// <summary>The gradient of the logits.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="logits">[pixels, classes].</param>
    /// <param name="labels">[pixels].</param>
    /// <param name="classWeights">[classes].</param>
    /// <param name="peaks">From <see cref="Forward"/>.</param>
    /// <param name="logSums">From <see cref="Forward"/>.</param>
    /// <param name="scale">One element: the gradient of the loss divided by the sum of the pixels' weights.</param>
    /// <param name="gradient">[pixels, classes], receives the gradient.</param>
    /// <param name="shares">As in forward.</param>
    /// <param name="ignored">The id of ignored pixels.</param>
    public static void Backward<T, R>(
        KernelHost host, ArrayView<T> logits, ArrayView<int> labels, ArrayView<T> classWeights, ArrayView<T> peaks, ArrayView<T> logSums,
        ArrayView<T> scale, ArrayView<T> gradient, SmoothingShares<T> shares, int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<
            ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, T, T, int, int, int>(
            BackwardKernel<T, R>))(
            ChannelLoop.Shared(host, labels.IntLength, classWeights.IntLength), logits, labels, classWeights, peaks, logSums, scale,
            gradient, shares.Own, shares.Others, shares.TotalWeight, labels.IntLength, classWeights.IntLength, ignored);

    /// <summary>y[0] = x[0] / divisor[0], or 0 where the divisor is not positive.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">One element.</param>
    /// <param name="divisor">One element.</param>
    /// <param name="y">One element; may be x.</param>
    public static void Divide<T>(KernelHost host, ArrayView<T> x, ArrayView<T> divisor, ArrayView<T> y)
        where T : unmanaged, INumber<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>>(DivideKernel))(host.Linear(1), x, divisor, y);
}
