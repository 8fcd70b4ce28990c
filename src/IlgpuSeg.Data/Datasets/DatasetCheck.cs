namespace IlgpuSeg.Data;

/// <summary>How far a check goes.</summary>
public enum CheckDepth
{
    /// <summary>Every file exists, is whole as far as its structure tells, and each label has its image's size.</summary>
    Structure,

    /// <summary>Also decodes every file and looks up every id.</summary>
    Full,
}

/// <summary>Something wrong with a data set.</summary>
/// <param name="File">The file.</param>
/// <param name="Message">One line that begins with the file's name.</param>
public sealed record DatasetProblem(string File, string Message)
{
    /// <summary>The one line.</summary>
    public override string ToString() => Message;
}

/// <summary>Looks for everything that would stop a training run in the middle, before it starts.</summary>
public static class DatasetCheck
{
    /// <summary>Checks all samples, on all cores.</summary>
    /// <param name="dataset">The split.</param>
    /// <param name="depth">How far to go.</param>
    /// <param name="progress">Is told the number of samples done, from any thread.</param>
    /// <param name="cancel">Stops the check.</param>
    /// <returns>The problems in the order of the samples, at most one a sample; empty if all is well.</returns>
    public static IReadOnlyList<DatasetProblem> Run(
        SegmentationDataset dataset, CheckDepth depth = CheckDepth.Full, IProgress<int>? progress = null,
        CancellationToken cancel = default)
    {
        var problems = new DatasetProblem?[dataset.Count];
        int done = 0;
        Parallel.For(0, dataset.Count, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            problems[i] = CheckSample(dataset, i, depth);
            progress?.Report(Interlocked.Increment(ref done));
        });
        return [.. problems.OfType<DatasetProblem>()];
    }

    private static DatasetProblem? CheckSample(SegmentationDataset dataset, int index, CheckDepth depth)
    {
        var files = dataset.Items[index];
        try
        {
            if (!File.Exists(files.ImagePath))
                return new(files.ImagePath, $"{files.ImagePath}: there is no such image, but the list of {dataset.Name} names it");
            if (files.LabelPath is not null && !File.Exists(files.LabelPath))
                return new(files.LabelPath, $"{files.LabelPath}: the label of image {files.ImagePath} is missing");
            if (depth == CheckDepth.Full)
                dataset.Load(index);
            else
                CheckStructure(files);
            return null;
        }
        catch (ImageFormatException e)
        {
            return new(e.File, e.Message);
        }
        catch (DatasetException e)
        {
            return new(e.Path, e.Message);
        }
    }

    private static void CheckStructure(SampleFiles files)
    {
        var image = ImageCodec.Default.Identify(files.ImagePath);
        if (files.LabelPath is null)
            return;
        var label = ImageCodec.Default.Identify(files.LabelPath);
        if ((image.Width, image.Height) != (label.Width, label.Height))
            throw SegmentationDataset.OtherSize(files, label.Width, label.Height, image.Width, image.Height);
    }
}
