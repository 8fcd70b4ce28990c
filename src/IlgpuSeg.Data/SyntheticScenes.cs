using IlgpuSeg.Data.Synthetic;

namespace IlgpuSeg.Data;

/// <summary>
/// Street scenes drawn by the program: a data set for demonstrations and tests that needs no download. A pinhole camera looks down
/// a random street (road, sidewalk, houses, walls, fences, poles, signs, lights, trees, lawns, sky, people, riders, cars, trucks, buses,
/// bicycles, motorcycles) in random light. What a seed draws never depends on the number of threads.
/// </summary>
public static class SyntheticScenes
{
    /// <summary>A file in the set's folder by which the set is recognised as drawn, and may be replaced.</summary>
    public const string MarkerFile = "synthetic-scenes.txt";

    private const string City = "drawn";

    /// <summary>Draws one scene.</summary>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels; half the width looks best.</param>
    /// <param name="seed">The set's seed.</param>
    /// <param name="split">0 for training, 1 for validation: scenes of different splits differ.</param>
    /// <param name="index">The scene's number.</param>
    /// <returns>The picture, and Cityscapes' ids (not train ids) of the same size.</returns>
    public static (RgbImage Image, LabelMap Ids) Draw(int width, int height, ulong seed, int split, int index) =>
        SceneRenderer.Render(width, height, new SeededRandom(seed, split, index));

    /// <summary>
    /// Writes a set in Cityscapes' layout (leftImg8bit and gtFine with labelIds, labelTrainIds and color), for
    /// <see cref="CityscapesDataset"/>. The folder appears whole or not at all.
    /// </summary>
    /// <param name="folder">The set's folder. It must not exist, be empty, or hold a set that was drawn before, which is replaced.</param>
    /// <param name="train">Scenes to train on.</param>
    /// <param name="val">Scenes to validate on.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="seed">Decides everything that is drawn.</param>
    /// <param name="progress">Is told the number of scenes done, from any thread.</param>
    /// <param name="cancel">Stops the drawing; nothing is left behind.</param>
    /// <exception cref="DatasetException">The folder holds something else.</exception>
    /// <exception cref="DataOptionException">A number is impossible.</exception>
    public static void Write(
        string folder, int train, int val, int width, int height, ulong seed,
        IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        if (train < 0 || val < 0 || train + val == 0)
            throw new DataOptionException("scenes", $"{train} to train and {val} to validate on are impossible numbers");
        if (width < 16 || height < 16 || (long)width * height > 1 << 24)
            throw new DataOptionException(
                "size", $"{width}x{height} is impossible; sides of at least 16 and at most 16 million pixels are drawn");
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        RequireReplaceable(target);
        string partial = $"{target}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp";
        try
        {
            DrawAll(partial, train, val, width, height, seed, progress, cancel);
            if (Directory.Exists(target))
                Directory.Delete(target, recursive: true);
            Directory.Move(partial, target);
        }
        finally
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
        }
    }

    private static void RequireReplaceable(string target)
    {
        if (File.Exists(target))
            throw new DatasetException(target, "is a file, where the folder of a drawn set is to be");
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()
            && !File.Exists(Path.Combine(target, MarkerFile)))
            throw new DatasetException(target, $"holds something that was not drawn by this program (no {MarkerFile}) and is not replaced");
    }

    private static void DrawAll(
        string folder, int train, int val, int width, int height, ulong seed, IProgress<int>? progress, CancellationToken cancel)
    {
        int done = 0;
        Parallel.For(0, train + val, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            var (split, index) = i < train ? ("train", i) : ("val", i - train);
            var (image, ids) = Draw(width, height, seed, split == "train" ? 0 : 1, index);
            WriteScene(folder, split, $"{City}_{index:D6}_000019", image, ids);
            progress?.Report(Interlocked.Increment(ref done));
        });
        AtomicFile.Write(
            Path.Combine(folder, MarkerFile),
            System.Text.Encoding.UTF8.GetBytes($"train {train}, val {val}, {width}x{height}, seed {seed}\n"));
    }

    private static void WriteScene(string folder, string split, string stem, RgbImage image, LabelMap ids)
    {
        var codec = ImageCodec.Default;
        var table = LabelTables.CityscapesIds;
        var trainIds = new LabelMap(ids.Width, ids.Height, Array.ConvertAll(ids.Labels, id => (byte)table.TrainIdOf(id)));
        string truth = Path.Combine(folder, "gtFine", split, City, stem + "_gtFine_");
        codec.WritePng(Path.Combine(folder, "leftImg8bit", split, City, stem + "_leftImg8bit.png"), image);
        codec.WritePng(truth + "labelIds.png", ids);
        codec.WritePng(truth + "labelTrainIds.png", trainIds);
        codec.WritePng(truth + "color.png", trainIds, table.Palette);
    }
}
