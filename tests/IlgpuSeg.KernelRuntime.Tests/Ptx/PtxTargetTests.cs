using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

namespace IlgpuSeg.KernelRuntime.Tests.Ptx;

/// <summary>Which architecture and ISA PTX is written for.</summary>
public sealed class PtxTargetTests
{
    [Theory]
    [InlineData(8, 0, 11040, "sm_80, PTX 7.4")]
    [InlineData(8, 6, 12000, "sm_86, PTX 8.0")]
    [InlineData(8, 9, 12080, "sm_89, PTX 8.7")]
    [InlineData(9, 0, 12040, "sm_90a, PTX 8.4")]
    [InlineData(9, 0, 11080, "sm_90, PTX 7.8")]      // PTX 7.8 does not know sm_90a yet
    [InlineData(10, 0, 12080, "sm_100a, PTX 8.7")]
    [InlineData(12, 0, 13000, "sm_120a, PTX 9.0")]
    [InlineData(12, 0, 12060, "sm_90, PTX 8.5")]     // PTX 8.5 knows nothing beyond sm_90
    [InlineData(13, 5, 13000, "sm_121, PTX 9.0")]    // a device that nobody knows yet takes PTX of older ones
    public void FollowsDeviceAndDriver(int major, int minor, int cuda, string expected) =>
        Assert.Equal(expected, PtxTarget.ForDevice(major, minor, cuda).ToString());

    [Theory]
    [InlineData(7, 5, 12040)]
    [InlineData(8, 0, 10020)]
    public void OldDevicesAndDriversAreRefused(int major, int minor, int cuda) =>
        Assert.Contains($"{major}.{minor}", Assert.Throws<NotSupportedException>(() => PtxTarget.ForDevice(major, minor, cuda)).Message);

    [Fact]
    public void EveryNameIsKnownToTheVersionThatItComesWith()
    {
        foreach (var name in PtxTarget.KnownNames.Split(", "))
        {
            Assert.True(PtxTarget.TryParse(name, out var target));
            Assert.Equal(name, target.Name);
            PtxProgram.Parse($".version {target.IsaMajor}.{target.IsaMinor}\n.target {target.Name}\n.address_size 64\n.visible .entry k() {{ ret; }}");
        }
    }
}
