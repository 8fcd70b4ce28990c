namespace IlgpuSeg.Console.Tests;

public sealed class ExportVerbTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Case => ConsoleRun.Fixture("cases/dappm_eval.safetensors");

    [Fact]
    public void Cases_named_models_and_weight_files_are_exported()
    {
        var run = ConsoleRun.Of("export", Case, folder["case.onnx"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(0, ConsoleRun.Of("export", Case, folder["folded.onnx"], "--fold-bn").ExitCode);
        Assert.True(new FileInfo(folder["folded.onnx"]).Length < new FileInfo(folder["case.onnx"]).Length);
        Assert.Equal(0, ConsoleRun.Of("export", folder["small.onnx"], "--model", "van-t-frm", "--classes", "4", "--size", "128x64").ExitCode);
        Assert.True(new FileInfo(folder["small.onnx"]).Length > 5_500_000 * 4);
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        Assert.Contains("--model", ConsoleRun.Of("export", folder["x.onnx"]).RefusedWith());
        Assert.Contains("must end with .onnx", ConsoleRun.Of("export", Case, folder["x.bin"]).RefusedWith());
        Assert.Contains("does not fit the network", ConsoleRun.Of("export", ConsoleRun.Fixture("pth/zip.pth"), folder["x.onnx"], "--model", "van-t-frm").RefusedWith());
        Assert.Contains("no checkpoint", ConsoleRun.Of("export", ConsoleRun.Fixture("pth/zip.pth"), folder["x.onnx"]).RefusedWith());
        Assert.Contains("no checkpoint of a training run", ConsoleRun.Of("export", ConsoleRun.Fixture("pth/expected.safetensors"), folder["x.onnx"]).RefusedWith());
        Assert.Contains("WIDTHxHEIGHT", ConsoleRun.Of("export", Case, folder["x.onnx"], "--size", "big").RefusedWith());
        Assert.False(File.Exists(folder["x.onnx"]));
    }
}
