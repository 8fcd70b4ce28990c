namespace IlgpuSeg.Data;

/// <summary>How batches are made.</summary>
public sealed record BatchLoaderOptions
{
    /// <summary>Samples a training batch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>What happens to each training sample.</summary>
    public required AugmentationOptions Augmentation { get; init; }

    /// <summary>The run's seed: together with the epoch and a sample's number it decides everything that is drawn.</summary>
    public ulong Seed { get; init; }

    /// <summary>False to keep the set's order.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>False to deliver the smaller batch that an epoch may end with.</summary>
    public bool DropLast { get; init; } = true;

    /// <summary>Batches that are made ahead of their use, at the same time where cores are free.</summary>
    public int Prefetch { get; init; } = 2;
}

/// <summary>
/// Training batches of a sample source: shuffled anew each epoch, augmented, and made in the background. An epoch's batches
/// depend on the seed and the epoch alone, never on the number of threads or on what was read before.
/// </summary>
public sealed class BatchLoader
{
    private const long OrderKey = 1, SampleKey = 2;

    private readonly ISampleSource _source;
    private readonly BatchLoaderOptions _options;
    private readonly Augmenter _augmenter;

    /// <summary>A loader; nothing is read yet.</summary>
    /// <param name="source">Where samples come from.</param>
    /// <param name="options">How batches are made.</param>
    /// <exception cref="DataOptionException">An option is impossible, or the set is smaller than one batch.</exception>
    public BatchLoader(ISampleSource source, BatchLoaderOptions options)
    {
        if (options.BatchSize < 1)
            throw new DataOptionException("batch_size", $"{options.BatchSize} is impossible; at least 1 is needed");
        if (options.Prefetch < 1)
            throw new DataOptionException("prefetch", $"{options.Prefetch} is impossible; at least 1 is needed");
        _source = source;
        _options = options;
        _augmenter = new Augmenter(options.Augmentation);
        if ((long)options.BatchSize * options.Augmentation.CropHeight * options.Augmentation.CropWidth * 3 > Array.MaxLength)
            throw new DataOptionException("batch_size", $"{options.BatchSize} crops of this size are more than an array can hold");
        BatchesPerEpoch = options.DropLast ? source.Count / options.BatchSize : (source.Count + options.BatchSize - 1) / options.BatchSize;
        if (BatchesPerEpoch == 0)
            throw new DataOptionException("batch_size", $"{options.BatchSize} is more than the {source.Count} samples of {source.Name}");
    }

    /// <summary>Batches an epoch.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>An epoch's batches, or the rest of them.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="firstBatch">Batches to leave out at the start, to resume in the middle of an epoch.</param>
    /// <exception cref="DataException">While enumerating: a sample cannot be read.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        var order = Order(epoch);
        return Prefetcher.Run(
            Math.Max(0, BatchesPerEpoch - firstBatch), _options.Prefetch, (i, stop) => Make(order, epoch, firstBatch + i, stop));
    }

    /// <summary>Whole pictures one by one in the set's order, normalised, for evaluation; they may differ in size.</summary>
    /// <param name="source">Where samples come from.</param>
    /// <param name="prefetch">Pictures that are read ahead of their use.</param>
    public static IEnumerable<Batch> WholeImages(ISampleSource source, int prefetch = 2) =>
        Prefetcher.Run(source.Count, prefetch, (i, _) => Batch.Whole(source.Load(i)));

    private int[] Order(int epoch)
    {
        var order = Enumerable.Range(0, _source.Count).ToArray();
        if (_options.Shuffle)
            new SeededRandom(_options.Seed, OrderKey, epoch).Shuffle(order.AsSpan());
        return order;
    }

    private Batch Make(int[] order, int epoch, int batch, CancellationToken stop)
    {
        int first = batch * _options.BatchSize, count = Math.Min(_options.BatchSize, order.Length - first);
        int height = _options.Augmentation.CropHeight, width = _options.Augmentation.CropWidth;
        var images = new float[count * height * width * 3];
        var labels = new int[count * height * width];
        var names = new string[count];
        for (int i = 0; i < count; i++)
        {
            stop.ThrowIfCancellationRequested();
            int index = order[first + i];
            var sample = _source.Load(index);
            names[i] = sample.Name;
            _augmenter.Apply(
                sample, new SeededRandom(_options.Seed, SampleKey, epoch, index),
                images.AsSpan(i * height * width * 3, height * width * 3), labels.AsSpan(i * height * width, height * width));
        }
        return new Batch(count, height, width, images, labels, names);
    }
}
