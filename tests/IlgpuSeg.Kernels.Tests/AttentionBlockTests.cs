using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The GPU's form of attention, on this device.</summary>
public class AttentionBlockTests
{
    private static KernelHost SmallTiles => new(Host.Accelerator) { Products = ProductTiles.Blocks, Multiprocessors = 1000 };

    private static KernelHost LargeTiles => new(Host.Accelerator) { Products = ProductTiles.Blocks, Multiprocessors = 1 };

    // The last ones reach beyond one tile of 64 queries, keys and channels and one slice of 8 channels, channel by channel and in quads.
    [Theory]
    [MemberData(nameof(AttentionTests.Shapes), MemberType = typeof(AttentionTests))]
    [InlineData(2, 70, 67, 18, 66, 1)]
    [InlineData(1, 3, 130, 3, 5, 2)]
    [InlineData(2, 67, 70, 12, 68, -1)]
    public void AsByFormulas(int samples, int positions, int keys, int keyChannels, int channels, double scale) =>
        AttentionTests.Check<float, Real32>(SmallTiles, new AttentionShape(samples, positions, keys, keyChannels, channels), scale, 3e-6);

    /// <summary>More than one of the larger tiles in every direction.</summary>
    [Fact]
    public void ByLargeTiles() => AttentionTests.Check<float, Real32>(LargeTiles, new AttentionShape(1, 130, 133, 12, 132), 0.5, 3e-6);

    /// <summary>More keys than unary weights lie in shared memory at once.</summary>
    [Fact]
    public void ManyKeys() => AttentionTests.Check<float, Real32>(SmallTiles, new AttentionShape(1, 2, 4100, 4, 4), 1, 3e-6);

    /// <summary>Scores of -120 and 120: exponentials in the place of keys and queries that do not exist would overflow.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void WhatLiesBeyondTheEndStaysZero(int multiprocessors)
    {
        KernelHost host = new(Host.Accelerator) { Products = ProductTiles.Blocks, Multiprocessors = multiprocessors };
        var shape = new AttentionShape(1, 5, 3, 4, 4);
        var reference = new AttentionReference(shape, 1, 30);
        for (var i = 0; i < reference.Q.Length; i++) reference.Q[i] = i / 4 == 4 ? 0 : i / 4 % 2 == 0 ? 1 : -1;
        Array.Fill(reference.K, -1);
        Array.Fill(reference.M, 0);
        using var run = new AttentionRun<float, Real32>(host, reference, shape, 30);
        double Mean(int c) => (reference.G[c] + reference.G[c + 4] + reference.G[c + 8]) / 3;
        AssertClose([.. Enumerable.Range(0, 20).Select(i => (1 + reference.Gamma) * Mean(i % 4))], run.Forward(), 1e-6, "y");

        var d = run.Backward();
        Assert.All(d.Dq, value => Assert.InRange(value, -1e-3, 1e-3));
        Assert.All(d.Dk, value => Assert.True(double.IsFinite(value)));
        double[] dg = [.. Enumerable.Range(0, 12).Select(i => Enumerable.Range(0, 5).Sum(p => reference.Dy[4 * p + i % 4]) * (1 + reference.Gamma) / 3)];
        AssertClose(dg, d.Dg, 1e-6, "dg");
    }
}
