using IlgpuSeg.Kernels;

namespace IlgpuSeg.Tests;

public class PhiloxTests
{
    // Known answers of Philox4x32-10, published with Random123.
    [Theory]
    [InlineData(new uint[] { 0, 0, 0, 0 }, 0u, 0u, new uint[] { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 })]
    [InlineData(
        new uint[] { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, 0xffffffff, 0xffffffff,
        new uint[] { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd })]
    [InlineData(
        new uint[] { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, 0xa4093822, 0x299f31d0,
        new uint[] { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 })]
    public void GivesTheKnownAnswers(uint[] counter, uint k0, uint k1, uint[] expected)
    {
        // The generator and the kernels share this function; DropMaskTests draw with both.
        var words = PhiloxKernels.Block(new PhiloxWords { X = counter[0], Y = counter[1], Z = counter[2], W = counter[3] }, k0, k1);
        Assert.Equal(expected, new[] { words.X, words.Y, words.Z, words.W });
    }

    [Fact]
    public void GoesOnFromASavedPosition()
    {
        var whole = new Philox(7, 3);
        var all = Enumerable.Range(0, 50).Select(_ => whole.NextUInt32()).ToArray();
        foreach (var start in new[] { 0, 1, 6, 23 })
        {
            var resumed = new Philox(7, 3) { Position = (ulong)start };
            Assert.Equal(all[start..], Enumerable.Range(start, 50 - start).Select(_ => resumed.NextUInt32()));
        }
    }

    [Fact]
    public void StreamsDiffer() => Assert.NotEqual(new Philox(1, 0).NextUInt32(), new Philox(1, 1).NextUInt32());

    [Fact]
    public void NormalSamplesHaveMeanZeroAndVarianceOne()
    {
        var random = new Philox(11);
        var samples = Enumerable.Range(0, 100_000).Select(_ => random.NextNormal()).ToArray();
        // Four standard errors: 4 / sqrt(1e5) of the mean, 4 * sqrt(2 / 1e5) of the variance.
        Assert.InRange(samples.Average(), -0.013, 0.013);
        Assert.InRange(samples.Average(x => x * x), 1 - 0.018, 1 + 0.018);
    }

    [Fact]
    public void BoundedIntegersStayInTheirRangeAndReachAllOfIt()
    {
        var random = new Philox(5);
        var counts = new int[7];
        for (var i = 0; i < 7000; i++) counts[random.Next(7)]++;
        Assert.All(counts, c => Assert.InRange(c, 850, 1150));
    }
}
