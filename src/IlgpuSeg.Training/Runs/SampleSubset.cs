using IlgpuSeg.Data;

namespace IlgpuSeg.Training;

/// <summary>Some samples of a source, spread evenly over it: neighbouring frames of a video say the same.</summary>
/// <param name="source">The whole.</param>
/// <param name="count">At most so many.</param>
public sealed class SampleSubset(ISampleSource source, int count) : ISampleSource
{
    /// <inheritdoc/>
    public string Name => Count == source.Count ? source.Name : $"{Count} of {source.Count} images of {source.Name}";

    /// <inheritdoc/>
    public LabelTable Classes => source.Classes;

    /// <inheritdoc/>
    public int Count { get; } = Math.Min(count, source.Count);

    /// <inheritdoc/>
    public Sample Load(int index) => source.Load((int)((long)index * source.Count / Count));
}
