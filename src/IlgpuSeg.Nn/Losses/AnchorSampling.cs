namespace IlgpuSeg.Nn.Losses;

/// <summary>Which pixels the contrastive term is taken over.</summary>
/// <param name="Indices">Flat indices into the [N, h, w] plane; one pool over the batch, in the order of images and classes.</param>
/// <param name="Labels">Their classes.</param>
public sealed record Anchors(int[] Indices, int[] Labels)
{
    /// <summary>The number of anchors.</summary>
    public int Count => Indices.Length;

    /// <summary>Anchors at given pixels.</summary>
    /// <param name="indices">Flat indices into the plane.</param>
    /// <param name="labels">The plane's labels.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index lies outside the plane.</exception>
    public static Anchors At(ReadOnlySpan<int> indices, ReadOnlySpan<int> labels)
    {
        var chosen = new int[indices.Length];
        for (var i = 0; i < chosen.Length; i++)
        {
            if ((uint)indices[i] >= (uint)labels.Length)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(indices), indices[i], $"An anchor lies outside the plane's {labels.Length} pixels.");
            }
            chosen[i] = labels[indices[i]];
        }
        return new Anchors(indices.ToArray(), chosen);
    }
}

/// <summary>Anchors on a device; how many there are is known there alone.</summary>
/// <param name="Indices">Int32 [M], flat indices into the [N, h, w] plane.</param>
/// <param name="Labels">Int32 [M], their classes; -1 where there is no anchor.</param>
public sealed record AnchorTensors(Tensor Indices, Tensor Labels)
{
    /// <summary>Given anchors, put on a device.</summary>
    /// <param name="anchors">At least one.</param>
    /// <param name="device">Where to put them.</param>
    public static AnchorTensors On(Anchors anchors, Device device) =>
        new(Tensor.From(anchors.Indices, [anchors.Count], device), Tensor.From(anchors.Labels, [anchors.Count], device));

    /// <summary>The anchors there are, read back from the device.</summary>
    public Anchors ToHost()
    {
        var (indices, labels) = (Indices.ToArray<int>(), Labels.ToArray<int>());
        var count = labels.Count(label => label >= 0);
        return new Anchors(indices[..count], labels[..count]);
    }
}

/// <summary>
/// How the anchors of the contrastive loss are drawn (the training description, "Anchor sampling"): of each image the classes with more than
/// <see cref="MaxViews"/> pixels, of each such class the same number of pixels, half of them predicted wrongly ("hard") and half rightly
/// ("easy"), one half topped up from the other where it is short.
/// </summary>
/// <param name="MaxSamples">At most so many anchors in a batch.</param>
/// <param name="MaxViews">At most so many of a class in an image; rarer classes are left out.</param>
public sealed record AnchorSampling(int MaxSamples = 1024, int MaxViews = 100)
{
    /// <summary>Draws the anchors of a batch on its device, in the order of images and classes; nothing is read back.</summary>
    /// <param name="predictions">Predicted classes, Int32 [N, h, w].</param>
    /// <param name="labels">True classes, Int32 [N, h, w].</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="ignoreIndex">The label of pixels that are never anchors.</param>
    /// <param name="random">Where the draws come from, a number per pixel; the same state gives the same anchors on every device.</param>
    /// <exception cref="ShapeException">The planes differ or are empty.</exception>
    public AnchorTensors Draw(Tensor predictions, Tensor labels, int classes, int ignoreIndex, Philox random)
    {
        var (indices, drawn) = Ops.AnchorSelection.Draw(predictions, labels, classes, ignoreIndex, MaxSamples, MaxViews, random);
        return new AnchorTensors(indices, drawn);
    }
}
