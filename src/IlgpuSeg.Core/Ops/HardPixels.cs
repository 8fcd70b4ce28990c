using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>
/// Online hard example mining: keeps the pixels whose own class has a probability below a threshold, and raises the threshold where
/// fewer than a minimum would be kept, so that the hardest ones make it up.
/// </summary>
internal static class HardPixels
{
    /// <summary>The labels, with all but the hard pixels ignored.</summary>
    /// <param name="losses">-log of each pixel's probability of its own class.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="options">Threshold and minimum.</param>
    public static Tensor Select<T, R>(Tensor losses, Tensor labels, CrossEntropyOptions options)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (host, ignored) = (losses.Device.Kernels, options.IgnoreIndex);
        var kept = Tensor.Empty(labels.Shape, DType.Int32, labels.Device);
        var leastLoss = LeastLoss(losses, labels, options);
        CrossEntropyWeightedKernels.KeepHard(
            host, losses.View<T>(), labels.View<int>(), kept.View<int>(), R.FromDouble(leastLoss), ignored);
        return kept;
    }

    /// <summary>-log of each pixel's probability of its own class.</summary>
    public static Tensor OwnClassLosses<T, R>(Tensor logits, Tensor labels, int ignored)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        using var peaks = Tensor.Empty(labels.Shape, logits.DType, logits.Device);
        using var logSums = Tensor.Empty(labels.Shape, logits.DType, logits.Device);
        var losses = Tensor.Empty(labels.Shape, logits.DType, logits.Device);
        CrossEntropyKernels.Forward<T, R>(
            logits.Device.Kernels, logits.View<T>(), labels.View<int>(), peaks.View<T>(), logSums.View<T>(), losses.View<T>(), logits.C,
            ignored);
        return losses;
    }

    /// <summary>The least loss of a pixel that is kept: that of the threshold, or a lower one where that keeps too few.</summary>
    private static double LeastLoss(Tensor losses, Tensor labels, CrossEntropyOptions options)
    {
        var threshold = -Math.Log(options.HardThreshold!.Value);
        var values = losses.ToDoubles();
        var classes = labels.ToArray<int>();
        var hardest = values.Where((_, p) => classes[p] != options.IgnoreIndex).ToArray();
        var minimum = Math.Min(options.HardMinimum, hardest.Length);
        if (minimum == 0 || hardest.Count(loss => loss >= threshold) >= minimum) return threshold;
        Array.Sort(hardest);
        return hardest[^minimum];
    }
}
