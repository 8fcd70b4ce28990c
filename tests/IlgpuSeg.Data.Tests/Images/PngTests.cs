using FsCheck;
using FsCheck.Fluent;

namespace IlgpuSeg.Data.Tests;

public sealed class PngTests
{
    private static readonly IImageCodec Codec = ImageCodec.Default;

    public static TheoryData<string> Files => [.. Fixture.Names("png-*.png").Where(f => f != "png-grey-16.png")];

    /// <summary>Every colour type with every depth it may have, plain and interlaced.</summary>
    public static TheoryData<int, int, bool> Kinds
    {
        get
        {
            var kinds = new TheoryData<int, int, bool>();
            foreach (bool interlaced in new[] { false, true })
            {
                foreach (int depth in new[] { 1, 2, 4, 8, 16 })
                {
                    kinds.Add(0, depth, interlaced);
                    if (depth < 16)
                        kinds.Add(3, depth, interlaced);
                    foreach (int colour in new[] { 2, 4, 6 })
                    {
                        if (depth >= 8)
                            kinds.Add(colour, depth, interlaced);
                    }
                }
            }
            return kinds;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void DecodesAsPillowDoes(string file)
    {
        var expected = Fixture.Expected(file);
        var actual = Codec.DecodeRgb(Fixture.Bytes(file), file);
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
        Assert.Equal(expected.Pixels, actual.Pixels);
        Assert.Equal(new ImageInfo(expected.Width, expected.Height, "PNG"), Codec.Identify(Fixture.Bytes(file), file));
    }

    [Fact]
    public void SixteenBitIdsAreReadAsStored()
    {
        var (width, height, values) = Fixture.ReadPnm("png-grey-16.pgm");
        var ids = Codec.DecodeLabels(Fixture.Bytes("png-grey-16.png"), "ids.png");
        Assert.Equal((width, height), (ids.Width, ids.Height));
        Assert.Equal(values.Chunk(2).Select(b => (ushort)(b[0] << 8 | b[1])), ids.Ids);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ReadsEveryKindAtEverySmallSize(int colour, int depth, bool interlaced)
    {
        var random = new Random(colour * 100 + depth);
#if CODEC_BUNDLED
        const int narrowest = 1;
#else
        // ImageSharp 3.1 misplaces the rows of interlaced files with an empty pass, which are those narrower than 5 pixels.
        int narrowest = interlaced ? 5 : 1;
#endif
        for (int width = narrowest; width <= 10; width++)
        {
            for (int height = 1; height <= 10; height++)
                CheckOne(Random(random, width, height, colour, depth, interlaced));
        }
        CheckOne(Random(random, 71, 33, colour, depth, interlaced));
    }

    [Fact]
    public void ReadsAnyGreyPictureWithAnyFilters() =>
        Check.QuickThrowOnFailure(Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<byte[]>(), (values, filters) =>
            {
                if (values.Length == 0)
                    return;
                int width = 1 + values[0] % values.Length;
                CheckOne(new PngBuilder
                {
                    Width = width, Height = values.Length / width, ColourType = 0, Depth = 8, ChunkSize = 7,
                    Samples = values.Take(values.Length / width * width).Select(v => (int)v).ToArray(),
                    Filters = [0, .. filters.Select(f => f % 5)],
                });
            }));

    private static PngBuilder Random(Random random, int width, int height, int colour, int depth, bool interlaced)
    {
        int channels = colour switch { 0 or 3 => 1, 4 => 2, 2 => 3, _ => 4 };
        var palette = new byte[3 << Math.Min(depth, 8)];
        random.NextBytes(palette);
        return new PngBuilder
        {
            Width = width, Height = height, ColourType = colour, Depth = depth, Interlaced = interlaced,
            Samples = Enumerable.Range(0, width * height * channels).Select(_ => random.Next(1 << depth)).ToArray(),
            Palette = colour == 3 ? palette : null,
            Filters = [random.Next(5), random.Next(5), random.Next(5), random.Next(5), random.Next(5)],
        };
    }

    private static void CheckOne(PngBuilder png)
    {
        var file = png.Build();
        var image = Codec.DecodeRgb(file, "test.png");
        Assert.Equal((png.Width, png.Height), (image.Width, image.Height));
        Assert.Equal(ExpectedRgb(png), image.Pixels);
        if (png.ColourType is 0 or 3)
            Assert.Equal(png.Samples, Codec.DecodeLabels(file, "test.png").Ids.Select(i => (int)i));
        else
            Assert.Throws<ImageFormatException>(() => Codec.DecodeLabels(file, "test.png"));
    }

    private static byte[] ExpectedRgb(PngBuilder png)
    {
        double max = (1 << png.Depth) - 1;
        byte To8(int sample) => (byte)Math.Round(sample / max * 255, MidpointRounding.AwayFromZero);
        return png.Samples.Chunk(png.Channels).SelectMany(pixel => png.ColourType switch
        {
            3 => png.Palette!.AsSpan(pixel[0] * 3, 3).ToArray(),
            0 or 4 => [To8(pixel[0]), To8(pixel[0]), To8(pixel[0])],
            _ => pixel.Take(3).Select(To8),
        }).ToArray();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(37, 23)]
    [InlineData(200, 3)]
    public void WrittenPicturesReadBack(int width, int height)
    {
        var image = new RgbImage(width, height);
        new Random(5).NextBytes(image.Pixels);
        Assert.Equal(image.Pixels, Codec.DecodeRgb(Codec.EncodePng(image), "x.png").Pixels);
    }

    [Fact]
    public void WrittenLabelsReadBack()
    {
        var labels = new LabelMap(19, 11);
        new Random(6).NextBytes(labels.Labels);
        var expected = labels.Labels.Select(l => (ushort)l);
        Assert.Equal(expected, Codec.DecodeLabels(Codec.EncodePng(labels), "x.png").Ids);

        var palette = Enumerable.Range(0, 256).Select(i => new Rgb((byte)i, (byte)(255 - i), 7)).ToArray();
        var file = Codec.EncodePng(labels, palette);
        Assert.Equal(expected, Codec.DecodeLabels(file, "x.png").Ids);
        var image = Codec.DecodeRgb(file, "x.png");
        Assert.Equal(palette[labels[3, 4]], image[3, 4]);
    }

    [Fact]
    public void SmoothPicturesCompress()
    {
        var image = new RgbImage(256, 256);
        for (int i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)(i / 3 % 256 + i / 768);
        Assert.InRange(Codec.EncodePng(image).Length, 100, 4000);
    }

    [Fact]
    public void ALabelWithoutColourIsRefused()
    {
        var labels = new LabelMap(1, 1, [3]);
        var e = Assert.Throws<ArgumentException>(() => Codec.EncodePng(labels, [default, default, default]));
        Assert.StartsWith("label 3 has no colour in a palette of 3", e.Message);
    }
}
