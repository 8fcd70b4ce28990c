using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Simd;

/// <summary>Parts of the language, compiled against the plain run.</summary>
public sealed class LanguageTests : IDisposable
{
    private readonly BothWays _ways = new();

    public void Dispose() => _ways.Dispose();

    private static void Integers(ArrayView<long> x, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
        {
            return;
        }

        var v = x[i];
        var a = (int)v;
        var u = (uint)v;
        x[i] = (sbyte)a + (byte)a + (short)v + (ushort)v + (a >> 3) + (long)(u >> 5) + (a / 7) + (a % 11) + (u / 13) + (u % 17)
            + (v / 19) + (v % 23) + (a << (i & 31)) + BitOperations.PopCount(u) + (long)(float)a + (a > 5 && u < 1000 ? 1 : 2) + (a & 0xff) + (v ^ a);
    }

    private static void Switches(ArrayView<int> x, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
        {
            return;
        }

        var v = x[i];
        switch (v % 6)
        {
            case 0:
                v += 3;
                break;
            case 1:
            case 2:
                v *= 2;
                break;
            case 4:
                x[i] = -1;
                return;
            default:
                v -= i;
                break;
        }

        x[i] = v;
    }

    private static void LocalArrays(ArrayView<int> x, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
        {
            return;
        }

        var table = LocalMemory.Allocate1D<int>(5);
        for (var k = 0; k < 5; k++)
        {
            table[k] = (x[i] * k) + i;
        }

        // An index that is not constant: the table stays in memory.
        x[i] = table[x[i] % 5] + table[2];
    }

    private static void OneWarp(ArrayView<int> x, int n)
    {
        var shared = SharedMemory.Allocate<int>(8);
        var t = Group.IdxX;
        var i = Grid.GlobalIndex.X;
        shared[t] = i < n ? x[i] : 0;
        Group.Barrier();
        var left = shared[(t + 7) % 8];
        var sum = Warp.ShuffleXor(left, 1) + Warp.ShuffleDown(left, 2) + Warp.Shuffle(left, 5);
        if (i < n)
        {
            x[i] = sum;
        }
    }

    private static void Histogram(ArrayView<int> x, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i < n)
        {
            Atomic.Add(ref x[n + (x[i] % 4)], 1);
            Atomic.Max(ref x[n + 4], x[i]);
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(64)]
    [InlineData(77)]
    public void IntegersAgree(int n)
    {
        var random = new Random(n);
        var data = Enumerable.Range(0, n).Select(_ => random.NextInt64(long.MinValue, long.MaxValue)).ToArray();
        _ways.SameBits(data, (a, v) => a.LoadStreamKernel<ArrayView<long>, int>(Integers)(new KernelConfig((n + 7) / 8, 8), v, n));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(80)]
    public void ControlAndMemoryAgree(int n)
    {
        var data = Enumerable.Range(0, n + 8).Select(i => i < n ? i * 7 % 31 : 0).ToArray();
        var config = new KernelConfig((n + 7) / 8, 8);
        _ways.SameBits(data, (a, v) => a.LoadStreamKernel<ArrayView<int>, int>(Switches)(config, v, n));
        _ways.SameBits(data, (a, v) => a.LoadStreamKernel<ArrayView<int>, int>(LocalArrays)(config, v, n));
        _ways.SameBits(data, (a, v) => a.LoadStreamKernel<ArrayView<int>, int>(OneWarp)(config, v, n));
        _ways.SameBits(data, (a, v) => a.LoadStreamKernel<ArrayView<int>, int>(Histogram)(config, v, n));
    }

    private static void Planes(Index2D index, ArrayView<int> x, int width) => x[(index.Y * width) + index.X] += (index.X * 100) + index.Y;

    private static void Blocks(ArrayView<int> x) =>
        x[Group.LinearIndex + (Grid.LinearIndex * Group.Dimension.Size)] = (Group.IdxX * 10000) + (Group.IdxY * 100) + Group.IdxZ + (Grid.IdxY * 7);

    [Fact]
    public void IndicesAgree()
    {
        var data = new int[13 * 7];
        _ways.SameBits(data, (a, v) => a.LoadAutoGroupedStreamKernel<Index2D, ArrayView<int>, int>(Planes)(new Index2D(13, 7), v, 13));
        foreach (var (x, y, z) in new[] { (8, 2, 1), (3, 2, 2), (16, 1, 2), (5, 1, 1) })
        {
            var config = new KernelConfig(new Index3D(2, 2, 1), new Index3D(x, y, z));
            _ways.SameBits(new int[4 * x * y * z], (a, v) => a.LoadStreamKernel<ArrayView<int>>(Blocks)(config, v));
        }
    }
}
