using System.Globalization;
using System.Text.RegularExpressions;

namespace IlgpuSeg.Console.Tests;

/// <summary>`ilgpuseg profile`: a row per kernel, adding up to what all kernels took.</summary>
public sealed partial class ProfileVerbTests
{
#if KERNELS_BUNDLED
    [Fact]
    public void RowsAddUpToTheTotal()
    {
        var run = ConsoleRun.Of("profile", "van-t-frm", "--mode", "infer", "--batch", "1", "--size", "64x64", "--rows", "4");
        Assert.Equal(0, run.ExitCode);
        var rows = Row().Matches(run.Output);
        Assert.Equal(6, rows.Count);
        Assert.Contains("GemmTile.", run.Output);
        var launches = rows.Select(row => int.Parse(row.Groups["launches"].Value, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(launches[^1], launches[..^1].Sum());
        var times = rows.Select(row => double.Parse(row.Groups["ms"].Value, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(times[^1], times[..^1].Sum(), 0.01);
        Assert.Equal(times[..4].OrderDescending(), times[..4]);
    }
#else
    [Fact]
    public void ThePackagesLaunchesAreNotTimed() => Assert.Contains("build with -p:KernelRuntime=bundled", ConsoleRun.Of("profile").RefusedWith());
#endif

    [Theory]
    [InlineData("--precision", "fp8", "fp8")]
    [InlineData("--size", "64", "WIDTHxHEIGHT")]
    [InlineData("--batch", "0", "0 images")]
    public void BadInputIsNamed(string option, string value, string expected)
    {
        var run = ConsoleRun.Of("profile", option, value);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error);
    }

    [GeneratedRegex(@"^ +(?<ms>[0-9.]+) +[0-9.]+ ?% +(?<launches>[0-9]+)  ", RegexOptions.Multiline)]
    private static partial Regex Row();
}
