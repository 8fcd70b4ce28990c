using IlgpuSeg.Tests;

namespace IlgpuSeg.Console.Tests;

public sealed class SelfTestVerbTests
{
    [Fact]
    public void AnOperationPassesOnTheCpu() => Passes("softmax", "Softmax");

    [TrainingFact]
    public void TheNetworkPassesOnTheCpu() => Passes("network", "Network, FRM");

    private static void Passes(string filter, string row)
    {
        var run = ConsoleRun.Of("selftest", "--filter", filter);
        Assert.True(run.ExitCode == 0, run.Output + run.Error);
        Assert.Contains(row, run.Output);
        Assert.Contains("gradcheck", run.Output);
        Assert.Matches(@"ok: \d+ rows on cpu, the worst at \d+\.\d %", run.Output);
        Assert.DoesNotContain("FAIL", run.Output);
    }

    [Fact]
    public void AFilterThatMatchesNothingIsRefused() =>
        Assert.Equal("ilgpuseg: --filter nonsense: no operation has that in its name.", ConsoleRun.Of("selftest", "--filter", "nonsense").RefusedWith());

    [Theory]
    [InlineData("selftest", "--device", "cuda:7")]
    [InlineData("demo", "--device", "cuda:7")]
    public void ADeviceThatIsNotThereIsRefused(params string[] arguments) =>
        Assert.StartsWith("ilgpuseg: There is no device 'cuda:7' here; available: cpu", ConsoleRun.Of(arguments).RefusedWith());

    [Fact]
    public void TrainTakesADevice() =>
        Assert.Contains("device: \"cuda:3\"", ConsoleRun.Of("train", "--print-config", "--device", "cuda:3").Output);
}
