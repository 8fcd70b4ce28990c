#if CODEC_BUNDLED
namespace IlgpuSeg.Data.Tests;

/// <summary>The package flavour's palette handling, with the bundled codec in the package's place.</summary>
public sealed class PngSurgeryTests
{
    private static readonly IImageCodec Codec = ImageCodec.Default;

    [Fact]
    public void APaletteFileBecomesGreyWithItsIndices()
    {
        var file = Fixture.Bytes("png-palette.png");
        Assert.Equal((8, 3), PngSurgery.Header(file));
        var grey = PngSurgery.PaletteToGrey(file);
        Assert.Equal((8, 0), PngSurgery.Header(grey));
        Assert.Equal(Codec.DecodeLabels(file, "a").Ids, Codec.DecodeLabels(grey, "b").Ids);
    }

    [Fact]
    public void AGreyFileGetsAPalette()
    {
        var labels = new LabelMap(3, 2, [0, 1, 2, 2, 1, 0]);
        Rgb[] palette = [new(1, 2, 3), new(4, 5, 6), new(7, 8, 9)];
        var file = PngSurgery.GreyToPalette(Codec.EncodePng(labels), palette);
        Assert.Equal(labels.Labels.Select(l => (ushort)l), Codec.DecodeLabels(file, "a").Ids);
        Assert.Equal(palette[2], Codec.DecodeRgb(file, "a")[2, 0]);
    }

    [Fact]
    public void OnlyPngFilesHaveAHeader()
    {
        Assert.Null(PngSurgery.Header(Fixture.Bytes("jpeg-420.jpg")));
        Assert.Null(PngSurgery.Header([0x89, 0x50]));
    }
}
#endif
