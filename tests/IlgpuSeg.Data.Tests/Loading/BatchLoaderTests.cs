namespace IlgpuSeg.Data.Tests;

public sealed class BatchLoaderTests
{
    private static readonly MemorySamples Source = MemorySamples.Random(11, 20, 16);

    private static BatchLoaderOptions Options(int batch = 3) => new()
    {
        BatchSize = batch, Seed = 5, Augmentation = new AugmentationOptions { CropHeight = 8, CropWidth = 12 },
    };

    [Fact]
    public void AnEpochHoldsEverySampleOnceAtMost()
    {
        var loader = new BatchLoader(Source, Options());
        Assert.Equal(3, loader.BatchesPerEpoch);
        var batches = loader.Epoch(0).ToList();
        Assert.Equal(3, batches.Count);
        Assert.Equal(9, batches.SelectMany(b => b.Names).Distinct().Count());
        Assert.All(batches, b => Assert.Equal((3, 8, 12, 3 * 8 * 12 * 3, 3 * 8 * 12),
            (b.Count, b.Height, b.Width, b.Images.Length, b.Labels.Length)));

        var whole = new BatchLoader(Source, Options() with { DropLast = false });
        Assert.Equal([3, 3, 3, 2], whole.Epoch(0).Select(b => b.Count));
        Assert.Equal(11, whole.Epoch(4).SelectMany(b => b.Names).Distinct().Count());
    }

    [Fact]
    public void EpochsDifferButRepeatExactly()
    {
        var loader = new BatchLoader(Source, Options());
        var first = loader.Epoch(0).ToList();
        Assert.NotEqual(first.SelectMany(b => b.Names), loader.Epoch(1).SelectMany(b => b.Names));
        foreach (int prefetch in new[] { 1, 8 })
        {
            var again = new BatchLoader(Source, Options() with { Prefetch = prefetch }).Epoch(0).ToList();
            for (int i = 0; i < first.Count; i++)
            {
                Assert.Equal(first[i].Names, again[i].Names);
                Assert.Equal(first[i].Images, again[i].Images);
                Assert.Equal(first[i].Labels, again[i].Labels);
            }
        }
        var otherSeed = new BatchLoader(Source, Options() with { Seed = 6 }).Epoch(0).First();
        Assert.NotEqual(first[0].Images, otherSeed.Images);
    }

    [Fact]
    public void AnEpochCanBeResumed()
    {
        var loader = new BatchLoader(Source, Options());
        var expected = loader.Epoch(2).Skip(1).Select(b => b.Images);
        Assert.Equal(expected, loader.Epoch(2, firstBatch: 1).Select(b => b.Images));
        Assert.Empty(loader.Epoch(2, firstBatch: 3));
    }

    [Fact]
    public void WithoutShufflingTheOrderIsTheSets()
    {
        var loader = new BatchLoader(Source, Options() with { Shuffle = false });
        Assert.Equal(Enumerable.Range(0, 9).Select(i => $"sample{i}"), loader.Epoch(3).SelectMany(b => b.Names));
    }

    [Fact]
    public void NoMoreThanAskedForIsMadeAhead()
    {
        var source = MemorySamples.Random(30, 20, 16);
        foreach (var batch in new BatchLoader(source, Options(batch: 1) with { Prefetch = 2 }).Epoch(0))
        {
            Thread.Sleep(100);
            break;
        }
        Assert.InRange(source.Loads, 1, 4);
    }

    [Fact]
    public void AFailureReachesTheReader()
    {
        var loader = new BatchLoader(new FailingSamples(), Options(batch: 1) with { Shuffle = false });
        using var batches = loader.Epoch(0).GetEnumerator();
        Assert.True(batches.MoveNext());
        Assert.Equal("bad.png: broken", Assert.Throws<ImageFormatException>(() => batches.MoveNext()).Message);
    }

    private sealed class FailingSamples : ISampleSource
    {
        public string Name => "failing";

        public LabelTable Classes => LabelTables.CamVid;

        public int Count => 5;

        public Sample Load(int index) => index == 0 ? Source.Load(0) : throw new ImageFormatException("bad.png", "broken");
    }

    [Fact]
    public void ImpossibleOptionsAreNamed()
    {
        string Message(BatchLoaderOptions o) => Assert.Throws<DataOptionException>(() => new BatchLoader(Source, o)).Message;
        Assert.Equal("batch_size: 0 is impossible; at least 1 is needed", Message(Options(0)));
        Assert.Equal("batch_size: 12 is more than the 11 samples of memory", Message(Options(12)));
        Assert.StartsWith("prefetch: 0", Message(Options() with { Prefetch = 0 }));
        Assert.StartsWith("crop: ", Message(Options() with { Augmentation = new AugmentationOptions { CropHeight = 0, CropWidth = 1 } }));
        Assert.StartsWith("batch_size: 11 crops of this size", Message(Options(11) with
        {
            Augmentation = new AugmentationOptions { CropHeight = 10000, CropWidth = 10000 },
        }));
    }

    [Fact]
    public void WholeImagesComeNormalisedAndInOrder()
    {
        var batches = BatchLoader.WholeImages(Source).ToList();
        Assert.Equal(Enumerable.Range(0, 11).Select(i => $"sample{i}"), batches.SelectMany(b => b.Names));
        var sample = Source.Load(4);
        Assert.Equal((1, 16, 20), (batches[4].Count, batches[4].Height, batches[4].Width));
        Assert.Equal(sample.Labels!.Labels.Select(l => (int)l), batches[4].Labels);
        Assert.Equal((sample.Image.Pixels[31] / 255.0 - 0.456) / 0.224, batches[4].Images[31], 1e-5);
    }

    [Fact]
    public void ACacheKeepsWhatFits()
    {
        var source = MemorySamples.Random(4, 5, 5);
        // A sample has 25 pixels of four bytes, red, green, blue and the label.
        var cache = new CachedSamples(source, limit: 299);
        for (int round = 1; round <= 3; round++)
        {
            for (int i = 0; i < 4; i++)
                Assert.Equal($"sample{i}", cache.Load(i).Name);
            Assert.Equal(2 + 2 * round, source.Loads);
        }
    }

    [Fact]
    public void ACacheLoadsEachSampleOnce()
    {
        var source = MemorySamples.Random(4, 5, 5);
        var cache = new CachedSamples(source);
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 4; i++)
                Assert.Equal($"sample{i}", cache.Load(i).Name);
        }
        Assert.Equal(4, source.Loads);
        Assert.Same(cache.Load(2), cache.Load(2));
    }
}
