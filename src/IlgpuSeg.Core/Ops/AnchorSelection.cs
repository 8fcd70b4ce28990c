using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The draw of the contrastive loss's anchors, on the device (the training description, "Anchor sampling").</summary>
public static class AnchorSelection
{
    private const string Op = "AnchorSelection";

    /// <summary>
    /// Of each image the classes with more than <paramref name="maxViews"/> pixels; of each such class the same number of pixels, half of them
    /// predicted wrongly and half rightly, one half topped up from the other where it is short. Each list gives the pixels with the smallest
    /// of one random number per pixel.
    /// </summary>
    /// <param name="predictions">Int32 [N, h, w].</param>
    /// <param name="labels">Int32 [N, h, w].</param>
    /// <param name="classes">Labels lie below it.</param>
    /// <param name="ignoreIndex">The label of pixels that are never anchors.</param>
    /// <param name="maxSamples">At most so many anchors in the batch.</param>
    /// <param name="maxViews">At most so many of a class in an image; rarer classes are left out.</param>
    /// <param name="random">Where the draws come from, one number per pixel.</param>
    /// <returns>
    /// Indices into the [N, h, w] plane and their labels, both Int32 [min(maxSamples, N h w)], in the order of images and classes; behind the last
    /// anchor the index is 0 and the label -1. How many there are is not known on the host.
    /// </returns>
    /// <exception cref="ShapeException">The planes differ or are empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public static (Tensor Indices, Tensor Labels) Draw(
        Tensor predictions, Tensor labels, int classes, int ignoreIndex, int maxSamples, int maxViews, Philox random)
    {
        OpCheck.Int32(Op, "predictions", predictions);
        OpCheck.Int32(Op, "labels", labels);
        OpCheck.SameDevice(Op, predictions, labels);
        OpCheck.Rank(Op, "labels", labels, 3);
        if (predictions.Shape != labels.Shape || labels.Length == 0)
        {
            throw new ShapeException(
                Op, "both planes must have one shape and not be empty", ("predictions", predictions.Shape), ("labels", labels.Shape));
        }
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxSamples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxViews, 1);
        var (host, device) = (labels.Device.Kernels, labels.Device);
        var shape = new AnchorShape
        {
            Images = labels.N, Pixels = labels.Count / labels.N, Classes = classes, Ignored = ignoreIndex, MaxSamples = maxSamples,
            // More views than pixels are never needed: a class that has more than V pixels would not exist.
            MaxViews = Math.Min(maxViews, labels.Count / labels.N),
        };
        var capacity = Math.Min(maxSamples, labels.Count);
        var (indices, drawn) = (Integers(capacity), Integers(capacity));
        using var keys = Integers(labels.Count);
        using var workspace = Integers(AnchorKernels.WorkspaceLength(shape));
        PhiloxKernels.Numbers(host, keys.View<int>(), random.Take(labels.Count));
        AnchorKernels.Draw(
            host, predictions.View<int>(), labels.View<int>(), keys.View<int>(), workspace.View<int>(), indices.View<int>(), drawn.View<int>(),
            shape);
        return (indices, drawn);

        Tensor Integers(int length) => Tensor.Empty([length], DType.Int32, device);
    }
}
