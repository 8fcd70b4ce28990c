using IlgpuSeg.Data;

namespace IlgpuSeg.Training;

/// <summary>Opens and checks the data sets of a configuration.</summary>
public static class DataSets
{
    /// <summary>Opens a split.</summary>
    /// <exception cref="DataException">A folder or list is missing, or an image has no label.</exception>
    public static SegmentationDataset Open(DataConfig config, string split) =>
        DatasetFormats.Open(config.Kind, config.Root, split, new DatasetOptions { Exclude = config.Exclude });

    /// <summary>The images to evaluate on.</summary>
    public static ISampleSource Validation(DataConfig config)
    {
        var whole = Open(config, config.Val);
        return config.ValLimit > 0 ? new SampleSubset(whole, config.ValLimit) : whole;
    }

    /// <summary>Reads every file of a split once, so that nothing breaks in the middle of a run.</summary>
    /// <exception cref="DatasetException">Names the first file that cannot be used, and how many more there are.</exception>
    public static void Check(SegmentationDataset dataset, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        if (dataset.Count == 0)
            throw new DatasetException(dataset.Name, "there are no images");
        var problems = DatasetCheck.Run(dataset, CheckDepth.Full, progress, cancel);
        if (problems.Count == 0) return;
        var first = problems[0];
        var reason = first.Message.StartsWith(first.File + ": ", StringComparison.Ordinal) ? first.Message[(first.File.Length + 2)..] : first.Message;
        throw new DatasetException(first.File, problems.Count == 1 ? reason : $"{reason} (and {problems.Count - 1} more files of {dataset.Name})");
    }
}
