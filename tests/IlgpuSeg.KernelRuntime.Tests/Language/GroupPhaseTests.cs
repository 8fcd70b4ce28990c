using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>Groups of several warps: what a warp keeps while it waits at a barrier for the others, compiled and plain.</summary>
public sealed class GroupPhaseTests : LanguageTest
{
    public static TheoryData<int> Sizes => [1, 8, 9, 17, 40, 61, 256];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void LocalArraysBelongToTheirThreads(int size) => Check(LocalArrayKernel, size);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void LanesThatLoopForDifferentTimesMeetAtTheNextBarrier(int size) => Check(UnevenKernel, size);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ThreadsThatLeftAreNeitherWaitedForNorCounted(int size) => Check(LeaveKernel, size, asPtx: false);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void VotesDecideHowLongTheGroupLoops(int size) => Check(ConvergeKernel, size);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void OneBroadcastAfterTheOther(int size) => Check(BroadcastKernel, size);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void BarriersInBranchesThatTheGroupTakesTogether(int size) => Check(BranchKernel, size);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void SharedAtomics(int size) => Check(HistogramKernel, size);

    [Theory]
    [InlineData(16, 16, 1)]
    [InlineData(8, 3, 2)]
    [InlineData(5, 7, 1)]
    [InlineData(3, 3, 3)]
    [InlineData(1, 40, 1)]
    public void GroupsOfMoreDimensions(int x, int y, int z)
    {
        var config = new KernelConfig(new Index3D(2, 1, 2), new Index3D(x, y, z));
        var n = (int)config.Size;
        AgreeGrouped<int, int>(TransposeKernel, RandomInts(n, n, 1000), n, config, n);
    }

    [Theory]
    [InlineData(16, 33, 20)]
    [InlineData(40, 16, 7)]
    public void TiledProducts(int rows, int columns, int depth)
    {
        var random = new Random(rows);
        var x = Enumerable.Range(0, (rows * depth) + (depth * columns)).Select(_ => random.NextSingle() - 0.5f).ToArray();
        var config = new KernelConfig(new Index3D((columns + Tile - 1) / Tile, (rows + Tile - 1) / Tile, 1), new Index3D(Tile, Tile, 1));
        var expected = Run<float, float>(Plain, x, rows * columns, (a, b) => Plain.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int, int>(ProductKernel)(config, a, b, rows, columns, depth));
        var actual = Run<float, float>(Simd, x, rows * columns, (a, b) => Simd.LoadStreamKernel<ArrayView<float>, ArrayView<float>, int, int, int>(ProductKernel)(config, a, b, rows, columns, depth));
        AssertSame(expected, actual, $"{rows} x {columns} x {depth}");
    }

    [Theory]
    [InlineData(24)]
    [InlineData(100)]
    public void StaticAndDynamicSharedMemoryTogether(int size)
    {
        var x = RandomInts(size, 2 * size, 1000);
        var config = new KernelConfig(2, size, SharedMemoryConfig.RequestDynamic<long>(size));
        AgreeGrouped<int, long>(ScanKernel, x, 2 * size, config, 2 * size);
    }

    [Theory]
    [InlineData(20, 3)]
    [InlineData(64, 0)]
    public void SpecialisedKernels(int size, int rounds)
    {
        var x = RandomInts(size, size, 1000);
        var expected = Run<int, int>(Plain, x, size, (a, b) =>
            Plain.LoadStreamKernel<ArrayView<int>, ArrayView<int>, SpecializedValue<int>>(RoundsKernel)((1, size), a, b, SpecializedValue.New(rounds)));
        var actual = Run<int, int>(Simd, x, size, (a, b) =>
            Simd.LoadStreamKernel<ArrayView<int>, ArrayView<int>, SpecializedValue<int>>(RoundsKernel)((1, size), a, b, SpecializedValue.New(rounds)));
        AssertSame(expected, actual, $"{rounds} rounds");
    }

    private void Check(Action<ArrayView<int>, ArrayView<int>, int> kernel, int size, bool asPtx = true)
    {
        var x = RandomInts(size, 2 * size, 1000);
        AgreeGrouped(kernel, x, 4 * size, new KernelConfig(2, size), 2 * size, asPtx);
    }

    private static void LocalArrayKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var shared = SharedMemory.Allocate<int>(256);
        var local = LocalMemory.Allocate<int>(5);
        var i = Grid.GlobalIndex.X;
        for (var k = 0; k < 5; k++)
            local[k] = x[i] * (k + 1);
        for (var round = 0; round < 4; round++)
        {
            shared[Group.IdxX] = local[(x[i] + round + 2000) % 5];
            Group.Barrier();
            local[(i + round) % 5] += shared[(Group.IdxX + 9) % Group.DimX];
            Group.Barrier();
        }

        y[i] = local[(i + 3) % 5];
        y[n + i] = local[0] ^ local[4];
    }

    private static void UnevenKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var shared = SharedMemory.Allocate<int>(256);
        var i = Grid.GlobalIndex.X;
        var v = x[i];
        var half = (double)v / 3;
        for (var round = 0; round < 3; round++)
        {
            var count = (v & 7) + round;
            for (var k = 0; k < count; k++)
            {
                if ((v >> k & 1) != 0)
                    v = (v * 5) + k;
                else
                    half += v;
                if (v % 11 == 3)
                    break;
            }

            shared[Group.IdxX] = v;
            Group.Barrier();
            v += shared[Group.DimX - 1 - Group.IdxX];
            Group.Barrier();
        }

        y[i] = v;
        y[n + i] = (int)half;
    }

    private static void LeaveKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        for (var round = 0; round < 6; round++)
        {
            if ((Group.IdxX * 7 + round * 5) % 6 == 0 && x[i] > -900 + (round * 50))
                return;
            var left = Group.BarrierPopCount(true);
            var odd = Group.BarrierPopCount((x[i] & 1) != 0);
            y[i] = left + (odd << 10) + (round << 20);
            y[n + i] = (Group.BarrierAnd(left > odd) ? 1 : 0) + (Group.BarrierOr(x[i] == 1000) ? 2 : 0);
        }
    }

    private static void ConvergeKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var shared = SharedMemory.Allocate<int>(256);
        var i = Group.IdxX;
        shared[i] = x[Grid.GlobalIndex.X];
        Group.Barrier();
        var rounds = 0;
        bool swaps;
        do
        {
            swaps = false;
            for (var phase = 0; phase < 2; phase++)
            {
                if ((i & 1) == phase && i + 1 < Group.DimX && shared[i] > shared[i + 1])
                {
                    (shared[i], shared[i + 1]) = (shared[i + 1], shared[i]);
                    swaps = true;
                }

                Group.Barrier();
            }

            rounds++;
        }
        while (Group.BarrierOr(swaps) && rounds < 40);
        y[Grid.GlobalIndex.X] = shared[i];
        y[n + Grid.GlobalIndex.X] = rounds;
    }

    private static void BroadcastKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        var whole = 0L;
        var real = 0.0;
        for (var source = 0; source < Group.DimX; source += 3)
        {
            whole = (whole * 31) + Group.Broadcast((long)x[i] << 20, source);
            real += Group.Broadcast(x[i] / 8.0, Group.DimX - 1 - source) * Group.Broadcast((float)x[i], source);
        }

        y[i] = (int)(whole >> 7) + Group.IdxX;
        y[n + i] = (int)real;
    }

    private static void BranchKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var shared = SharedMemory.Allocate<int>(256);
        var i = Grid.GlobalIndex.X;
        var v = x[i];
        if (x[Grid.IdxX] > 0)
        {
            shared[Group.IdxX] = v;
            Group.Barrier();
            v -= shared[(Group.IdxX + 1) % Group.DimX];
        }
        else
        {
            for (var k = 0; k < 3; k++)
            {
                Group.Barrier();
                shared[Group.IdxX] = v + k;
                Group.Barrier();
                if (v > 0)
                    v ^= shared[(Group.IdxX + k) % Group.DimX];
            }
        }

        y[i] = v;
    }

    private static void HistogramKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var counts = SharedMemory.Allocate<int>(16);
        for (var k = Group.IdxX; k < 16; k += Group.DimX)
            counts[k] = 0;
        Group.Barrier();
        Atomic.Add(ref counts[x[Grid.GlobalIndex.X] & 15], 1);
        Group.Barrier();
        y[Grid.GlobalIndex.X] = counts[Group.IdxX & 15];
    }

    private static void TransposeKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var shared = SharedMemory.Allocate<int>(256);
        var size = Group.DimX * Group.DimY * Group.DimZ;
        var at = ((Grid.IdxZ * Grid.DimX) + Grid.IdxX) * size;
        shared[Group.LinearIndex] = x[at + Group.LinearIndex];
        Group.Barrier();
        var v = shared[(((Group.IdxX * Group.DimY) + Group.IdxY) * Group.DimZ) + Group.IdxZ];
        Group.Barrier();
        shared[size - 1 - Group.LinearIndex] = v;
        Group.Barrier();
        y[at + Group.LinearIndex] = shared[Group.LinearIndex] + (Group.IdxY * 10) + Group.IdxZ;
    }

    private const int Tile = 16;

    private static void ProductKernel(ArrayView<float> ab, ArrayView<float> c, int rows, int columns, int depth)
    {
        var tileA = SharedMemory.Allocate<float>(Tile * Tile);
        var tileB = SharedMemory.Allocate<float>(Tile * Tile);
        var row = (Grid.IdxY * Tile) + Group.IdxY;
        var column = (Grid.IdxX * Tile) + Group.IdxX;
        var sum = 0f;
        for (var start = 0; start < depth; start += Tile)
        {
            var ka = start + Group.IdxX;
            var kb = start + Group.IdxY;
            tileA[(Group.IdxY * Tile) + Group.IdxX] = row < rows && ka < depth ? ab[(row * depth) + ka] : 0;
            tileB[(Group.IdxY * Tile) + Group.IdxX] = kb < depth && column < columns ? ab[(rows * depth) + (kb * columns) + column] : 0;
            Group.Barrier();
            for (var k = 0; k < Tile; k++)
                sum += tileA[(Group.IdxY * Tile) + k] * tileB[(k * Tile) + Group.IdxX];
            Group.Barrier();
        }

        if (row < rows && column < columns)
            c[(row * columns) + column] = sum;
    }

    // Inclusive prefix sums, between two arrays in turn.
    private static void ScanKernel(ArrayView<int> x, ArrayView<long> y, int n)
    {
        var from = SharedMemory.Allocate<long>(128);
        var to = SharedMemory.GetDynamic<long>();
        var i = Group.IdxX;
        from[i] = x[Grid.GlobalIndex.X];
        Group.Barrier();
        for (var distance = 1; distance < Group.DimX; distance *= 2)
        {
            to[i] = from[i] + (i >= distance ? from[i - distance] : 0);
            Group.Barrier();
            from[i] = to[i];
            Group.Barrier();
        }

        y[Grid.GlobalIndex.X] = from[i] + (to.IntLength << 20);
    }

    private static void RoundsKernel(ArrayView<int> x, ArrayView<int> y, SpecializedValue<int> rounds)
    {
        var shared = SharedMemory.Allocate<int>(64);
        var v = x[Group.IdxX];
        for (var round = 0; round < rounds.Value; round++)
        {
            shared[Group.IdxX] = v;
            Group.Barrier();
            v += shared[(Group.IdxX + round + 1) % Group.DimX];
            Group.Barrier();
        }

        y[Group.IdxX] = v;
    }
}
