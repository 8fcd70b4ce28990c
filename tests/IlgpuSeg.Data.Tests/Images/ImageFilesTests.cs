namespace IlgpuSeg.Data.Tests;

public sealed class ImageFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ilgpuseg-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void FilesAreWrittenWholeIntoNewFolders()
    {
        var path = Path.Combine(_folder, "a", "b", "c.png");
        var image = new RgbImage(5, 4) { [2, 1] = new Rgb(1, 2, 3) };
        ImageCodec.Default.WritePng(path, image);
        ImageCodec.Default.WritePng(path, image);
        Assert.Equal(image.Pixels, ImageCodec.Default.ReadRgb(path).Pixels);
        Assert.Equal(new ImageInfo(5, 4, "PNG"), ImageCodec.Default.Identify(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Fact]
    public void AFailedWriteLeavesNothing()
    {
        var path = Path.Combine(_folder, "taken");
        Directory.CreateDirectory(path);
        Assert.ThrowsAny<Exception>(() => AtomicFile.Write(path, [1, 2, 3]));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void SizesAndLengthsMustAgree()
    {
        Assert.Throws<ArgumentException>(() => new RgbImage(2, 2, new byte[11]));
        Assert.Throws<ArgumentException>(() => new LabelMap(2, 2, new byte[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RgbImage(0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RgbImage(2, 2)[2, 0]);
    }
}
