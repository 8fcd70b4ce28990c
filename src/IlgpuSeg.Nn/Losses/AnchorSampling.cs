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

/// <summary>
/// Draws the anchors of the contrastive loss (the training description, "Anchor sampling"): of each image the classes with more than
/// <see cref="MaxViews"/> pixels, of each such class the same number of pixels, half of them predicted wrongly ("hard") and half rightly
/// ("easy"), one half topped up from the other where it is short.
/// </summary>
/// <param name="MaxSamples">At most so many anchors in a batch.</param>
/// <param name="MaxViews">At most so many of a class in an image; rarer classes are left out.</param>
public sealed record AnchorSampling(int MaxSamples = 1024, int MaxViews = 100)
{
    /// <summary>Draws the anchors of a batch.</summary>
    /// <param name="predictions">Predicted classes, [N, h, w] in row-major order.</param>
    /// <param name="labels">True classes of the same pixels.</param>
    /// <param name="images">N.</param>
    /// <param name="ignoreIndex">The label of pixels that are never anchors.</param>
    /// <param name="random">Where the draws come from; the same state gives the same anchors.</param>
    /// <returns>The anchors; none where no class has enough pixels.</returns>
    /// <exception cref="ArgumentException">The arrays do not hold N planes of one size.</exception>
    public Anchors Draw(ReadOnlySpan<int> predictions, ReadOnlySpan<int> labels, int images, int ignoreIndex, Philox random)
    {
        if (images < 1 || predictions.Length != labels.Length || labels.Length % images != 0)
        {
            throw new ArgumentException(
                $"Anchors: {predictions.Length} predictions and {labels.Length} labels are not {images} images of one size.");
        }
        var groups = Group(predictions, labels, labels.Length / images, ignoreIndex);
        groups.RemoveAll(group => group.Hard.Count + group.Easy.Count <= MaxViews);
        if (groups.Count == 0) return new Anchors([], []);
        var views = Math.Min(MaxSamples / groups.Count, MaxViews);
        var indices = new List<int>(views * groups.Count);
        var classes = new List<int>(views * groups.Count);
        foreach (var group in groups)
        {
            var hard = HardShare(views, group.Hard.Count, group.Easy.Count);
            Pick(group.Hard, hard, random, indices);
            Pick(group.Easy, views - hard, random, indices);
            classes.AddRange(Enumerable.Repeat(group.Class, views));
        }
        return new Anchors([.. indices], [.. classes]);
    }

    /// <summary>How many of a class's views are hard ones.</summary>
    private static int HardShare(int views, int hard, int easy)
    {
        var half = views / 2;
        if (hard < half) return hard;
        return easy < views - half ? views - easy : half;
    }

    /// <summary>The pixels of every (image, class) pair, in the order of images and classes.</summary>
    private static List<PixelGroup> Group(ReadOnlySpan<int> predictions, ReadOnlySpan<int> labels, int plane, int ignoreIndex)
    {
        var groups = new SortedDictionary<(int Image, int Class), PixelGroup>();
        for (var p = 0; p < labels.Length; p++)
        {
            if (labels[p] == ignoreIndex) continue;
            var key = (p / plane, labels[p]);
            if (!groups.TryGetValue(key, out var group))
                groups[key] = group = new PixelGroup(labels[p], [], []);
            (predictions[p] == labels[p] ? group.Easy : group.Hard).Add(p);
        }
        return [.. groups.Values];
    }

    /// <summary>Moves a random choice of pixels to the front (the start of a Fisher-Yates shuffle) and takes it.</summary>
    private static void Pick(List<int> pixels, int count, Philox random, List<int> chosen)
    {
        for (var i = 0; i < count; i++)
        {
            var j = i + random.Next(pixels.Count - i);
            (pixels[i], pixels[j]) = (pixels[j], pixels[i]);
            chosen.Add(pixels[i]);
        }
    }

    private sealed record PixelGroup(int Class, List<int> Hard, List<int> Easy);
}
