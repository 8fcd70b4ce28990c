using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Ptx;

/// <summary>Warps of 32 lanes: shuffles, lane numbers, barriers and broadcasts, in groups with whole warps and with a rest.</summary>
public sealed class PtxWarpTests
{
    public static TheoryData<int> Sizes => [1, 7, 32, 33, 63, 96, 100];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ShufflesKeepTheOwnValueWhereThereIsNoLane(int size)
    {
        var x = Enumerable.Range(0, size).Select(i => (i * i) + 1).ToArray();
        var y = Run<int, int>(ShuffleKernel, x, 5 * size, size);
        for (var i = 0; i < size; i++)
        {
            Assert.Equal(Lane(x, i, i % 32 ^ 5), y[i]);
            Assert.Equal(Lane(x, i, (i % 32) + 3), y[size + i]);
            Assert.Equal(Lane(x, i, (i % 32) - 2), y[(2 * size) + i]);
            Assert.Equal(Lane(x, i, 30), y[(3 * size) + i]);
            // Sub-groups of eight lanes.
            Assert.Equal((i % 8) + 1 < 8 ? Lane(x, i, (i % 32) + 1) : x[i], y[(4 * size) + i]);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void WideValuesAreShuffledWhole(int size)
    {
        var x = Enumerable.Range(0, size).Select(i => i * 1e10 + 0.125).ToArray();
        var y = Run<double, double>(WideKernel, x, size, size);
        for (var i = 0; i < size; i++)
            Assert.Equal(Lane(x, i, (i % 32) + 16), y[i]);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void LanesAndWarpsAreNumbered(int size)
    {
        var y = Run<int, int>(NumberKernel, new int[1], size, size);
        for (var i = 0; i < size; i++)
            Assert.Equal((i % 32) + (i / 32 * 100) + 32_000_000, y[i]);
    }

    [Fact]
    public void GroupsOfSeveralDimensionsAreCutAlongTheirLinearOrder()
    {
        var run = PtxRun.Of(NumberKernel);
        run.AddView(new int[1]);
        var y = run.AddView(new int[60]);
        run.Add(60);
        run.Launch(new KernelConfig(new Index3D(1, 1, 1), new Index3D(5, 4, 3)));
        Assert.Equal(Enumerable.Range(0, 60).Select(i => (i % 32) + (i / 32 * 100) + 32_000_000), run.Read<int>(y, 60));
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void SumsOfWarpsGoThroughSharedMemory(int size)
    {
        var x = Enumerable.Range(0, size).Select(i => (float)i).ToArray();
        var y = Run<float, float>(SumKernel, x, size, size);
        Assert.All(y, v => Assert.Equal(x.Sum(), v));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(96)]
    public void BroadcastsReachTheWholeGroup(int size)
    {
        var x = Enumerable.Range(0, size).Select(i => i * 1.5).ToArray();
        var y = Run<double, double>(BroadcastKernel, x, size, size);
        Assert.All(y, v => Assert.Equal((x[3] * 1000) + x[size - 1], v));
    }

    [Theory]
    [InlineData(50)]
    public void AtomicsOfFloatsKeepTheExtremes(int size)
    {
        float[] x = [.. Enumerable.Range(0, size).Select(i => (i * 37 % 50) - 20.5f)];
        var y = Run<float, float>(ExtremeKernel, x, 4, size);
        Assert.Equal([x.Max(), x.Min(), x.Sum()], y[..3]);
    }

    private static T Lane<T>(T[] x, int i, int lane) => lane is >= 0 and < 32 && (i & ~31) + lane < x.Length ? x[(i & ~31) + lane] : x[i];

    private static TOut[] Run<TIn, TOut>(Action<ArrayView<TIn>, ArrayView<TOut>, int> kernel, TIn[] x, int outputs, int size)
        where TIn : unmanaged
        where TOut : unmanaged => PtxRun.Run(kernel, x, outputs, new KernelConfig(1, size), size, 0);

    private static void ShuffleKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Group.IdxX;
        var v = x[i];
        y[i] = Warp.ShuffleXor(v, 5);
        y[n + i] = Warp.ShuffleDown(v, 3);
        y[(2 * n) + i] = Warp.ShuffleUp(v, 2);
        y[(3 * n) + i] = Warp.Shuffle(v, 30);
        y[(4 * n) + i] = Warp.ShuffleDown(v, 1, 8);
    }

    private static void WideKernel(ArrayView<double> x, ArrayView<double> y, int n) => y[Group.IdxX] = Warp.ShuffleDown(x[Group.IdxX], 16);

    private static void NumberKernel(ArrayView<int> x, ArrayView<int> y, int n) =>
        y[Group.LinearIndex] = Warp.LaneIdx + (Warp.WarpIdx * 100) + (Warp.WarpSize * 1_000_000);

    private static void SumKernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var sums = SharedMemory.Allocate<float>(32);
        var v = x[Group.IdxX];
        for (var distance = Warp.WarpSize / 2; distance > 0; distance >>= 1)
            v += Warp.ShuffleXor(v, distance);
        if (Warp.LaneIdx == 0)
            sums[Warp.WarpIdx] = v;
        Group.Barrier();
        var sum = 0f;
        for (var w = 0; w < Group.DimX / Warp.WarpSize; w++)
            sum += sums[w];
        y[Group.IdxX] = sum;
    }

    private static void BroadcastKernel(ArrayView<double> x, ArrayView<double> y, int n)
    {
        var v = x[Group.IdxX];
        y[Group.IdxX] = (Group.Broadcast(v, 3) * 1000) + Group.Broadcast(v, n - 1);
    }

    private static void ExtremeKernel(ArrayView<float> x, ArrayView<float> y, int n)
    {
        var i = Group.IdxX;
        Atomic.Max(ref y[0], x[i]);
        Atomic.Min(ref y[1], x[i]);
        Atomic.Add(ref y[2], x[i]);
    }
}
