namespace IlgpuSeg.Data.Tests;

public sealed class ClassUniformTests
{
    private const int Rare = 5, Common = 2;

    /// <summary>Pictures of class 2 alone; one of them has a single pixel of class 5.</summary>
    private static MemorySamples Source()
    {
        return new MemorySamples([.. Enumerable.Range(0, 40).Select(n =>
        {
            var labels = new LabelMap(30, 20);
            Array.Fill(labels.Labels, (byte)Common);
            if (n == 17) labels[23, 4] = Rare;
            if (n == 18) labels[0, 0] = LabelMap.Ignore;
            return new Sample($"sample{n}", new RgbImage(30, 20), labels);
        })]);
    }

    private static BatchLoaderOptions Options(double share) => new()
    {
        BatchSize = 4, Seed = 3, ClassUniform = share,
        // Never smaller, so that no pixel is left out in between.
        Augmentation = new AugmentationOptions { CropHeight = 8, CropWidth = 10, MinScale = 1 },
    };

    [Fact]
    public void TheIndexKnowsWhatOccurs()
    {
        var index = new ClassIndex(Source());
        Assert.Equal([Common, Rare], index.Classes);
        Assert.Equal(40, index.Samples(0).Count);
        Assert.Equal([17], index.Samples(1));
    }

    [Fact]
    public void ClassesComeEquallyOftenAndEachCropHoldsItsOwn()
    {
        var loader = new BatchLoader(Source(), Options(1));
        var batches = Enumerable.Range(0, 20).SelectMany(e => loader.Epoch(e)).ToList();
        int withRare = batches.Sum(b => Enumerable.Range(0, b.Count).Count(i => Crop(b, i).Contains(Rare)));
        // Half of 800, whose standard deviation is 14; a crop of the common class seldom meets the one pixel.
        Assert.InRange(withRare, 340, 460);
        Assert.All(
            batches.SelectMany(b => Enumerable.Range(0, b.Count).Where(i => b.Names[i] != "sample17").Select(i => Crop(b, i))),
            crop => Assert.Contains(Common, crop));
        // The same sample again and again, but not the same crop.
        var places = batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(i => Array.IndexOf(Crop(b, i), Rare))).Where(p => p >= 0);
        Assert.True(places.Distinct().Count() > 60);
    }

    [Fact]
    public void AShareIsDrawnTheRestStays()
    {
        var plain = new BatchLoader(Source(), Options(0)).Epoch(3).SelectMany(b => b.Names).ToList();
        var mixed = new BatchLoader(Source(), Options(0.25)).Epoch(3).SelectMany(b => b.Names).ToList();
        Assert.InRange(plain.Zip(mixed).Count(p => p.First == p.Second), 22, 38);
        Assert.Equal(40, plain.Distinct().Count());
    }

    [Fact]
    public void AnEpochRepeatsExactlyAndCanBeResumed()
    {
        var whole = new BatchLoader(Source(), Options(0.5)).Epoch(1).ToList();
        var rest = new BatchLoader(Source(), Options(0.5) with { Prefetch = 1 }).Epoch(1, firstBatch: 4).ToList();
        Assert.Equal(whole.Skip(4).Select(b => b.Labels), rest.Select(b => b.Labels));
        Assert.Equal(whole.Skip(4).SelectMany(b => b.Names), rest.SelectMany(b => b.Names));
    }

    [Fact]
    public void ImpossibleSharesAndSetsAreNamed()
    {
        string Key(ISampleSource source, double share) => Assert.Throws<DataOptionException>(() => new BatchLoader(source, Options(share))).Key;
        Assert.Equal("class_uniform", Key(Source(), 1.5));
        Assert.Equal("class_uniform", Key(Source(), double.NaN));
        var ignored = new LabelMap(4, 4);
        Array.Fill(ignored.Labels, LabelMap.Ignore);
        Assert.Equal("class_uniform", Key(new MemorySamples([.. Enumerable.Repeat(new Sample("empty", new RgbImage(4, 4), ignored), 4)]), 0.5));
        var unlabelled = new Augmenter(Options(0).Augmentation);
        Assert.Contains("class 7", Assert.Throws<ArgumentException>(
            () => unlabelled.Apply(Source().Load(0), new SeededRandom(1), new float[240], new int[80], wanted: 7)).Message);
    }

    private static int[] Crop(Batch batch, int i) => batch.Labels[(i * 80)..((i + 1) * 80)];
}
