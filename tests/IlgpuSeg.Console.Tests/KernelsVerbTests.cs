using IlgpuSeg.Kernels;

namespace IlgpuSeg.Console.Tests;

/// <summary>`ilgpuseg kernels`: names and code.</summary>
public sealed class KernelsVerbTests
{
    [Fact]
    public void ListsEveryKernelByName()
    {
        var run = ConsoleRun.Of("kernels");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(KernelCatalog.All.Select(kernel => kernel.Name), run.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void PrintsTheCodeOfAKernel()
    {
        var run = ConsoleRun.Of("kernels", "--ir", "Elementwise.Add<float>");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("load.Generic.Float32", run.Output);
        Assert.Contains("store.Generic.Float32", run.Output);
        Assert.DoesNotContain("Float64", run.Output);
    }

    [Theory]
    [InlineData("GemmPack.Pack", "GemmPack.Pack<float>")]
    [InlineData("GemPack.Pack<flaot>", "GemmPack.Pack<float>")]
    [InlineData("", "near: ")]
    public void AnUnknownNameIsAnsweredWithTheNearest(string name, string expected)
    {
        var message = ConsoleRun.Of("kernels", "--ir", name).RefusedWith();
        Assert.Contains($"'{name}'", message);
        Assert.Contains(expected, message);
    }
}
