using IlgpuSeg.Data;

namespace IlgpuSeg.Tests;

/// <summary>The verbs as a user runs them.</summary>
public sealed class VerbTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ilgpuseg-verbs").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ModelPrintsThePapersCounts()
    {
        var (code, output, _) = CapturedConsole.RunAll("model");
        Assert.Equal(0, code);
        Assert.Contains("16,477,525", output);
        Assert.Contains("214.8184", output);
        Assert.Contains("conv_spatial", output);
    }

    [Fact]
    public void DevicesListsTheCpu()
    {
        var (code, output, _) = CapturedConsole.RunAll("devices");
        Assert.Equal(0, code);
        Assert.Contains("cpu", output);
    }

    [Fact]
    public void PrintedSettingsAreAConfiguration()
    {
        var (_, yaml, _) = CapturedConsole.RunAll("train", "--print-config", "--set", "optim.lr=0.02");
        var file = Path.Combine(folder, "run.yaml");
        File.WriteAllText(file, yaml);
        var (code, again, _) = CapturedConsole.RunAll("train", file, "--print-config");
        Assert.Equal(0, code);
        Assert.Contains("lr: 0.02", again);
    }

    [TrainingFact]
    public void DemoTrainsAndLeavesPictures()
    {
        var (code, output, error) = CapturedConsole.RunAll("demo", "--output", Path.Combine(folder, "demo"), "--steps", "2");
        Assert.True(code == 0, error);
        Assert.Contains("mIoU", output);
        Assert.True(File.Exists(Path.Combine(folder, "demo", "run", "curve.png")));
        Assert.True(File.Exists(Path.Combine(folder, "demo", "run", "last.safetensors")));
        var overlays = Directory.GetFiles(Path.Combine(folder, "demo", "overlays"), "*.png");
        Assert.Equal(6, overlays.Length);
        Assert.True(ImageCodec.Default.Identify(overlays[0]).Width > 3 * 192);

        var (evaluated, table, _) = CapturedConsole.RunAll("eval", Path.Combine(folder, "demo", "run", "last.safetensors"), "--kind", "cityscapes",
            "--data", Path.Combine(folder, "demo", "scenes"), "--limit", "2", "--overlays", Path.Combine(folder, "more"));
        Assert.Equal(0, evaluated);
        Assert.Contains("mIoU", table);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(folder, "more")).Length);
    }
}
