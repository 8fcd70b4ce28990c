namespace IlgpuSeg.Data.Tests;

public sealed class DatasetCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public DatasetCheckTests()
    {
        for (int i = 0; i < 3; i++)
        {
            _folder.Image($"val/{i}.png");
            _folder.Labels($"valannot/{i}.png", fill: 3);
        }
    }

    public void Dispose() => _folder.Dispose();

    private string Image(int i) => _folder[$"val/{i}.png"];

    private string Label(int i) => _folder[$"valannot/{i}.png"];

    private string[] Check(CheckDepth depth = CheckDepth.Full) =>
        [.. DatasetCheck.Run(CamVidDataset.Open(_folder.Root, "val"), depth).Select(p => p.ToString())];

    [Fact]
    public void AGoodSetHasNoProblems()
    {
        Assert.Empty(Check());
        Assert.Empty(Check(CheckDepth.Structure));
    }

    [Theory]
    [InlineData(CheckDepth.Structure)]
    [InlineData(CheckDepth.Full)]
    public void EveryProblemIsOneLineNamingTheFile(CheckDepth depth)
    {
        File.Delete(Label(0));
        _folder.Labels("valannot/1.png", 8, 5);
        File.WriteAllBytes(Image(2), File.ReadAllBytes(Image(2))[..^10]);
        var problems = Check(depth);
        Assert.Equal(3, problems.Length);
        Assert.Equal($"{Label(0)}: the label of image {Image(0)} is missing", problems[0]);
        Assert.Equal($"{Label(1)}: the label is 8x5, but its image {Image(1)} is 8x6", problems[1]);
        Assert.StartsWith($"{Image(2)}: the file is ", problems[2]);
        Assert.All(problems, p => Assert.DoesNotContain('\n', p));
    }

    [Fact]
    public void IdsAreCheckedInDepth()
    {
        _folder.Labels("valannot/2.png", fill: 12);
        Assert.Empty(Check(CheckDepth.Structure));
        Assert.Equal($"{Label(2)}: id 12 at pixel (0, 0) is not in the label table of CamVid", Assert.Single(Check()));
    }

    [Fact]
    public void AListedImageThatIsMissingIsNamed()
    {
        File.WriteAllText(_folder["val.txt"], "val/gone.png valannot/0.png\n");
        Assert.Equal($"{_folder["val/gone.png"]}: there is no such image, but the list of CamVid val names it", Assert.Single(Check()));
    }

    [Fact]
    public void AFileThatIsNoPictureIsNamed()
    {
        File.WriteAllText(Label(1), "not a picture");
        Assert.StartsWith($"{Label(1)}: neither a PNG nor a JPEG file", Assert.Single(Check()));
    }

    [Fact]
    public void LoadingReportsTheSameThings()
    {
        _folder.Labels("valannot/1.png", 8, 5);
        var set = CamVidDataset.Open(_folder.Root, "val");
        Assert.StartsWith(Label(1), Assert.Throws<DatasetException>(() => set.Load(1)).Message);
    }

    [Fact]
    public void ProgressCountsEverySample()
    {
        var counts = new System.Collections.Concurrent.ConcurrentBag<int>();
        DatasetCheck.Run(CamVidDataset.Open(_folder.Root, "val"), progress: new Counter(counts.Add));
        Assert.Equal([1, 2, 3], counts.Order());
    }

    private sealed class Counter(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
