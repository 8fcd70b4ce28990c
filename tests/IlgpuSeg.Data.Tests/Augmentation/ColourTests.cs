namespace IlgpuSeg.Data.Tests;

/// <summary>Changes of colour and the blur, against their definitions one value at a time.</summary>
public sealed class ColourTests
{
    private const int Width = 14, Height = 9;

    private static readonly Sample Source = MemorySamples.Random(1, Width, Height).Load(0);

    private static readonly ColourPlan Nothing = new(1, 1, 1, 0, 0);

    private static AugmentationOptions Options => new() { CropHeight = Height, CropWidth = Width };

    /// <summary>Red, green and blue of 0 to 255 of a crop.</summary>
    private static double[] Run(CropPlan plan, out int[] labels, int height = Height, int width = Width)
    {
        var image = new float[height * width * 3];
        labels = new int[height * width];
        new Augmenter(Options with { CropHeight = height, CropWidth = width }).Apply(Source.Image, Source.Labels!, plan, image, labels);
        return [.. image.Select((v, i) => (v * ImageNet.Std[i % 3] + ImageNet.Mean[i % 3]) * 255.0)];
    }

    private static double[] Run(ColourPlan colours) => Run(new CropPlan(Width, Height, 0, 0, Flip: false, colours), out _);

    private static double[] Original => [.. Source.Image.Pixels.Select(p => (double)p)];

    private static double Grey(double[] x, int pixel) => 0.2989 * x[3 * pixel] + 0.587 * x[3 * pixel + 1] + 0.114 * x[3 * pixel + 2];

    private static double[] Blend(double[] x, double factor, Func<int, double> other) =>
        [.. x.Select((v, i) => Math.Clamp(factor * v + (1 - factor) * other(i / 3), 0, 255))];

    private static double[] Brighter(double[] x, double factor) => Blend(x, factor, _ => 0);

    private static double[] Contrasted(double[] x, double factor)
    {
        double mean = Enumerable.Range(0, x.Length / 3).Average(p => Grey(x, p));
        return Blend(x, factor, _ => mean);
    }

    private static double[] Saturated(double[] x, double factor) => Blend(x, factor, p => Grey(x, p));

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 0.01);
    }

    [Fact]
    public void EachChangeIsWhatItsDefinitionSays()
    {
        Close(Original, Run(Nothing));
        Close(Brighter(Original, 1.4), Run(Nothing with { Brightness = 1.4f }));
        Close(Contrasted(Original, 0.6), Run(Nothing with { Contrast = 0.6f }));
        Close(Saturated(Original, 1.8), Run(Nothing with { Saturation = 1.8f }));
        // At the ends: black, one grey, and the grey picture.
        Assert.All(Run(Nothing with { Brightness = 0 }), v => Assert.Equal(0, v, 0.01));
        Assert.Equal(0, Run(Nothing with { Contrast = 0 }).Max() - Run(Nothing with { Contrast = 0 }).Min(), 0.01);
        Close(Saturated(Original, 0), Run(Nothing with { Saturation = 0 }));
    }

    [Fact]
    public void TheOrderCounts()
    {
        var plan = Nothing with { Brightness = 1.5f, Contrast = 1.5f, Saturation = 0.5f };
        Close(Saturated(Contrasted(Brighter(Original, 1.5), 1.5), 0.5), Run(plan with { Order = 0 }));
        Close(Contrasted(Saturated(Brighter(Original, 1.5), 0.5), 1.5), Run(plan with { Order = 1 }));
        Close(Brighter(Contrasted(Saturated(Original, 0.5), 1.5), 1.5), Run(plan with { Order = ColourPlan.Orders - 1 }));
        Assert.Equal(ColourPlan.Orders, Enumerable.Range(0, ColourPlan.Orders).Select(o => string.Join(' ', Run(plan with { Order = o }).Select(v => $"{v:F1}"))).Distinct().Count());
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.8)]
    [InlineData(5)]
    public void TheBlurIsAGaussiansWithRepeatedEdges(double sigma)
    {
        int radius = (int)Math.Ceiling(3 * sigma);
        var bell = Enumerable.Range(-radius, 2 * radius + 1).Select(k => Math.Exp(-0.5 * k * k / (sigma * sigma))).ToArray();
        var expected = new double[Original.Length];
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                for (int c = 0; c < 3; c++)
                {
                    for (int i = -radius; i <= radius; i++)
                    {
                        for (int j = -radius; j <= radius; j++)
                        {
                            int from = Math.Clamp(y + i, 0, Height - 1) * Width + Math.Clamp(x + j, 0, Width - 1);
                            expected[(y * Width + x) * 3 + c] +=
                                bell[i + radius] * bell[j + radius] / (bell.Sum() * bell.Sum()) * Source.Image.Pixels[from * 3 + c];
                        }
                    }
                }
            }
        }
        Close(expected, Run(Nothing with { BlurSigma = (float)sigma }));
    }

    [Fact]
    public void OnlyThePictureIsChangedAndLabelsAreNot()
    {
        var plan = new CropPlan(Width, Height, -3, -2, Flip: true);
        var plain = Run(plan, out var labels, Height + 5, Width + 7);
        var changed = Run(plan with { Colours = new ColourPlan(0.5f, 1.3f, 0.7f, 3, 1.5f) }, out var changedLabels, Height + 5, Width + 7);
        Assert.Equal(labels, changedLabels);
        for (int p = 0; p < labels.Length; p++)
        {
            if (labels[p] != LabelMap.Ignore) continue;
            for (int c = 0; c < 3; c++) Assert.Equal(ImageNet.Mean[c] * 255.0, changed[3 * p + c], 1e-3);
        }
        Assert.NotEqual(plain, changed);
    }

    [Fact]
    public void DrawsLieInTheirRangesAndLeaveTheCropsPlaceAlone()
    {
        var options = Options with { Brightness = 0.4, Contrast = 0.3, Saturation = 0.2, BlurProbability = 0.5, MinBlurSigma = 0.5, MaxBlurSigma = 1.5 };
        var plans = Enumerable.Range(0, 2000).Select(i => new Augmenter(options).Plan(50, 40, new SeededRandom(9, i))).ToList();
        var colours = plans.Select(p => p.Colours!.Value).ToList();
        Range(0.6, 1.4, colours.Select(c => c.Brightness));
        Range(0.7, 1.3, colours.Select(c => c.Contrast));
        Range(0.8, 1.2, colours.Select(c => c.Saturation));
        Range(0.5, 1.5, colours.Where(c => c.BlurSigma > 0).Select(c => c.BlurSigma));
        Assert.InRange(colours.Count(c => c.BlurSigma > 0), 900, 1100);
        Assert.All(Enumerable.Range(0, ColourPlan.Orders), o => Assert.InRange(colours.Count(c => c.Order == o), 270, 400));
        Assert.Equal(
            plans.Select(p => p with { Colours = null }),
            Enumerable.Range(0, 2000).Select(i => new Augmenter(Options).Plan(50, 40, new SeededRandom(9, i))));

        static void Range(double low, double high, IEnumerable<float> values)
        {
            var all = values.ToList();
            Assert.All(all, v => Assert.InRange(v, low - 1e-6, high + 1e-6));
            Assert.InRange(all.Min(), low, low + 0.05 * (high - low));
            Assert.InRange(all.Max(), high - 0.05 * (high - low), high + 1e-6);
        }
    }

    [Fact]
    public void ImpossibleOptionsAreNamed()
    {
        string Key(AugmentationOptions o) => Assert.Throws<DataOptionException>(() => new Augmenter(o)).Key;
        Assert.Equal("brightness", Key(Options with { Brightness = 1.1 }));
        Assert.Equal("contrast", Key(Options with { Contrast = -0.1 }));
        Assert.Equal("saturation", Key(Options with { Saturation = double.NaN }));
        Assert.Equal("blur", Key(Options with { BlurProbability = 2 }));
        Assert.Equal("blur_sigma", Key(Options with { MinBlurSigma = 0 }));
        Assert.Equal("blur_sigma", Key(Options with { MinBlurSigma = 3 }));
    }
}
