// The sum of a flat array for GPUs, in two stages: each group sums a run of consecutive elements, one group adds the runs' sums.
//
// A thread takes 16 elements at a time, four loads of 16 bytes that are on their way at once, into four sums; the threads' sums are added in shared
// memory, in the order of a binary tree.
//
// Memory: every element is read once; one partial sum for each group, at most 1,024. Accumulation: in T in the first stage, in double in the
// second, in an order that follows from the length alone.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Sums over flat arrays by groups: the GPU's form of <see cref="FlatReduction"/>.</summary>
internal static class FlatBlockSums
{
    private const int Threads = ColumnBlock.Threads;

    /// <summary>Elements that a group takes in one round.</summary>
    private const int Round = 16 * Threads;

    private const int MostGroups = 1024;

    // Quads of elements lie apart by the group's threads; the elements behind the last whole quad are the last group's.
    internal static void PartialKernel<T, TTerm, TLoad>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<Tile4<T>> aQuads, ArrayView<Tile4<T>> bQuads, ArrayView<T> partials, int run, int n)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IReductionTerm<T>
        where TLoad : struct, IColumnLoad
    {
        var shared = SharedMemory.Allocate<T>(Threads);
        var sum = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        var (b0, b1, b2, b3) = (sum, sum, sum, sum);
        var first = Grid.IdxX * run;
        var whole = n - n % 4;
        var end = whole - first < run ? whole : first + run;
        var i = first + 4 * Group.IdxX;
        for (; i < end - 3 * 4 * Threads; i += Round)
        {
            var a0 = TLoad.Load(a, aQuads, i, 1, 4);
            var a1 = TLoad.Load(a, aQuads, i + 4 * Threads, 1, 4);
            var a2 = TLoad.Load(a, aQuads, i + 8 * Threads, 1, 4);
            var a3 = TLoad.Load(a, aQuads, i + 12 * Threads, 1, 4);
            if (TTerm.ReadsSecond)
            {
                b0 = TLoad.Load(b, bQuads, i, 1, 4);
                b1 = TLoad.Load(b, bQuads, i + 4 * Threads, 1, 4);
                b2 = TLoad.Load(b, bQuads, i + 8 * Threads, 1, 4);
                b3 = TLoad.Load(b, bQuads, i + 12 * Threads, 1, 4);
            }
            sum = Accumulate<T, TTerm>(sum, a0, b0);
            sum = Accumulate<T, TTerm>(sum, a1, b1);
            sum = Accumulate<T, TTerm>(sum, a2, b2);
            sum = Accumulate<T, TTerm>(sum, a3, b3);
        }
        for (; i < end; i += 4 * Threads)
        {
            var a0 = TLoad.Load(a, aQuads, i, 1, 4);
            if (TTerm.ReadsSecond) b0 = TLoad.Load(b, bQuads, i, 1, 4);
            sum = Accumulate<T, TTerm>(sum, a0, b0);
        }
        i = whole + Group.IdxX;
        if (Grid.IdxX == Grid.DimX - 1 && i < n) sum.V0 = TTerm.Accumulate(sum.V0, a[i], b[i]);

        var total = Combine(shared, sum.V0 + sum.V1 + (sum.V2 + sum.V3));
        if (Group.IdxX == 0) partials[Grid.IdxX] = total;
    }

    // One group.
    internal static void FinishKernel<T, R>(ArrayView<T> partials, ArrayView<T> y, int count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var shared = SharedMemory.Allocate<double>(Threads);
        var sum = 0.0;
        for (var i = Group.IdxX; i < count; i += Threads)
            sum += R.ToDouble(partials[i]);
        sum = Combine(shared, sum);
        if (Group.IdxX == 0) y[0] = R.FromDouble(sum);
    }

    /// <summary>The sum of a value over the group's 256 threads, for the first of them; by all of them.</summary>
    /// <param name="shared">An element for each thread; not used again before the next barrier.</param>
    /// <param name="value">The thread's value.</param>
    public static T Combine<T>(ArrayView<T> shared, T value)
        where T : unmanaged, INumber<T>
    {
        shared[Group.IdxX] = value;
        for (var half = Threads / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            if (Group.IdxX < half)
            {
                value += shared[Group.IdxX + half];
                shared[Group.IdxX] = value;
            }
        }
        return value;
    }

    private static Tile4<T> Accumulate<T, TTerm>(Tile4<T> sum, Tile4<T> a, Tile4<T> b)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IReductionTerm<T> => Tile4.Of(
        TTerm.Accumulate(sum.V0, a.V0, b.V0), TTerm.Accumulate(sum.V1, a.V1, b.V1), TTerm.Accumulate(sum.V2, a.V2, b.V2),
        TTerm.Accumulate(sum.V3, a.V3, b.V3));

    /// <summary>y[0] = the sum of the terms of all elements.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="a">The elements, at least 1.</param>
    /// <param name="b">As many elements.</param>
    /// <param name="workspace">At least <see cref="FlatReduction.WorkspaceLength"/> elements.</param>
    /// <param name="y">One element.</param>
    public static void Run<T, R, TTerm>(KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> workspace, ArrayView<T> y)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTerm : struct, IReductionTerm<T>
    {
        var n = a.IntLength;
        var run = KernelHost.Blocks(KernelHost.Blocks(n, MostGroups), Round) * Round;
        var groups = KernelHost.Blocks(n, run);
        var config = new KernelConfig(groups, Threads);
        if (ColumnBlock.TakesQuads(4, a, b))
            host.Load(static d => Load<T, TTerm, TogetherLoad>(d))(config, a, b, ColumnBlock.Quads(a), ColumnBlock.Quads(b), workspace, run, n);
        else
            host.Load(static d => Load<T, TTerm, ApartLoad>(d))(config, a, b, default, default, workspace, run, n);
        host.Load(static d => d.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int>(FinishKernel<T, R>))(new KernelConfig(1, Threads), workspace, y, groups);
    }

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<T>, int, int>
        Load<T, TTerm, TLoad>(Accelerator device)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IReductionTerm<T>
        where TLoad : struct, IColumnLoad =>
        device.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<T>, int, int>(
            PartialKernel<T, TTerm, TLoad>);
}
