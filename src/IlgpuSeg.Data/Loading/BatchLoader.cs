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

    /// <summary>
    /// The share of an epoch's crops that are drawn class by class: a class evenly from those of the set, a sample evenly from those that hold it,
    /// and a crop around one of its pixels. The others are the shuffled set's as ever.
    /// </summary>
    public double ClassUniform { get; init; }

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
    private readonly ClassIndex? _classes;

    /// <summary>A loader; nothing is read yet, but for all labels where crops are drawn class by class.</summary>
    /// <param name="source">Where samples come from.</param>
    /// <param name="options">How batches are made.</param>
    /// <exception cref="DataOptionException">An option is impossible, or the set is smaller than one batch.</exception>
    /// <exception cref="DataException">A sample cannot be read.</exception>
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
        if (!(options.ClassUniform >= 0 && options.ClassUniform <= 1))
            throw new DataOptionException("class_uniform", $"{options.ClassUniform} is no share (0 to 1)");
        if (options.ClassUniform == 0) return;
        _classes = new ClassIndex(source);
        if (_classes.Classes.Count == 0)
            throw new DataOptionException("class_uniform", $"no sample of {source.Name} has a labelled pixel");
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

    private Draw[] Order(int epoch)
    {
        var order = Enumerable.Range(0, _source.Count).ToArray();
        var random = new SeededRandom(_options.Seed, OrderKey, epoch);
        if (_options.Shuffle) random.Shuffle(order.AsSpan());
        return Array.ConvertAll(order, index => _classes is not null && random.Chance(_options.ClassUniform) ? OfAClass(_classes, random) : new Draw(index));
    }

    private static Draw OfAClass(ClassIndex classes, SeededRandom random)
    {
        int place = random.Next(classes.Classes.Count);
        var samples = classes.Samples(place);
        return new Draw(samples[random.Next(samples.Count)], classes.Classes[place]);
    }

    /// <summary>A sample of an epoch, and the class that its crop must hold.</summary>
    private readonly record struct Draw(int Index, int? Class = null);

    private Batch Make(Draw[] order, int epoch, int batch, CancellationToken stop)
    {
        int first = batch * _options.BatchSize, count = Math.Min(_options.BatchSize, order.Length - first);
        int height = _options.Augmentation.CropHeight, width = _options.Augmentation.CropWidth;
        var images = new float[count * height * width * 3];
        var labels = new int[count * height * width];
        var names = new string[count];
        for (int i = 0; i < count; i++)
        {
            stop.ThrowIfCancellationRequested();
            var (index, wanted) = order[first + i];
            var sample = _source.Load(index);
            names[i] = sample.Name;
            // A sample that is drawn for its classes may come several times in an epoch, and each time with another crop.
            var random = wanted is null
                ? new SeededRandom(_options.Seed, SampleKey, epoch, index)
                : new SeededRandom(_options.Seed, SampleKey, epoch, index, first + i);
            _augmenter.Apply(
                sample, random, images.AsSpan(i * height * width * 3, height * width * 3), labels.AsSpan(i * height * width, height * width),
                wanted);
        }
        return new Batch(count, height, width, images, labels, names);
    }
}
