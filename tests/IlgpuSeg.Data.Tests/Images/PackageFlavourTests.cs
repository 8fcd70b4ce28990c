namespace IlgpuSeg.Data.Tests;

/// <summary>What the package flavour does to files by itself, with whatever codec the build has in the package's place.</summary>
public sealed class PackageFlavourTests
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

    [Theory]
    [InlineData("png-palette.png")]
    [InlineData("jpeg-restart.jpg")]
    [InlineData("jpeg-progressive-444.jpg")]
    public void EveryTruncationIsNoticed(string file)
    {
        var bytes = Fixture.Bytes(file);
        bool HasEnd(ReadOnlySpan<byte> b) =>
            file.EndsWith(".png", StringComparison.Ordinal) ? FileEnds.HasPngEnd(b) : FileEnds.HasJpegEnd(b);
        Assert.True(HasEnd(bytes));
        Assert.True(HasEnd([.. bytes, 1, 2, 3]));
        for (int length = 0; length < bytes.Length; length++)
            Assert.False(HasEnd(bytes.AsSpan(0, length)), $"{length} of {bytes.Length} bytes");
    }
}
