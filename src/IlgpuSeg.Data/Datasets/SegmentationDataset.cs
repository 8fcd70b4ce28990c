namespace IlgpuSeg.Data;

/// <summary>Choices common to all data sets.</summary>
public sealed record DatasetOptions
{
    /// <summary>Names of samples to leave out, such as frames known to be labelled wrongly. Names that do not occur are no error.</summary>
    public IReadOnlyCollection<string> Exclude { get; init; } = [];

    /// <summary>False for a split without labels, whose predictions are scored elsewhere.</summary>
    public bool RequireLabels { get; init; } = true;
}

/// <summary>A split of a data set on disk: pairs of files, and how their ids are read.</summary>
public sealed class SegmentationDataset : ISampleSource
{
    internal SegmentationDataset(string name, string split, LabelTable classes, IEnumerable<SampleFiles> items, DatasetOptions options)
    {
        Name = $"{name} {split}";
        Split = split;
        Classes = classes;
        var all = items.ToList();
        var excluded = options.Exclude.ToHashSet(StringComparer.Ordinal);
        Items = [.. all.Where(i => !excluded.Contains(i.Name)).Select(i => options.RequireLabels ? i : i with { LabelPath = null })];
        ExcludedCount = all.Count - Items.Count;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>"train", "val" or "test".</summary>
    public string Split { get; }

    /// <inheritdoc/>
    public LabelTable Classes { get; }

    /// <summary>The samples' files, in a fixed order.</summary>
    public IReadOnlyList<SampleFiles> Items { get; }

    /// <summary>How many samples the exclusion list removed.</summary>
    public int ExcludedCount { get; }

    /// <inheritdoc/>
    public int Count => Items.Count;

    /// <inheritdoc/>
    public Sample Load(int index)
    {
        var files = Items[index];
        var image = ImageCodec.Default.ReadRgb(files.ImagePath);
        if (files.LabelPath is not { } labelPath)
            return new Sample(files.Name, image, null);
        var ids = ImageCodec.Default.ReadLabels(labelPath);
        if (ids.Width != image.Width || ids.Height != image.Height)
            throw OtherSize(files, ids.Width, ids.Height, image.Width, image.Height);
        return new Sample(files.Name, image, Classes.Apply(ids, labelPath));
    }

    internal static DatasetException OtherSize(SampleFiles files, int labelWidth, int labelHeight, int width, int height) =>
        new(files.LabelPath!, $"the label is {labelWidth}x{labelHeight}, but its image {files.ImagePath} is {width}x{height}");
}
