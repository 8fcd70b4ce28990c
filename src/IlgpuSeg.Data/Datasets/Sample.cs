namespace IlgpuSeg.Data;

/// <summary>The files of one sample.</summary>
/// <param name="Name">What the sample is called in reports and exclusion lists.</param>
/// <param name="ImagePath">The picture.</param>
/// <param name="LabelPath">The label map; null in a split that has none.</param>
public sealed record SampleFiles(string Name, string ImagePath, string? LabelPath);

/// <summary>A decoded sample.</summary>
/// <param name="Name">What the sample is called.</param>
/// <param name="Image">The picture.</param>
/// <param name="Labels">Train ids, of the picture's size; null in a split that has none.</param>
public sealed record Sample(string Name, RgbImage Image, LabelMap? Labels);

/// <summary>Samples by number.</summary>
public interface ISampleSource
{
    /// <summary>A short name for messages, such as "CamVid train".</summary>
    string Name { get; }

    /// <summary>The classes of the labels.</summary>
    LabelTable Classes { get; }

    /// <summary>Number of samples.</summary>
    int Count { get; }

    /// <summary>Decodes a sample; may be called from several threads.</summary>
    /// <param name="index">0 to Count - 1.</param>
    /// <exception cref="DataException">A file of the sample is missing, unreadable or contradicts the other.</exception>
    Sample Load(int index);
}

/// <summary>Decodes each sample of a source once and keeps it, as long as there is room; the others are decoded at each call.</summary>
public sealed class CachedSamples : ISampleSource
{
    private readonly ISampleSource _source;
    private readonly Sample?[] _samples;
    private readonly long _limit;
    private long _bytes;

    /// <summary>A cache over a source; nothing is decoded yet.</summary>
    /// <param name="source">The source.</param>
    /// <param name="limit">The most bytes of pictures and labels to keep.</param>
    public CachedSamples(ISampleSource source, long limit = long.MaxValue)
    {
        _source = source;
        _limit = limit;
        _samples = new Sample?[source.Count];
    }

    /// <inheritdoc/>
    public string Name => _source.Name;

    /// <inheritdoc/>
    public LabelTable Classes => _source.Classes;

    /// <inheritdoc/>
    public int Count => _source.Count;

    /// <inheritdoc/>
    /// <remarks>Two threads may decode the same sample at the same time; both get the one that was kept.</remarks>
    public Sample Load(int index)
    {
        if (Volatile.Read(ref _samples[index]) is { } kept)
            return kept;
        var loaded = _source.Load(index);
        long size = loaded.Image.Pixels.Length + (loaded.Labels?.Labels.Length ?? 0);
        if (Interlocked.Add(ref _bytes, size) <= _limit)
        {
            if (Interlocked.CompareExchange(ref _samples[index], loaded, null) is not { } other) return loaded;
            loaded = other;
        }
        Interlocked.Add(ref _bytes, -size);
        return loaded;
    }
}
