using System.Text.Json;

namespace IlgpuSeg.Console.Tests;

public class ModelVerbTests
{
    [Fact]
    public void JsonHoldsWhatTheTextShows()
    {
        var run = ConsoleRun.Of("model", "van-s-frm", "--size", "1280x720", "--json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        using var json = JsonDocument.Parse(run.Output);
        var root = json.RootElement;
        Assert.Equal(16_477_525, root.GetProperty("parameters").GetInt64());
        Assert.Equal(94.5570, root.GetProperty("gflops").GetDouble(), 0.00005);
        Assert.Equal([1, 720, 1280, 3], root.GetProperty("input").EnumerateArray().Select(d => d.GetInt32()));
        var layers = root.GetProperty("layers").EnumerateArray().ToList();
        Assert.Equal(16_477_525, layers.Sum(l => l.GetProperty("parameters").GetInt64()));
        var logits = layers[^1];
        Assert.Equal("Resize", logits.GetProperty("kind").GetString());
        Assert.Equal([1, 720, 1280, 19], logits.GetProperty("output").EnumerateArray().Select(d => d.GetInt32()));
        // All results and the input, float32.
        var all = layers.Sum(l => l.GetProperty("bytes").GetInt64()) + (720L * 1280 * 3 * 4);
        Assert.Equal(all, root.GetProperty("activation_bytes").GetProperty("training").GetInt64());
        Assert.True(root.GetProperty("activation_bytes").GetProperty("inference").GetInt64() < all / 4);
    }

    [Fact]
    public void TheTreeShowsModulesLayersAndMemory()
    {
        var run = ConsoleRun.Of("model", "van-s-ppm", "--size", "2048x1024");
        Assert.Contains("├ context", run.Output);
        Assert.Contains("└ bottleneck", run.Output);
        Assert.Contains("213.2142", run.Output);
        Assert.Contains("MiB an image in training", run.Output);
    }

    [Fact]
    public void TablesShowPublishedAndComputedRows()
    {
        var run = ConsoleRun.Of("model", "--table");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Matches(@"SFNet +ECCV 2020 +ResNet-18 +- +78\.9 +2048x1024 +243\.87 +12\.87", run.Output);
        Assert.Matches(
            @"FRM \(the paper\) +- +VAN-S +64\.9 +- +1280x720 +94\.55 +16\.48\n +computed: van-s-frm +94\.5570 +16\.4775\n +difference +\+0\.0070 +-0\.0025",
            run.Output);
        Assert.Contains("the computed 94.5570 GFLOPs do not round to the published 94.55", run.Output);
        using var json = JsonDocument.Parse(ConsoleRun.Of("model", "--table", "--json").Output);
        Assert.Equal(18, json.RootElement.GetArrayLength());
    }
}
