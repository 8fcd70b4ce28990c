using ILGPU;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>Barriers, shared memory, votes and shuffles in groups of any size; grids of two and three dimensions.</summary>
public sealed class GroupKernelTests : LanguageTest
{
    private const int Groups = 2;

    public static TheoryData<int> Sizes => [1, 2, 3, 7, 8, 9, 15, 16, 20, 33, 64, 100, 1024];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void TreeReductions(int size) => Check(TreeKernel, size);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void BarriersInUniformLoops(int size) => Check(RotateKernel, size);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Shuffles(int size) => Check(ShuffleKernel, size, asPtx: false);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Votes(int size) => Check(VoteKernel, size);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void IntegerAtomics(int size) => Check(AtomicKernel, size);

    [Theory]
    [InlineData(3, 2, 2, 8, 3, 2)]
    [InlineData(2, 3, 4, 5, 3, 1)]
    [InlineData(1, 2, 3, 16, 2, 2)]
    public void ThreeDimensions(int gx, int gy, int gz, int x, int y, int z)
    {
        var config = new KernelConfig(new Index3D(gx, gy, gz), new Index3D(x, y, z));
        AgreeGrouped<int, int>(PositionKernel, [1], (int)config.Size, config, (int)config.Size);
    }

    private void Check(Action<ArrayView<int>, ArrayView<int>, int> kernel, int size, bool asPtx = true)
    {
        var x = RandomInts(size, Groups * size, 1000);
        AgreeGrouped(kernel, x, 3 * Groups * size, new KernelConfig(Groups, size), Groups * size, asPtx);
    }

    private static void TreeKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var shared = SharedMemory.Allocate<int>(1024);
        var i = Group.IdxX;
        shared[i] = x[Grid.GlobalIndex.X];
        Group.Barrier();
        for (var length = Group.DimX; length > 1; length = (length + 1) / 2)
        {
            var half = (length + 1) / 2;
            if (i + half < length)
                shared[i] += shared[i + half];
            Group.Barrier();
        }

        y[Grid.GlobalIndex.X] = shared[0];
    }

    private static void RotateKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var shared = SharedMemory.Allocate<int>(1024);
        var v = x[Grid.GlobalIndex.X];
        for (var round = 0; round < 3; round++)
        {
            shared[Group.IdxX] = v;
            Group.Barrier();
            if (Grid.IdxX == 0 || round > 0)
                v += shared[(Group.IdxX + round + 1) % Group.DimX];
            Group.Barrier();
        }

        y[Grid.GlobalIndex.X] = v;
    }

    private static void ShuffleKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        var v = x[i];
        y[i] = Warp.ShuffleXor(v, 3) + Warp.ShuffleDown(v, 2);
        y[n + i] = Warp.ShuffleUp(v, 1) - Warp.Shuffle(v, 5);
        y[(2 * n) + i] = Warp.LaneIdx + (Warp.WarpIdx << 8);
    }

    private static void VoteKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        y[i] = Group.BarrierPopCount(x[i] > 0);
        y[n + i] = (Group.BarrierAnd(x[i] > -900) ? 1 : 0) + (Group.BarrierOr(x[i] > 900) ? 2 : 0);
        y[(2 * n) + i] = Group.Broadcast(x[i], 0);
    }

    private static void AtomicKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (x[i] > 0)
            Atomic.Add(ref y[0], x[i]);
        else
            Atomic.Max(ref y[1], -x[i]);
        Atomic.Xor(ref y[2], x[i]);
        Atomic.Or(ref y[n + 1 + (i & 1)], 1 << (i & 31));
    }

    private static void PositionKernel(ArrayView<int> x, ArrayView<int> y, int n)
    {
        var group = (((Grid.IdxZ * Grid.DimY) + Grid.IdxY) * Grid.DimX) + Grid.IdxX;
        var size = Group.DimX * Group.DimY * Group.DimZ;
        y[(group * size) + Group.LinearIndex] = Group.IdxX + (Group.IdxY << 8) + (Group.IdxZ << 16) + (Grid.IdxX << 20) + (Grid.IdxZ << 24);
    }
}
