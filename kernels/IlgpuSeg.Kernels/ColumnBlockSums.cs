// Sums over the rows of [rows, columns] for GPUs, in two stages: a group sums a chunk of rows (ColumnBlock.cs), then the chunks' sums are added.
//
// 1. A thread takes four columns of every slots-th row, four rows at a time, so that four (with two operands eight) loads of 16 bytes are on their
//    way at once; the slots' sums are added in a tree.
// 2. 64 threads for each column share out the chunks in the same way.
//
// Memory: every operand is read once; partial sums are [sums, chunks, columns], about 1 % of a large operand. Accumulation: in T in the first
// stage, in double in the second, in an order that follows from the shape alone.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The constants of a thread's four columns.</summary>
internal struct ColumnConstants<T>
    where T : unmanaged
{
    public Tile4<T> Mean, Inverse, Scale, Shift;
}

/// <summary>Two sums for each of a thread's four columns.</summary>
internal struct ColumnSums<T>
    where T : unmanaged
{
    public Tile4<T> First, Second;
}

/// <summary>Column sums by groups that share out rows: the GPU's form of <see cref="ColumnReduction"/>.</summary>
internal static class ColumnBlockSums
{
    private const int FinishLanes = 4;

    /// <summary>Threads of the second stage that share out the chunks of a column.</summary>
    public const int FinishSlots = ColumnBlock.Threads / FinishLanes;

    // With fewer chunks a thread for each column is enough.
    private const int FewChunks = 24;

    internal static void PartialKernel<T, TTerm, TLoad>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<Tile4<T>> aQuads, ArrayView<Tile4<T>> bQuads, TermOperands<T> operands, ArrayView<T> partials,
        ColumnCut cut)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IColumnTerm<T>
        where TLoad : struct, IColumnLoad
    {
        var shared = SharedMemory.Allocate<T>(4 * ColumnBlock.Threads);
        var sharedSecond = SharedMemory.Allocate<T>(4 * ColumnBlock.Threads);
        var p = ColumnBlock.Place<TLoad>(cut);
        var left = cut.Columns - p.Column;
        var rowStep = p.Step * cut.Columns;
        var k = Constants<T, TTerm>(operands, p, left);
        ColumnSums<T> sums;
        sums.First = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        sums.Second = sums.First;
        var (b0, b1, b2, b3) = (sums.First, sums.First, sums.First, sums.First);
        var r = p.Row;
        var at = r * cut.Columns + p.Column;
        for (; r + 3 * p.Step < p.End; r += 4 * p.Step)
        {
            var a0 = TLoad.Load(a, aQuads, at, p.ColumnStep, left);
            var a1 = TLoad.Load(a, aQuads, at + rowStep, p.ColumnStep, left);
            var a2 = TLoad.Load(a, aQuads, at + 2 * rowStep, p.ColumnStep, left);
            var a3 = TLoad.Load(a, aQuads, at + 3 * rowStep, p.ColumnStep, left);
            if (TTerm.ReadsSecond)
            {
                b0 = TLoad.Load(b, bQuads, at, p.ColumnStep, left);
                b1 = TLoad.Load(b, bQuads, at + rowStep, p.ColumnStep, left);
                b2 = TLoad.Load(b, bQuads, at + 2 * rowStep, p.ColumnStep, left);
                b3 = TLoad.Load(b, bQuads, at + 3 * rowStep, p.ColumnStep, left);
            }
            sums = Accumulate<T, TTerm>(sums, a0, b0, Of<T, TTerm>(k, operands, r));
            sums = Accumulate<T, TTerm>(sums, a1, b1, Of<T, TTerm>(k, operands, r + p.Step));
            sums = Accumulate<T, TTerm>(sums, a2, b2, Of<T, TTerm>(k, operands, r + 2 * p.Step));
            sums = Accumulate<T, TTerm>(sums, a3, b3, Of<T, TTerm>(k, operands, r + 3 * p.Step));
            at += 4 * rowStep;
        }
        for (; r < p.End; r += p.Step)
        {
            var a0 = TLoad.Load(a, aQuads, at, p.ColumnStep, left);
            if (TTerm.ReadsSecond) b0 = TLoad.Load(b, bQuads, at, p.ColumnStep, left);
            sums = Accumulate<T, TTerm>(sums, a0, b0, Of<T, TTerm>(k, operands, r));
            at += rowStep;
        }

        var first = ColumnBlock.Combine(shared, p, cut.Lanes, Finish<T, TTerm>(sums.First, k));
        if (p.Slot == 0) ColumnBlock.Store(partials, Grid.IdxX, p, cut.Columns, first);
        if (TTerm.HasSecondSum)
        {
            var second = ColumnBlock.Combine(sharedSecond, p, cut.Lanes, sums.Second);
            if (p.Slot == 0) ColumnBlock.Store(partials, Grid.DimX + Grid.IdxX, p, cut.Columns, second);
        }
    }

    // Grid: (blocks of columns, sums); partials are [sums, chunks, columns].
    internal static void FinishKernel<T, R>(ArrayView<T> partials, ArrayView<T> first, ArrayView<T> second, int chunks, int columns)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var shared = SharedMemory.Allocate<double>(ColumnBlock.Threads);
        var c = FinishColumn;
        var start = Grid.IdxY * chunks * columns + c;
        var sum = 0.0;
        if (c < columns)
        {
            var k = FinishSlot;
            for (; k + 3 * FinishSlots < chunks; k += 4 * FinishSlots)
            {
                var p0 = partials[start + k * columns];
                var p1 = partials[start + (k + FinishSlots) * columns];
                var p2 = partials[start + (k + 2 * FinishSlots) * columns];
                var p3 = partials[start + (k + 3 * FinishSlots) * columns];
                sum = sum + R.ToDouble(p0) + R.ToDouble(p1) + R.ToDouble(p2) + R.ToDouble(p3);
            }
            for (; k < chunks; k += FinishSlots)
                sum += R.ToDouble(partials[start + k * columns]);
        }
        sum = CombineFinish(shared, sum);
        if (FinishSlot == 0 && c < columns)
        {
            if (Grid.IdxY == 0) first[c] = R.FromDouble(sum);
            else second[c] = R.FromDouble(sum);
        }
    }

    /// <summary>The first chunk of the calling thread; callable inside kernels of the second stage.</summary>
    public static int FinishSlot => Group.IdxX / FinishLanes;

    /// <summary>The column of the calling thread; callable inside kernels of the second stage.</summary>
    public static int FinishColumn => Grid.IdxX * FinishLanes + (Group.IdxX & (FinishLanes - 1));

    /// <summary>The sum of a value over the threads of a column, the same in all of them; by all threads of a group of the second stage.</summary>
    /// <param name="shared">An element for each thread; not used again before the next barrier.</param>
    /// <param name="value">The thread's value.</param>
    public static double CombineFinish(ArrayView<double> shared, double value)
    {
        shared[Group.IdxX] = value;
        for (var half = FinishSlots / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            if (FinishSlot < half) shared[Group.IdxX] += shared[Group.IdxX + half * FinishLanes];
        }
        Group.Barrier();
        return shared[Group.IdxX & (FinishLanes - 1)];
    }

    private static ColumnConstants<T> Constants<T, TTerm>(TermOperands<T> operands, ColumnPlace p, int left)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IColumnTerm<T>
    {
        ColumnConstants<T> k;
        k.Mean = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        k.Inverse = k.Mean;
        k.Scale = k.Mean;
        k.Shift = k.Mean;
        if (TTerm.Scope == TermScope.Column)
        {
            k.Mean = ApartLoad.Read(operands.Mean, p.Column, p.ColumnStep, left);
            k.Inverse = ApartLoad.Read(operands.InverseDeviation, p.Column, p.ColumnStep, left);
            var weight = ApartLoad.Read(operands.Weight, p.Column, p.ColumnStep, left);
            k.Scale = Tile4.Of(k.Inverse.V0 * weight.V0, k.Inverse.V1 * weight.V1, k.Inverse.V2 * weight.V2, k.Inverse.V3 * weight.V3);
            k.Shift = ApartLoad.Read(operands.Bias, p.Column, p.ColumnStep, left);
        }
        return k;
    }

    /// <summary>The constants in a row: those of the columns, or the row's own.</summary>
    private static ColumnConstants<T> Of<T, TTerm>(ColumnConstants<T> k, TermOperands<T> operands, int row)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IColumnTerm<T>
    {
        if (TTerm.Scope == TermScope.Row)
        {
            var (mean, inverse) = (operands.Mean[row], operands.InverseDeviation[row]);
            k.Mean = Tile4.Of(mean, mean, mean, mean);
            k.Inverse = Tile4.Of(inverse, inverse, inverse, inverse);
        }
        return k;
    }

    private static ColumnSums<T> Accumulate<T, TTerm>(ColumnSums<T> sums, Tile4<T> a, Tile4<T> b, ColumnConstants<T> k)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IColumnTerm<T>
    {
        var s0 = TTerm.Accumulate(Sums(sums.First.V0, sums.Second.V0), a.V0, b.V0, Term(k.Mean.V0, k.Inverse.V0, k.Scale.V0, k.Shift.V0));
        var s1 = TTerm.Accumulate(Sums(sums.First.V1, sums.Second.V1), a.V1, b.V1, Term(k.Mean.V1, k.Inverse.V1, k.Scale.V1, k.Shift.V1));
        var s2 = TTerm.Accumulate(Sums(sums.First.V2, sums.Second.V2), a.V2, b.V2, Term(k.Mean.V2, k.Inverse.V2, k.Scale.V2, k.Shift.V2));
        var s3 = TTerm.Accumulate(Sums(sums.First.V3, sums.Second.V3), a.V3, b.V3, Term(k.Mean.V3, k.Inverse.V3, k.Scale.V3, k.Shift.V3));
        sums.First = Tile4.Of(s0.First, s1.First, s2.First, s3.First);
        sums.Second = Tile4.Of(s0.Second, s1.Second, s2.Second, s3.Second);
        return sums;
    }

    private static Tile4<T> Finish<T, TTerm>(Tile4<T> first, ColumnConstants<T> k)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IColumnTerm<T> => Tile4.Of(
        TTerm.Finish(first.V0, k.Inverse.V0), TTerm.Finish(first.V1, k.Inverse.V1), TTerm.Finish(first.V2, k.Inverse.V2),
        TTerm.Finish(first.V3, k.Inverse.V3));

    private static TermSums<T> Sums<T>(T first, T second)
        where T : unmanaged
    {
        TermSums<T> sums;
        sums.First = first;
        sums.Second = second;
        return sums;
    }

    private static TermConstants<T> Term<T>(T mean, T inverse, T scale, T shift)
        where T : unmanaged
    {
        TermConstants<T> k;
        k.Mean = mean;
        k.Inverse = inverse;
        k.Scale = scale;
        k.Shift = shift;
        return k;
    }

    /// <summary>The first stage; partials are [sums, chunks, columns] with the chunks of <see cref="ColumnBlock.Cut"/>.</summary>
    public static void Partial<T, TTerm>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, TermOperands<T> operands, ArrayView<T> partials, int rows, int columns)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IColumnTerm<T>
    {
        var cut = ColumnBlock.Cut(rows, columns);
        if (ColumnBlock.TakesQuads(columns, a, b))
            host.Load(static d => Load<T, TTerm, TogetherLoad>(d))(
                ColumnBlock.Config(cut), default, default, ColumnBlock.Quads(a), ColumnBlock.Quads(b), operands, partials, cut);
        else
            host.Load(static d => Load<T, TTerm, ApartLoad>(d))(ColumnBlock.Config(cut), a, b, default, default, operands, partials, cut);
    }

    /// <summary>Whether the second stage shares out the chunks of a column among threads.</summary>
    public static bool Shares(int chunks) => chunks >= FewChunks;

    /// <summary>The second stage: one sum per column, or two.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="partials">[sums, chunks, columns].</param>
    /// <param name="first">[columns], written.</param>
    /// <param name="second">[columns], written where there is a second sum.</param>
    /// <param name="sums">1 or 2.</param>
    /// <param name="chunks">Chunks.</param>
    /// <param name="columns">Columns.</param>
    public static void Finish<T, R>(
        KernelHost host, ArrayView<T> partials, ArrayView<T> first, ArrayView<T> second, int sums, int chunks, int columns)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(FinishKernel<T, R>))(
            FinishConfig(columns, sums), partials, first, second, chunks, columns);

    /// <summary>The launch of a second stage.</summary>
    public static KernelConfig FinishConfig(int columns, int sums = 1) =>
        new(new Index3D(KernelHost.Blocks(columns, FinishLanes), sums, 1), new Index3D(ColumnBlock.Threads, 1, 1));

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, TermOperands<T>, ArrayView<T>, ColumnCut>
        Load<T, TTerm, TLoad>(Accelerator device)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IColumnTerm<T>
        where TLoad : struct, IColumnLoad =>
        device.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, TermOperands<T>, ArrayView<T>, ColumnCut>(
            PartialKernel<T, TTerm, TLoad>);
}
