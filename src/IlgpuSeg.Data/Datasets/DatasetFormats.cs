namespace IlgpuSeg.Data;

/// <summary>The folder layouts by the names that a configuration gives them.</summary>
public static class DatasetFormats
{
    /// <summary>The known names.</summary>
    public static IReadOnlyList<string> Names { get; } = ["camvid", "cityscapes", "cityscapes-trainids", "bdd100k"];

    /// <summary>Lists a split.</summary>
    /// <param name="format">One of <see cref="Names"/>.</param>
    /// <param name="root">The data set's folder.</param>
    /// <param name="split">"train", "val" or "test".</param>
    /// <param name="options">Common choices.</param>
    /// <exception cref="DataOptionException">The format is unknown.</exception>
    /// <exception cref="DatasetException">A folder is missing or empty.</exception>
    public static SegmentationDataset Open(string format, string root, string split, DatasetOptions? options = null) => format switch
    {
        "camvid" => CamVidDataset.Open(root, split, options),
        "cityscapes" => CityscapesDataset.Open(root, split, trainIds: false, options),
        "cityscapes-trainids" => CityscapesDataset.Open(root, split, trainIds: true, options),
        "bdd100k" => Bdd100kDataset.Open(root, split, options),
        _ => throw new DataOptionException("format", $"'{format}' is unknown; known are {string.Join(", ", Names)}"),
    };
}
