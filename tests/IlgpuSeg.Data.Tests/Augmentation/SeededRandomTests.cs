namespace IlgpuSeg.Data.Tests;

public sealed class SeededRandomTests
{
    [Fact]
    public void StreamsNeverChange()
    {
        // What a seed means must not depend on the version of the program: these values are fixed for good.
        var random = new SeededRandom(1, 2, 3);
        Assert.Equal([8362582858855705859, 15962466024085613382], new[] { random.NextBits(), random.NextBits() });
    }

    [Fact]
    public void EveryKeyGivesAnotherStream()
    {
        ulong First(ulong seed, params long[] keys) => new SeededRandom(seed, keys).NextBits();
        var firsts = new HashSet<ulong>();
        for (ulong seed = 0; seed < 4; seed++)
        {
            Assert.True(firsts.Add(First(seed)));
            for (int a = -1; a < 20; a++)
            {
                Assert.True(firsts.Add(First(seed, a)));
                for (int b = 0; b < 20; b++)
                    Assert.True(firsts.Add(First(seed, a, b)));
            }
        }
    }

    [Fact]
    public void DrawsAreUniform()
    {
        var random = new SeededRandom(5);
        var counts = new int[10];
        for (int i = 0; i < 100_000; i++)
            counts[random.Next(10)]++;
        Assert.All(counts, c => Assert.InRange(c, 9_600, 10_400));
        Assert.InRange(Enumerable.Range(0, 100_000).Average(_ => random.NextDouble()), 0.495, 0.505);
        Assert.InRange(Enumerable.Range(0, 1000).Min(_ => random.Between(-3, 2)), -3, -2.9);
    }

    [Fact]
    public void NormalDeviatesHaveMeanZeroAndVarianceOne()
    {
        var random = new SeededRandom(6);
        var values = Enumerable.Range(0, 100_000).Select(_ => random.NextNormal()).ToArray();
        Assert.InRange(values.Average(), -0.02, 0.02);
        Assert.InRange(values.Average(v => v * v), 0.98, 1.02);
        Assert.InRange(values.Average(v => v * v * v * v), 2.85, 3.15);
    }

    [Fact]
    public void AShuffleKeepsEveryElement()
    {
        var items = Enumerable.Range(0, 50).ToArray();
        new SeededRandom(9).Shuffle(items.AsSpan());
        Assert.NotEqual(Enumerable.Range(0, 50), items);
        Assert.Equal(Enumerable.Range(0, 50), items.Order());
    }
}
