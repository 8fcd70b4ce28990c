// How a group of a GPU covers columns and rows of [rows, columns], for everything that is added up over rows.
//
//   thread = slot * lanes + lane          lanes: a power of two, at most a warp; a lane holds four columns, so 32 lanes cover 128
//   rows   = first + slot, + slots, ...   slots = 256 / lanes: with few columns the threads share out rows instead of idling
//
// Neighbouring lanes read neighbouring quads (16 bytes each); where columns are no multiple of 4, a lane's four columns lie `lanes` apart instead
// and are read one by one. The slots' sums are added in shared memory, in the order of a binary tree: it depends on the shape alone.
//
// Memory: 256 quads of shared memory for each sum (4 KB, in double 8). Accumulation: in T.
using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>How a matrix is cut among groups.</summary>
internal struct ColumnCut
{
    /// <summary>Rows.</summary>
    public int Rows;

    /// <summary>Columns.</summary>
    public int Columns;

    /// <summary>Rows of a group's chunk; the last may have fewer.</summary>
    public int ChunkRows;

    /// <summary>Threads along columns, a power of two.</summary>
    public int Lanes;

    /// <summary>Chunks; the grid's X.</summary>
    public int Chunks;
}

/// <summary>The part of the calling thread.</summary>
internal struct ColumnPlace
{
    /// <summary>Its first row.</summary>
    public int Row;

    /// <summary>The end of the chunk's rows; not above Row where the thread has no columns.</summary>
    public int End;

    /// <summary>From one of its rows to the next.</summary>
    public int Step;

    /// <summary>Its first column.</summary>
    public int Column;

    /// <summary>From one of its columns to the next.</summary>
    public int ColumnStep;

    /// <summary>Which of the group's rows it begins with.</summary>
    public int Slot;
}

/// <summary>How a thread's four columns are read.</summary>
internal interface IColumnLoad
{
    /// <summary>Whether they are neighbours, at an address that is a multiple of their size.</summary>
    static abstract bool Quads { get; }

    /// <summary>Reads them; columns beyond the last are zero.</summary>
    /// <param name="x">[rows, columns].</param>
    /// <param name="quads">The same memory, four elements at a time.</param>
    /// <param name="at">The first column's offset.</param>
    /// <param name="step">From one column to the next.</param>
    /// <param name="left">Columns from the first one on.</param>
    static abstract Tile4<T> Load<T>(ArrayView<T> x, ArrayView<Tile4<T>> quads, int at, int step, int left)
        where T : unmanaged, INumber<T>;

    /// <summary>Writes them, as they are read.</summary>
    static abstract void Store<T>(ArrayView<T> x, ArrayView<Tile4<T>> quads, int at, int step, int left, Tile4<T> values)
        where T : unmanaged, INumber<T>;
}

/// <summary>One by one.</summary>
internal readonly struct ApartLoad : IColumnLoad
{
    public static bool Quads => false;

    public static Tile4<T> Load<T>(ArrayView<T> x, ArrayView<Tile4<T>> quads, int at, int step, int left)
        where T : unmanaged, INumber<T> => Read(x, at, step, left);

    public static void Store<T>(ArrayView<T> x, ArrayView<Tile4<T>> quads, int at, int step, int left, Tile4<T> values)
        where T : unmanaged, INumber<T>
    {
        if (left > 0) x[at] = values.V0;
        if (left > step) x[at + step] = values.V1;
        if (left > 2 * step) x[at + 2 * step] = values.V2;
        if (left > 3 * step) x[at + 3 * step] = values.V3;
    }

    /// <summary>Reads what needs no quads.</summary>
    public static Tile4<T> Read<T>(ArrayView<T> x, int at, int step, int left)
        where T : unmanaged, INumber<T>
    {
        var values = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        if (left > 0) values.V0 = x[at];
        if (left > step) values.V1 = x[at + step];
        if (left > 2 * step) values.V2 = x[at + 2 * step];
        if (left > 3 * step) values.V3 = x[at + 3 * step];
        return values;
    }
}

/// <summary>In one access (two for double).</summary>
internal readonly struct TogetherLoad : IColumnLoad
{
    public static bool Quads => true;

    public static Tile4<T> Load<T>(ArrayView<T> x, ArrayView<Tile4<T>> quads, int at, int step, int left)
        where T : unmanaged, INumber<T> => quads[at >> 2];

    public static void Store<T>(ArrayView<T> x, ArrayView<Tile4<T>> quads, int at, int step, int left, Tile4<T> values)
        where T : unmanaged, INumber<T> => quads[at >> 2] = values;
}

/// <summary>Columns and rows by groups; callable inside kernels but for the launches.</summary>
internal static class ColumnBlock
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    private const int MostLanes = 32;

    // Two to four groups for each multiprocessor of a large GPU, with four loads of 16 bytes on the way in each thread, keep its memory busy.
    private const int WantedGroups = 512;

    /// <summary>The cut of a matrix whose rows are added up. There are never more chunks than <see cref="RowChunks"/> has, so that its workspaces suffice.</summary>
    public static ColumnCut Cut(int rows, int columns)
    {
        var lanes = LanesOf(columns);
        var wanted = Math.Max(1, WantedGroups / KernelHost.Blocks(columns, 4 * lanes));
        var chunkRows = Math.Max(Math.Max(RowChunks.Size(rows), Threads / lanes), KernelHost.Blocks(rows, wanted));
        return new ColumnCut { Rows = rows, Columns = columns, ChunkRows = chunkRows, Lanes = lanes, Chunks = KernelHost.Blocks(rows, chunkRows) };
    }

    /// <summary>The cut of a matrix of which a thread takes so many rows.</summary>
    public static ColumnCut CutForRows(int rows, int columns, int threadRows)
    {
        var lanes = LanesOf(columns);
        var chunkRows = threadRows * (Threads / lanes);
        return new ColumnCut { Rows = rows, Columns = columns, ChunkRows = chunkRows, Lanes = lanes, Chunks = KernelHost.Blocks(rows, chunkRows) };
    }

    private static int LanesOf(int columns)
    {
        var lanes = 1;
        while (lanes < MostLanes && 4 * lanes < columns) lanes *= 2;
        return lanes;
    }

    /// <summary>The launch: the grid is (chunks, blocks of columns, samples).</summary>
    public static KernelConfig Config(in ColumnCut cut, int samples = 1) =>
        new(new Index3D(cut.Chunks, KernelHost.Blocks(cut.Columns, 4 * cut.Lanes), samples), new Index3D(Threads, 1, 1));

    /// <summary>Whether four columns may be read at once.</summary>
    public static bool TakesQuads<T>(int columns, params ReadOnlySpan<ArrayView<T>> views)
        where T : unmanaged
    {
        if (columns % 4 != 0) return false;
        foreach (var view in views)
            if (view.Length > 0 && view.LoadEffectiveAddressAsPtr() % (4 * Unsafe.SizeOf<T>()) != 0) return false;
        return true;
    }

    /// <summary>A view of four elements at a time.</summary>
    public static ArrayView<Tile4<T>> Quads<T>(ArrayView<T> view)
        where T : unmanaged => view.Cast<Tile4<T>>();

    /// <summary>The calling thread's part.</summary>
    public static ColumnPlace Place<TLoad>(ColumnCut cut)
        where TLoad : struct, IColumnLoad
    {
        ColumnPlace p;
        var lane = Group.IdxX & (cut.Lanes - 1);
        p.Slot = Group.IdxX / cut.Lanes;
        p.Step = Threads / cut.Lanes;
        p.ColumnStep = TLoad.Quads ? 1 : cut.Lanes;
        p.Column = Grid.IdxY * (4 * cut.Lanes) + (TLoad.Quads ? 4 * lane : lane);
        var first = Grid.IdxX * cut.ChunkRows;
        p.Row = first + p.Slot;
        p.End = p.Column >= cut.Columns ? first : cut.Rows - first < cut.ChunkRows ? cut.Rows : first + cut.ChunkRows;
        return p;
    }

    /// <summary>The sum of a value over the group's slots, for those of slot 0; by all threads of the group.</summary>
    /// <param name="shared">4 elements for each thread; not used again before the next barrier.</param>
    /// <param name="p">The thread's part.</param>
    /// <param name="lanes">Threads along columns.</param>
    /// <param name="value">The thread's value.</param>
    public static Tile4<T> Combine<T>(ArrayView<T> shared, ColumnPlace p, int lanes, Tile4<T> value)
        where T : unmanaged, INumber<T>
    {
        var at = 4 * Group.IdxX;
        Tile4.Store(shared, at, value);
        for (var half = p.Step / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            if (p.Slot < half)
            {
                value = Tile4.Add(value, Tile4.Load(shared, at + 4 * lanes * half));
                Tile4.Store(shared, at, value);
            }
        }
        return value;
    }

    /// <summary>Writes a thread's four columns of a row.</summary>
    public static void Store<T>(ArrayView<T> y, int row, ColumnPlace p, int columns, Tile4<T> value)
        where T : unmanaged, INumber<T> =>
        ApartLoad.Store(y, default, row * columns + p.Column, p.ColumnStep, columns - p.Column, value);
}
