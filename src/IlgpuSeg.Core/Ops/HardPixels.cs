using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>
/// Online hard example mining: keeps the pixels whose own class has a probability below a threshold, and raises the threshold where
/// fewer than a minimum would be kept, so that the hardest ones make it up.
/// </summary>
internal static class HardPixels
{
    /// <summary>The labels, with all but the hard pixels ignored; of equal losses all or none are kept.</summary>
    /// <param name="losses">-log of each pixel's probability of its own class.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="options">Threshold and minimum.</param>
    public static Tensor Select<T, R>(Tensor losses, Tensor labels, CrossEntropyOptions options)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (host, ignored) = (losses.Device.Kernels, options.IgnoreIndex);
        var kept = Tensor.Empty(labels.Shape, DType.Int32, labels.Device);
        using var least = Tensor.Empty([1], losses.DType, losses.Device);
        using var workspace = Tensor.Empty([HardPixelKernels.WorkspaceLength(labels.Count)], DType.Int32, labels.Device);
        var threshold = R.FromDouble(-Math.Log(options.HardThreshold!.Value));
        HardPixelKernels.Least<T, R>(
            host, losses.View<T>(), labels.View<int>(), workspace.View<int>(), least.View<T>(), threshold, options.HardMinimum, ignored);
        HardPixelKernels.Keep(host, losses.View<T>(), labels.View<int>(), least.View<T>(), kept.View<int>(), ignored);
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
}
