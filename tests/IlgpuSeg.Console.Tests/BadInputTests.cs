using IlgpuSeg.Console;
using IlgpuSeg.Data;

namespace IlgpuSeg.Tests;

/// <summary>What a user gets wrong ends with one line that names it, exit code 2, and nothing written.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ilgpuseg-bad").FullName;

    private string Root => Path.Combine(folder, "scenes");

    private string Output => Path.Combine(folder, "out");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AMissingFolder() => Refused("nowhere", Train("data.root=" + Path.Combine(folder, "nowhere")));

    [Fact]
    public void AnImageWithoutLabel()
    {
        var label = Label("train", 0);
        File.Delete(label);
        Refused(Path.GetFileName(label), Train());
    }

    [Fact]
    public void ALabelOfAnotherSize()
    {
        var label = Label("val", 0);
        ImageCodec.Default.WritePng(label, new LabelMap(20, 20));
        Refused(Path.GetFileName(label), Train());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(400)]
    public void ATruncatedImage(int length)
    {
        Draw();
        var image = Directory.GetFiles(Path.Combine(Root, "leftImg8bit", "train"), "*.png", SearchOption.AllDirectories)[0];
        File.WriteAllBytes(image, File.ReadAllBytes(image)[..length]);
        Refused(Path.GetFileName(image), Train());
    }

    [Fact]
    public void AnUnknownKey()
    {
        var file = Path.Combine(folder, "run.yaml");
        File.WriteAllText(file, "optim:\n  learning_rate: 1\n");
        Refused("optim.learning_rate", ["train", file]);
        Refused("optim.batches", Train("optim.batches=3"));
    }

    [Theory]
    [InlineData("augment.crop=[0, 64]", "augment.crop")]
    [InlineData("augment.crop=[16, 16]", "augment.crop")]
    [InlineData("optim.batch=1000", "batch")]
    [InlineData("device=gpu9", "gpu9")]
    [InlineData("weights=none.pth", "none.pth")]
    [InlineData("resume=none.safetensors", "none.safetensors")]
    [InlineData("data.train=nosuch", "nosuch")]
    public void AnImpossibleSetting(string setting, string named)
    {
        Draw();
        Refused(named, Train(setting));
    }

    [Theory]
    [InlineData("model", "van-x", "van-s-frm")]
    [InlineData("model", "--size", "big", "big")]
    [InlineData("model", "--size", "32x32", "33 or more")]
    [InlineData("eval", "none.safetensors", "--data", ".", "--kind", "coco", "coco")]
    [InlineData("tarin", "tarin")]
    public void AWrongCommand(params string[] argumentsThenNamed) => Refused(argumentsThenNamed[^1], argumentsThenNamed[..^1]);

    private static string Prefix => "ilgpuseg: ";

    private string[] Train(params string[] overrides)
    {
        Draw();
        return ["train", "--set", "model=van-t-frm", "data.kind=cityscapes", "data.root=" + Root, "output=" + Output, "augment.crop=[33, 33]", "optim.batch=1", .. overrides];
    }

    private void Draw()
    {
        if (!Directory.Exists(Root)) SyntheticScenes.Write(Root, train: 2, val: 1, width: 48, height: 48, seed: 1);
    }

    private string Label(string split, int index)
    {
        Draw();
        return Directory.GetFiles(Path.Combine(Root, "gtFine", split), "*_labelIds.png", SearchOption.AllDirectories)[index];
    }

    private void Refused(string named, string[] arguments)
    {
        var (code, error) = CapturedConsole.Run(arguments);
        Assert.True(code == CommandLine.BadInput, $"exit code {code}: {error}");
        Assert.Contains(named, error);
        Assert.All(error.TrimEnd('\n').Split('\n'), line => Assert.StartsWith(Prefix, line));
        Assert.False(Directory.Exists(Output), "something was written");
    }
}
