namespace IlgpuSeg.Data;

/// <summary>Samples ready for the network.</summary>
/// <param name="Count">Number of samples, N.</param>
/// <param name="Height">Height of every sample, H.</param>
/// <param name="Width">Width of every sample, W.</param>
/// <param name="Images">Normalised pictures, [N, H, W, 3].</param>
/// <param name="Labels">Train ids, [N, H, W], 255 = ignore; empty for samples without labels.</param>
/// <param name="Names">The samples' names, N of them.</param>
public sealed record Batch(int Count, int Height, int Width, float[] Images, int[] Labels, IReadOnlyList<string> Names)
{
    /// <summary>A whole picture as a batch of one, normalised and otherwise unchanged.</summary>
    /// <param name="sample">The sample.</param>
    public static Batch Whole(Sample sample)
    {
        var images = new float[sample.Image.Pixels.Length];
        ImageNet.Normalise(sample.Image, images);
        int[] labels = sample.Labels is null ? [] : Array.ConvertAll(sample.Labels.Labels, l => (int)l);
        return new Batch(1, sample.Image.Height, sample.Image.Width, images, labels, [sample.Name]);
    }
}
