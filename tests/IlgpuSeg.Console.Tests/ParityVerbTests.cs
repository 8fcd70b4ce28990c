using System.Globalization;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Console.Tests;

public sealed class ParityVerbTests : IDisposable
{
    private const string Eval = "cases/dappm_eval.safetensors", Train = "cases/frm_train.safetensors";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string WithAnotherBias(string name)
    {
        using var file = SafeTensorsFile.Open(ConsoleRun.Fixture(Eval));
        var entries = file.Entries.Select(e => e.Name == "state/decoder.classifier.bias"
            ? WeightEntry.From(e.Name, e.Shape, e.ToFloats().Select(v => v + 0.01f).ToArray())
            : e);
        SafeTensorsWriter.Write(folder[name], entries, file.Metadata);
        return folder[name];
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("float64")]
    public void A_case_that_passes_exits_with_0_and_prints_the_worst_row_first(string dtype)
    {
        var run = ConsoleRun.Of("parity", ConsoleRun.Fixture(Train), "--dtype", dtype);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var rows = run.Output.Split('\n').Where(l => l.Contains("  ok    ", StringComparison.Ordinal))
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.True(rows.Count > 100, run.Output);
        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
        var shares = rows.Select(r => Number(r[0]) == 0 ? 0 : Number(r[0]) / Number(r[1])).ToList();
        // The printed digits round: neighbours may swap by a thousandth.
        Assert.All(shares.Zip(shares.Skip(1)), pair => Assert.True(pair.Second <= pair.First * 1.003));
        Assert.Contains($"in {dtype}", run.Output);
        Assert.Contains("grad/context.dnl.gamma", run.Output);
        Assert.Contains("loss_total_1", run.Output);
    }

    [Fact]
    public void A_case_that_fails_exits_with_1_and_the_others_still_run()
    {
        var run = ConsoleRun.Of("parity", WithAnotherBias("changed.safetensors"), ConsoleRun.Fixture(Eval), "--out", folder["out"]);
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        Assert.Contains("FAIL  logits", run.Output);
        Assert.Contains("1 of 2 cases pass, 1 fail, 0 cannot be used", run.Output);
        using SafeTensorsFile changed = SafeTensorsFile.Open(folder["out/changed.safetensors"]), same = SafeTensorsFile.Open(folder["out/dappm_eval.safetensors"]);
        Assert.Equal(0.01, changed["logits"].ToDoubles()[0] - same["logits"].ToDoubles()[0], 1e-5);
    }

    [Fact]
    public void What_cannot_be_read_exits_with_2_and_the_others_still_run()
    {
        var run = ConsoleRun.Of("parity", folder["none.safetensors"], ConsoleRun.Fixture(Eval));
        Assert.Contains("none.safetensors", run.RefusedWith());
        Assert.Contains("1 of 2 cases pass, 0 fail, 1 cannot be used", run.Output);
    }

    [Fact]
    public void Wrong_options_are_refused()
    {
        Assert.Contains("float16", ConsoleRun.Of("parity", ConsoleRun.Fixture(Eval), "--dtype", "float16").RefusedWith());
        Assert.Contains("tpu:0", ConsoleRun.Of("parity", ConsoleRun.Fixture(Eval), "--device", "tpu:0").RefusedWith());
        Assert.Equal(2, ConsoleRun.Of("parity").ExitCode);
    }

    [Fact]
    public void Results_never_replace_a_case_or_each_other()
    {
        string path = WithAnotherBias("changed.safetensors");
        byte[] before = File.ReadAllBytes(path);
        Assert.Contains("would replace the case", ConsoleRun.Of("parity", path, "--out", Path.GetDirectoryName(path)!).RefusedWith());
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Contains("two files named", ConsoleRun.Of("parity", path, Path.Combine("elsewhere", "changed.safetensors"), "--out", folder["out"]).RefusedWith());
    }
}
