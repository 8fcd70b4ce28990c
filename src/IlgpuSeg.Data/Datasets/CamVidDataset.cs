namespace IlgpuSeg.Data;

/// <summary>
/// CamVid in SegNet's layout: SPLIT/*.png or *.jpg with SPLITannot/*.png (0 to 10, 11 = unlabelled), and SPLIT.txt with a line
/// "image label" for each pair. Lines with absolute paths of another machine, as the published lists have them, are read by their last two
/// parts. Without a list the folders are paired by name.
/// </summary>
public static class CamVidDataset
{
    /// <summary>Lists a split.</summary>
    /// <param name="root">The folder that holds the splits.</param>
    /// <param name="split">"train", "val" or "test".</param>
    /// <param name="options">Common choices.</param>
    /// <exception cref="DatasetException">A folder is missing or empty, or a line of the list is no pair.</exception>
    public static SegmentationDataset Open(string root, string split, DatasetOptions? options = null)
    {
        options ??= new DatasetOptions();
        DatasetFolder.Require(root);
        string images = DatasetFolder.Require(root, split);
        string labels = options.RequireLabels ? DatasetFolder.Require(root, split + "annot") : "";
        string list = Path.Combine(root, split + ".txt");
        var items = File.Exists(list) ? FromList(root, list) : FromFolders(images, labels);
        return new SegmentationDataset("CamVid", split, LabelTables.CamVid, items, options);
    }

    private static IEnumerable<SampleFiles> FromFolders(string images, string labels) =>
        DatasetFolder.Files(images, SearchOption.TopDirectoryOnly, ".png", ".jpg").Select(image =>
        {
            string name = Path.GetFileNameWithoutExtension(image);
            return new SampleFiles(name, image, Path.Combine(labels, name + ".png"));
        });

    private static List<SampleFiles> FromList(string root, string list)
    {
        var items = new List<SampleFiles>();
        int number = 0;
        foreach (string line in File.ReadLines(list))
        {
            number++;
            var parts = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0)
                continue;
            if (parts.Length != 2)
                throw new DatasetException(list, $"line {number} is not a pair 'image label': {line.Trim()}");
            items.Add(new SampleFiles(Path.GetFileNameWithoutExtension(parts[0]), Locate(root, parts[0]), Locate(root, parts[1])));
        }
        if (items.Count == 0)
            throw new DatasetException(list, "names no pair of image and label");
        return items;
    }

    private static string Locate(string root, string listed)
    {
        if (!listed.StartsWith('/') || File.Exists(listed))
            return Path.Combine(root, listed);
        return Path.Combine([root, .. listed.Split('/', StringSplitOptions.RemoveEmptyEntries).TakeLast(2)]);
    }
}
