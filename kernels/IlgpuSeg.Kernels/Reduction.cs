// Ordered reductions: over the rows of a [rows, columns] matrix (a result per column), over a flat array (one result), and
// across the lanes of a warp.
//
// Memory: an operand is read once; partial sums go to a workspace that the caller provides. Accumulation: rows are cut into
// chunks whose size depends on the number of rows alone; each chunk is summed in order in T, then the chunks' sums are added
// in order in double. So the same operands give the same bits for any number of threads, and errors grow with the chunk's
// length rather than with the whole.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>How rows are cut into chunks that are summed apart.</summary>
public static class RowChunks
{
    // Enough chunks to fill a GPU with few channels and to fit a CPU's cache each, few enough for the second stage to be short.
    private const int MaxChunks = 512;
    private const int MinRows = 32;

    /// <summary>Rows of a chunk (the last may have fewer).</summary>
    public static int Size(int rows) => Math.Max(MinRows, KernelHost.Blocks(rows, MaxChunks));

    /// <summary>The number of chunks.</summary>
    public static int Count(int rows) => KernelHost.Blocks(rows, Size(rows));
}

/// <summary>What a reduction adds up, from an element of each operand; callable inside kernels.</summary>
/// <typeparam name="T">The element type.</typeparam>
public interface IReductionTerm<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>Whether b is read.</summary>
    static abstract bool ReadsSecond { get; }

    /// <summary>The sum with the term of a and b added.</summary>
    static abstract T Accumulate(T sum, T a, T b);
}

/// <summary>Adds the first operand.</summary>
public readonly struct SumTerm<T> : IReductionTerm<T>
    where T : unmanaged, INumber<T>
{
    /// <inheritdoc/>
    public static bool ReadsSecond => false;

    /// <inheritdoc/>
    public static T Accumulate(T sum, T a, T b) => sum + a;
}

/// <summary>Adds the product of both operands.</summary>
public readonly struct ProductTerm<T, R> : IReductionTerm<T>
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <inheritdoc/>
    public static bool ReadsSecond => true;

    /// <inheritdoc/>
    public static T Accumulate(T sum, T a, T b) => R.Fma(a, b, sum);
}

/// <summary>Sums over the rows of [rows, columns], one per column.</summary>
public static class ColumnReduction
{
    // Grid: (chunks, blocks of columns); partials are [chunks, columns].
    internal static void PartialKernel<T, TTerm>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<T> partials, int rows, int columns, int chunkRows)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IReductionTerm<T>
    {
        var first = Grid.IdxX * chunkRows;
        var last = first + chunkRows < rows ? first + chunkRows : rows;
        for (var c = ChannelLoop.First; c < columns; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var r = first; r < last; r++)
                sum = TTerm.Accumulate(sum, a[r * columns + c], b[r * columns + c]);
            partials[Grid.IdxX * columns + c] = sum;
        }
    }

    internal static void FinishKernel<T, R>(ArrayView<T> partials, ArrayView<T> y, int chunks, int columns)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var c = Grid.IdxX * Group.DimX + Group.IdxX;
        if (c >= columns) return;
        var sum = 0.0;
        for (var k = 0; k < chunks; k++)
            sum += R.ToDouble(partials[k * columns + c]);
        y[c] = R.FromDouble(sum);
    }

    /// <summary>Elements of the workspace that <see cref="Sum"/> and <see cref="Dot"/> need.</summary>
    public static int WorkspaceLength(int rows, int columns) => checked(RowChunks.Count(rows) * columns);

    /// <summary>y[c] = sum over rows of x[r, c].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, columns].</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="y">[columns].</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="columns">Columns, at least 1.</param>
    public static void Sum<T, R>(KernelHost host, ArrayView<T> x, ArrayView<T> workspace, ArrayView<T> y, int rows, int columns)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => Run<T, R, SumTerm<T>>(host, x, x, workspace, y, rows, columns);

    /// <summary>y[c] = sum over rows of a[r, c] * b[r, c].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="a">[rows, columns].</param>
    /// <param name="b">[rows, columns].</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="y">[columns].</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="columns">Columns, at least 1.</param>
    public static void Dot<T, R>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> workspace, ArrayView<T> y, int rows, int columns)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => Run<T, R, ProductTerm<T, R>>(host, a, b, workspace, y, rows, columns);

    /// <summary>y[c] = the ordered sum of partials[k, c] over k, in double: the second stage of a reduction in two stages.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="partials">[chunks, columns].</param>
    /// <param name="y">[columns].</param>
    /// <param name="chunks">Chunks, at least 1.</param>
    /// <param name="columns">Columns, at least 1.</param>
    public static void Finish<T, R>(KernelHost host, ArrayView<T> partials, ArrayView<T> y, int chunks, int columns)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (host.UsesBlocks && ColumnBlockSums.Shares(chunks))
            ColumnBlockSums.Finish<T, R>(host, partials, y, y, 1, chunks, columns);
        else
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int>(FinishKernel<T, R>))(
                host.Linear(columns), partials, y, chunks, columns);
    }

    /// <summary>Two sums per column, each as <see cref="Finish"/> forms it.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="partials">[2, chunks, columns].</param>
    /// <param name="first">[columns], the sums of partials[0].</param>
    /// <param name="second">[columns], the sums of partials[1].</param>
    /// <param name="chunks">Chunks, at least 1.</param>
    /// <param name="columns">Columns, at least 1.</param>
    public static void FinishPair<T, R>(
        KernelHost host, ArrayView<T> partials, ArrayView<T> first, ArrayView<T> second, int chunks, int columns)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (host.UsesBlocks)
        {
            ColumnBlockSums.Finish<T, R>(host, partials, first, second, 2, chunks, columns);
            return;
        }
        Finish<T, R>(host, partials.SubView(0, chunks * columns), first, chunks, columns);
        Finish<T, R>(host, partials.SubView(chunks * columns, chunks * columns), second, chunks, columns);
    }

    private static void Run<T, R, TTerm>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> workspace, ArrayView<T> y, int rows, int columns)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTerm : struct, IReductionTerm<T>
    {
        if (host.UsesBlocks)
        {
            ColumnBlockSums.Partial<T, ReductionColumnTerm<T, TTerm>>(host, a, b, default, workspace, rows, columns);
            Finish<T, R>(host, workspace, y, ColumnBlock.Cut(rows, columns).Chunks, columns);
            return;
        }
        Partial<T, TTerm>(host, a, b, workspace, rows, columns);
        Finish<T, R>(host, workspace, y, RowChunks.Count(rows), columns);
    }

    internal static void Partial<T, TTerm>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> partials, int rows, int columns)
        where T : unmanaged, INumber<T>
        where TTerm : struct, IReductionTerm<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, int>(PartialKernel<T, TTerm>))(
            ChannelLoop.Config(host, RowChunks.Count(rows), columns), a, b, partials, rows, columns, RowChunks.Size(rows));
}

/// <summary>Sums over a flat array.</summary>
public static class FlatReduction
{
    // The array is taken as rows of this many elements, whatever the device's lanes, so that all devices sum in one order.
    private const int Columns = 64;

    // One thread: the columns' sums in order, then the elements after the last full row.
    internal static void FinishKernel<T, R, TTerm>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<T> columnSums, ArrayView<T> y, int columns, int tail, int n)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTerm : struct, IReductionTerm<T>
    {
        if (Grid.IdxX * Group.DimX + Group.IdxX > 0) return;
        var sum = 0.0;
        for (var c = 0; c < columns; c++)
            sum += R.ToDouble(columnSums[c]);
        var rest = T.Zero;
        for (var i = tail; i < n; i++)
            rest = TTerm.Accumulate(rest, a[i], b[i]);
        y[0] = R.FromDouble(sum + R.ToDouble(rest));
    }

    /// <summary>Elements of the workspace that <see cref="Sum"/> and <see cref="Dot"/> need for n elements.</summary>
    public static int WorkspaceLength(int n) => Columns * (1 + RowChunks.Count(Math.Max(1, n / Columns)));

    /// <summary>y[0] = the sum of all elements.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">The elements, at least 1.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="y">One element.</param>
    public static void Sum<T, R>(KernelHost host, ArrayView<T> x, ArrayView<T> workspace, ArrayView<T> y)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => Run<T, R, SumTerm<T>>(host, x, x, workspace, y);

    /// <summary>y[0] = the sum of a[i] * b[i].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="a">The elements, at least 1.</param>
    /// <param name="b">As many elements.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="y">One element.</param>
    public static void Dot<T, R>(KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> workspace, ArrayView<T> y)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => Run<T, R, ProductTerm<T, R>>(host, a, b, workspace, y);

    private static void Run<T, R, TTerm>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> workspace, ArrayView<T> y)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTerm : struct, IReductionTerm<T>
    {
        if (host.UsesBlocks)
        {
            FlatBlockSums.Run<T, R, TTerm>(host, a, b, workspace, y);
            return;
        }
        var n = a.IntLength;
        var rows = n / Columns;
        var columnSums = workspace.SubView(0, Columns);
        if (rows > 0)
        {
            var partials = workspace.SubView(Columns, Columns * RowChunks.Count(rows));
            ColumnReduction.Partial<T, TTerm>(host, a, b, partials, rows, Columns);
            ColumnReduction.Finish<T, R>(host, partials, columnSums, RowChunks.Count(rows), Columns);
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, int>(
            FinishKernel<T, R, TTerm>))(host.Linear(1), a, b, columnSums, y, rows > 0 ? Columns : 0, rows * Columns, n);
    }
}

/// <summary>
/// One warp per row: its lanes run along the row's consecutive elements and share their sums. For reductions over channels.
/// </summary>
public static class WarpRows
{
    /// <summary>The row of the calling thread, uniform in its warp; callable inside kernels that <see cref="Config"/> launches.</summary>
    public static int Row => Grid.IdxX * (Group.DimX / Warp.WarpSize) + Warp.WarpIdx;

    /// <summary>The sum over the warp's lanes, the same bits in each of them; callable inside kernels by whole warps.</summary>
    public static T Sum<T>(T value)
        where T : unmanaged, INumber<T>
    {
        // The butterfly adds the same pairs in every lane, and a + b = b + a in every bit.
        for (var mask = Warp.WarpSize / 2; mask > 0; mask /= 2)
            value += Warp.ShuffleXor(value, mask);
        return value;
    }

    /// <summary>The largest of the warp's lanes, in each of them; callable inside kernels by whole warps.</summary>
    public static T Max<T, R>(T value)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        for (var mask = Warp.WarpSize / 2; mask > 0; mask /= 2)
            value = R.Max(value, Warp.ShuffleXor(value, mask));
        return value;
    }

    /// <summary>The launch of one warp per row.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="rows">Rows, at least 1; kernels guard Row themselves.</param>
    public static KernelConfig Config(KernelHost host, int rows)
    {
        var rowsPerGroup = host.Lanes / host.Accelerator.WarpSize;
        return new KernelConfig(KernelHost.Blocks(rows, rowsPerGroup), host.Lanes);
    }
}
