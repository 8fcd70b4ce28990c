using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Console.Tests;

public sealed class ConvertVerbTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static void AssertSame(string expected, string actual)
    {
        using IWeightSource a = WeightFile.Open(expected), b = WeightFile.Open(actual);
        Assert.Equal(a.Entries.Select(e => e.ToString()).Order(), b.Entries.Select(e => e.ToString()).Order());
        foreach (var entry in a.Entries)
            Assert.Equal(entry.ToBytes(), b.Entries.Single(e => e.Name == entry.Name).ToBytes());
    }

    [Theory]
    [InlineData("zip.pth")]
    [InlineData("legacy.pth.tar")]
    [InlineData("module_half.pth.tar")]
    public void A_checkpoint_of_PyTorch_goes_to_safetensors_and_back(string name)
    {
        var source = ConsoleRun.Fixture(Path.Combine("pth", name));
        var from = source;
        foreach (var to in new[] { "a.safetensors", "b.pth", "c.pth.tar", "d.safetensors" })
        {
            var run = ConsoleRun.Of("convert", from, folder[to]);
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            AssertSame(source, folder[to]);
            from = folder[to];
        }
        Assert.Equal(File.ReadAllBytes(folder["a.safetensors"]), File.ReadAllBytes(folder["d.safetensors"]));
        Assert.Equal(4, Directory.GetFiles(Path.GetDirectoryName(folder["a"])!).Length);
    }

    [Fact]
    public void Metadata_of_safetensors_stays()
    {
        var source = ConsoleRun.Fixture("cases/dappm_eval.safetensors");
        Assert.Equal(0, ConsoleRun.Of("convert", source, folder["copy.safetensors"]).ExitCode);
        using SafeTensorsFile a = SafeTensorsFile.Open(source), b = SafeTensorsFile.Open(folder["copy.safetensors"]);
        Assert.Equal(a.Metadata.OrderBy(p => p.Key), b.Metadata.OrderBy(p => p.Key));
    }

    [Fact]
    public void A_prefix_takes_a_part()
    {
        Assert.Equal(0, ConsoleRun.Of("convert", ConsoleRun.Fixture("cases/dappm_eval.safetensors"), folder["net.pth"], "--prefix", "state/").ExitCode);
        using var file = WeightFile.Open(folder["net.pth"]);
        Assert.Contains(file.Entries, e => e.Name == "decoder.classifier.bias");
        Assert.DoesNotContain(file.Entries, e => e.Name.Contains('/', StringComparison.Ordinal));
        Assert.Contains("begins with 'nothing/'", ConsoleRun.Of("convert", folder["net.pth"], folder["x.pth"], "--prefix", "nothing/").RefusedWith());
    }

    [Fact]
    public void Bad_input_is_refused_and_leaves_nothing()
    {
        Assert.Contains(".safetensors, .pth", ConsoleRun.Of("convert", ConsoleRun.Fixture("pth/zip.pth"), folder["out.bin"]).RefusedWith());
        Assert.Contains("not allowed", ConsoleRun.Of("convert", ConsoleRun.Fixture("pth/malicious.pth"), folder["out.safetensors"]).RefusedWith());
        Assert.Contains("no such file", ConsoleRun.Of("convert", folder["none.pth"], folder["out.safetensors"]).RefusedWith());
        Assert.Contains("no such folder", ConsoleRun.Of("convert", ConsoleRun.Fixture("pth/zip.pth"), folder["none/out.pth"]).RefusedWith());
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(folder["a"])!));
    }
}
