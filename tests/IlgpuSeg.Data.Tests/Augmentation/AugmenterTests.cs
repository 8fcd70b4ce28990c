namespace IlgpuSeg.Data.Tests;

public sealed class AugmenterTests
{
    private static readonly Sample Source = MemorySamples.Random(1, 40, 30).Load(0);

    private static AugmentationOptions Crop(int height, int width) => new() { CropHeight = height, CropWidth = width };

    private static (float[] Image, int[] Labels) Run(CropPlan plan, int height, int width, Sample? sample = null)
    {
        sample ??= Source;
        var image = new float[height * width * 3];
        var labels = new int[height * width];
        Array.Fill(image, float.NaN);
        Array.Fill(labels, -1);
        new Augmenter(Crop(height, width)).Apply(sample.Image, sample.Labels!, plan, image, labels);
        return (image, labels);
    }

    private static double Normalised(double value, int channel) => (value / 255 - ImageNet.Mean[channel]) / ImageNet.Std[channel];

    /// <summary>Bilinear interpolation as its definition says, one value at a time.</summary>
    private static double Reference(RgbImage image, double x, double y, int channel)
    {
        x = Math.Clamp(x, 0, image.Width - 1);
        y = Math.Clamp(y, 0, image.Height - 1);
        int x0 = (int)x, y0 = (int)y, x1 = Math.Min(x0 + 1, image.Width - 1), y1 = Math.Min(y0 + 1, image.Height - 1);
        double At(int px, int py) => image.Pixels[(py * image.Width + px) * 3 + channel];
        double fx = x - x0, fy = y - y0;
        return At(x0, y0) * (1 - fx) * (1 - fy) + At(x1, y0) * fx * (1 - fy) + At(x0, y1) * (1 - fx) * fy + At(x1, y1) * fx * fy;
    }

    [Fact]
    public void WithoutResizingACropIsACopy()
    {
        var (image, labels) = Run(new CropPlan(40, 30, 7, 5, Flip: false), 10, 12);
        for (int y = 0; y < 10; y++)
        {
            for (int x = 0; x < 12; x++)
            {
                Assert.Equal(Source.Labels![x + 7, y + 5], labels[y * 12 + x]);
                var pixel = Source.Image[x + 7, y + 5];
                Assert.Equal(Normalised(pixel.R, 0), image[(y * 12 + x) * 3], 1e-5);
                Assert.Equal(Normalised(pixel.G, 1), image[(y * 12 + x) * 3 + 1], 1e-5);
                Assert.Equal(Normalised(pixel.B, 2), image[(y * 12 + x) * 3 + 2], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(80, 60)]
    [InlineData(57, 43)]
    [InlineData(20, 15)]
    [InlineData(27, 19)]
    public void ResizingIsBilinearBetweenPixelCentres(int width, int height)
    {
        var (image, labels) = Run(new CropPlan(width, height, 0, 0, Flip: false), height, width);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double sx = (x + 0.5) * 40 / width, sy = (y + 0.5) * 30 / height;
                Assert.Equal(Source.Labels![(int)sx, (int)sy], labels[y * width + x]);
                for (int c = 0; c < 3; c++)
                    Assert.Equal(Normalised(Reference(Source.Image, sx - 0.5, sy - 0.5, c), c), image[(y * width + x) * 3 + c], 1e-4);
            }
        }
    }

    [Fact]
    public void AFlipMirrorsImageAndLabels()
    {
        var plan = new CropPlan(60, 45, 3, 2, Flip: false);
        var (image, labels) = Run(plan, 20, 24);
        var (flipped, flippedLabels) = Run(plan with { Flip = true }, 20, 24);
        for (int y = 0; y < 20; y++)
        {
            for (int x = 0; x < 24; x++)
            {
                int here = y * 24 + x, there = y * 24 + 23 - x;
                Assert.Equal(labels[here], flippedLabels[there]);
                Assert.Equal(image.AsSpan(here * 3, 3), flipped.AsSpan(there * 3, 3));
            }
        }
    }

    [Fact]
    public void OutsideThePictureIsMeanColourAndIgnored()
    {
        var (image, labels) = Run(new CropPlan(20, 15, -6, -3, Flip: false), 25, 32);
        for (int y = 0; y < 25; y++)
        {
            for (int x = 0; x < 32; x++)
            {
                bool inside = x is >= 6 and < 26 && y is >= 3 and < 18;
                Assert.Equal(inside, labels[y * 32 + x] != LabelMap.Ignore);
                if (!inside)
                    Assert.Equal([0f, 0f, 0f], image.AsSpan((y * 32 + x) * 3, 3).ToArray());
            }
        }
    }

    [Fact]
    public void PlansCoverTheAllowedRangeEvenly()
    {
        var augmenter = new Augmenter(Crop(32, 32));
        var random = new SeededRandom(3);
        var plans = Enumerable.Range(0, 4000).Select(_ => augmenter.Plan(100, 50, random)).ToList();
        Assert.InRange(plans.Count(p => p.Flip), 1850, 2150);
        Assert.InRange(plans.Average(p => p.Width), 122, 128);
        Assert.Equal((50, 200), (plans.Min(p => p.Width), plans.Max(p => p.Width)));
        Assert.All(plans, p => Assert.InRange(p.X, Math.Min(0, p.Width - 32), Math.Max(0, p.Width - 32)));
        Assert.All(plans, p => Assert.InRange(p.Y, Math.Min(0, p.Height - 32), Math.Max(0, p.Height - 32)));
        Assert.Contains(plans, p => p.Height < 32 && p.Y < 0);
        Assert.All(plans, p => Assert.InRange(Math.Abs(p.Width - 2 * p.Height), 0, 2));
    }

    [Theory]
    [InlineData(0, 64)]
    [InlineData(64, -1)]
    public void AnImpossibleCropIsNamed(int height, int width)
    {
        var e = Assert.Throws<DataOptionException>(() => new Augmenter(Crop(height, width)));
        Assert.Equal("crop", e.Key);
        Assert.Equal($"crop: {height}x{width} (height x width) is impossible; both must be at least 1", e.Message);
    }

    [Fact]
    public void OtherImpossibleOptionsAreNamed()
    {
        string Key(AugmentationOptions o) => Assert.Throws<DataOptionException>(() => new Augmenter(o)).Key;
        Assert.Equal("scale", Key(Crop(8, 8) with { MinScale = 0 }));
        Assert.Equal("scale", Key(Crop(8, 8) with { MinScale = 3 }));
        Assert.Equal("scale", Key(Crop(8, 8) with { MaxScale = double.NaN }));
        Assert.Equal("flip", Key(Crop(8, 8) with { FlipProbability = 1.5 }));
        Assert.Equal("crop", Key(Crop(1 << 16, 1 << 16)));
    }
}
