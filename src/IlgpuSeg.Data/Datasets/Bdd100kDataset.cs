namespace IlgpuSeg.Data;

/// <summary>BDD100K's segmentation folders: images/10k/SPLIT/*.jpg with labels/sem_seg/masks/SPLIT/*.png (train ids).</summary>
public static class Bdd100kDataset
{
    /// <summary>Lists a split.</summary>
    /// <param name="root">The folder that holds images and labels.</param>
    /// <param name="split">"train", "val" or "test".</param>
    /// <param name="options">Common choices.</param>
    /// <exception cref="DatasetException">A folder is missing or empty.</exception>
    public static SegmentationDataset Open(string root, string split, DatasetOptions? options = null)
    {
        options ??= new DatasetOptions();
        string images = DatasetFolder.Require(root, "images", "10k", split);
        string masks = options.RequireLabels ? DatasetFolder.Require(root, "labels", "sem_seg", "masks", split) : "";
        var items = DatasetFolder.Files(images, SearchOption.TopDirectoryOnly, ".jpg").Select(image =>
        {
            string name = Path.GetFileNameWithoutExtension(image);
            return new SampleFiles(name, image, Path.Combine(masks, name + ".png"));
        });
        return new SegmentationDataset("BDD100K", split, LabelTables.Bdd100k, items, options);
    }
}
