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

#if KERNELS_BUNDLED
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
    [InlineData(null, ".target sm_80\n", ".version 7.0\n")]
    [InlineData("sm_90a", ".target sm_90a\n", ".version 8.0\n")]
    [InlineData("sm_100", ".target sm_100\n", ".version 8.6\n")]
    public void PrintsAKernelAsPtx(string? architecture, string target, string version)
    {
        string[] choice = architecture is null ? [] : ["--arch", architecture];
        var run = ConsoleRun.Of(["kernels", "--ptx", "Elementwise.Add<float>", .. choice]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains(target, run.Output);
        Assert.Contains(version, run.Output);
        Assert.Contains("add.rn.f32", run.Output);
        Assert.Contains("st.global.f32", run.Output);
    }

    [Theory]
    [InlineData("sm_75")]
    [InlineData("sm_89a")]
    [InlineData("ninety")]
    public void AnUnknownArchitectureIsNamed(string architecture)
    {
        var message = ConsoleRun.Of("kernels", "--ptx", "Elementwise.Add<float>", "--arch", architecture).RefusedWith();
        Assert.Contains($"--arch {architecture}", message);
        Assert.Contains("sm_90a", message);
    }
#else
    [Theory]
    [InlineData("--ir")]
    [InlineData("--ptx")]
    public void CodeIsThatOfTheOtherFlavour(string option) =>
        Assert.Contains("build with -p:KernelRuntime=bundled", ConsoleRun.Of("kernels", option, "Elementwise.Add<float>").RefusedWith());
#endif

    [Fact]
    public void AnArchitectureAloneIsRefused() => Assert.Contains("--ptx", ConsoleRun.Of("kernels", "--arch", "sm_90").RefusedWith());

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
