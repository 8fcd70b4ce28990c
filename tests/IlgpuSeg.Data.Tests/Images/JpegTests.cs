namespace IlgpuSeg.Data.Tests;

public sealed class JpegTests
{
    public static TheoryData<string> Files => [.. Fixture.Names("jpeg-*.jpg")];

    [Theory]
    [MemberData(nameof(Files))]
    public void DecodesAsLibjpegDoes(string file)
    {
        var expected = Fixture.Expected(file);
        var actual = ImageCodec.Default.DecodeRgb(Fixture.Bytes(file), file);
        Assert.Equal((expected.Width, expected.Height), (actual.Width, actual.Height));
#if CODEC_BUNDLED
        // Same integer transform and same filters: the same pixels.
        Assert.Equal(expected.Pixels, actual.Pixels);
#else
        // The package transforms in floats and repeats subsampled colours: near, not equal.
        double difference = expected.Pixels.Zip(actual.Pixels, (e, a) => Math.Abs(e - a)).Average();
        Assert.InRange(difference, 0, 12);
#endif
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void IdentifyTellsTheSize(string file)
    {
        var expected = Fixture.Expected(file);
        Assert.Equal(
            new ImageInfo(expected.Width, expected.Height, "JPEG"), ImageCodec.Default.Identify(Fixture.Bytes(file), file));
    }

    [Fact]
    public void FixturesCoverEveryKindOfFile() => Assert.Equal(21, Fixture.Names("jpeg-*.jpg").Count());

    [Fact]
    public void LabelsCannotComeFromJpeg()
    {
        var e = Assert.Throws<ImageFormatException>(() => ImageCodec.Default.DecodeLabels(Fixture.Bytes("jpeg-grey.jpg"), "a.jpg"));
        Assert.StartsWith("a.jpg: a JPEG file cannot hold labels", e.Message);
    }
}
