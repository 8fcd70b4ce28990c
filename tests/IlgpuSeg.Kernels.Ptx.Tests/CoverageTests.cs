using IlgpuSeg.Kernels.Tests;
using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Kernels.Ptx.Tests;

/// <summary>Runs after everything else of this project.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Last
{
    public const string Name = "last";
}

/// <summary>No kernel of the library may be left out of the emulator; to be run with the whole project.</summary>
[Collection(Last.Name)]
public sealed class CoverageTests
{
    [Fact]
    public void EveryKernelWasLaunchedOnTheEmulatedGpu()
    {
        LaunchWhatOnlyTheEngineLaunches();
        var launched = PtxCoverage.LaunchedMethods;
        string[] missing =
        [
            .. KernelCatalog.All.Where(kernel => !launched.Contains(PtxCoverage.Identity(kernel.Method)))
                .Select(kernel => $"{kernel.Method.DeclaringType!.Name}.{kernel.Method.Name}").Distinct(),
        ];
        Assert.True(missing.Length == 0, $"{missing.Length} kernels were not launched: {string.Join(", ", missing)}");
    }

    /// <summary>Some kernels have no tests of their own but those of the engine's operations, which compare them with the CPU.</summary>
    private static void LaunchWhatOnlyTheEngineLaunches()
    {
        var device = Device.Of(TestDevice.Host.Accelerator, "emulated");
        device.Allocator.SegmentBytes = 0;
        var options = new SelfTestOptions { SmallCases = 3, LargeCases = 0 };
        foreach (var sample in OpCases.All.SelectMany(opCase => SelfTestRunner.Samples(opCase, options)))
        {
            var rows = SelfTestRunner.Compare(sample, sample.Run(DType.Float64, Device.Cpu), DType.Float32, device);
            Assert.All(rows, row => Assert.True(row.Ok, row.ToString()));
        }
    }
}
