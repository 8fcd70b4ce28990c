namespace IlgpuSeg.Data;

/// <summary>
/// Cityscapes' folders: leftImg8bit/SPLIT/CITY/*_leftImg8bit.png with gtFine/SPLIT/CITY/*_gtFine_labelIds.png
/// (mapped to train ids here) or *_gtFine_labelTrainIds.png.
/// </summary>
public static class CityscapesDataset
{
    private const string ImageEnding = "_leftImg8bit.png";

    /// <summary>Lists a split.</summary>
    /// <param name="root">The folder that holds leftImg8bit and gtFine.</param>
    /// <param name="split">"train", "val" or "test".</param>
    /// <param name="trainIds">True to read the labelTrainIds files instead of the labelIds files.</param>
    /// <param name="options">Common choices.</param>
    /// <exception cref="DatasetException">A folder is missing or empty.</exception>
    public static SegmentationDataset Open(string root, string split, bool trainIds = false, DatasetOptions? options = null)
    {
        options ??= new DatasetOptions();
        string images = DatasetFolder.Require(root, "leftImg8bit", split);
        string labels = options.RequireLabels ? DatasetFolder.Require(root, "gtFine", split) : "";
        string ending = trainIds ? "_gtFine_labelTrainIds.png" : "_gtFine_labelIds.png";
        var items = DatasetFolder.Files(images, SearchOption.AllDirectories, ImageEnding).Select(image =>
        {
            string name = Path.GetFileName(image)[..^ImageEnding.Length];
            string city = Path.GetRelativePath(images, Path.GetDirectoryName(image)!);
            return new SampleFiles(name, image, Path.Combine(labels, city, name + ending));
        });
        return new SegmentationDataset(
            "Cityscapes", split, trainIds ? LabelTables.CityscapesTrainIds : LabelTables.CityscapesIds, items, options);
    }
}
