// The way of an operand's block tile from global to shared memory: 1,024 elements by 256 threads, four each.
//
//   in shared memory (both operands):  tile[k][m], rows of M + 4 elements
//
//     - the multiply loop reads four neighbours m of one k at once, aligned to 16 bytes (M + 4 is a multiple of 4);
//     - the padding spreads the columns that a warp writes when its lanes run along k over all banks.
//
//   who brings what, thread t, element i (M rows or columns, K deep):
//
//                                one by one                        four at once (quads)
//     neighbours in depth        k = t % K,  m = t / K + i 256/K   k = t % (K/4) * 4 + i,  m = t / (K/4)
//     neighbours in m            m = t % M,  k = t / M + i 256/M   m = t % (M/4) * 4 + i,  k = t / (M/4)
//
//   so that a warp's loads lie side by side in either case. Rows (columns) beyond the last one repeat it: what they compute is not stored.
//   Beyond a run's end zeros are brought.
using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>A thread's part in bringing an operand's tiles.</summary>
internal struct StagingPlan
{
    /// <summary>Where in the tile's depth element 0 lies.</summary>
    public int Depth;

    /// <summary>From element to element.</summary>
    public int DepthStep;

    /// <summary>The row or column of element 0 in the tile.</summary>
    public int Line;

    /// <summary>From element to element.</summary>
    public int LineStep;
}

/// <summary>How a thread reads its four elements.</summary>
internal interface IStagingLoad
{
    /// <summary>Whether they are neighbours, at an address that is a multiple of their size.</summary>
    static abstract bool Quads { get; }

    /// <summary>Reads them; zeros in the place of those beyond the end of the run.</summary>
    /// <param name="x">The operand.</param>
    /// <param name="quads">The same memory, four elements at a time.</param>
    /// <param name="p">The thread's part.</param>
    /// <param name="at">The elements' offsets in the tile.</param>
    /// <param name="tile">The tile's offset.</param>
    /// <param name="left">What is left of the run.</param>
    static abstract Tile4<T> Load<T>(ArrayView<T> x, ArrayView<Tile4<T>> quads, StagingPlan p, Tile4<int> at, int tile, int left)
        where T : unmanaged, INumber<T>;
}

/// <summary>One by one.</summary>
internal readonly struct SingleLoad : IStagingLoad
{
    public static bool Quads => false;

    public static Tile4<T> Load<T>(ArrayView<T> x, ArrayView<Tile4<T>> quads, StagingPlan p, Tile4<int> at, int tile, int left)
        where T : unmanaged, INumber<T>
    {
        var values = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        if (p.Depth < left) values.V0 = x[tile + at.V0];
        if (p.Depth + p.DepthStep < left) values.V1 = x[tile + at.V1];
        if (p.Depth + 2 * p.DepthStep < left) values.V2 = x[tile + at.V2];
        if (p.Depth + 3 * p.DepthStep < left) values.V3 = x[tile + at.V3];
        return values;
    }
}

/// <summary>In one access (two for double). Runs then are multiples of four along the depth, so that the four are inside or outside together.</summary>
internal readonly struct QuadLoad : IStagingLoad
{
    public static bool Quads => true;

    public static Tile4<T> Load<T>(ArrayView<T> x, ArrayView<Tile4<T>> quads, StagingPlan p, Tile4<int> at, int tile, int left)
        where T : unmanaged, INumber<T>
    {
        var values = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        if (p.Depth < left) values = quads[(tile + at.V0) >> 2];
        return values;
    }
}

/// <summary>Bringing tiles; callable inside kernels.</summary>
internal static class GemmStaging
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 256;

    /// <summary>Elements between the tile's rows in shared memory, beyond those of a row.</summary>
    public const int Padding = 4;

    /// <summary>The calling thread's part.</summary>
    /// <param name="thread">The thread.</param>
    /// <param name="lines">Rows or columns of the tile; a power of two.</param>
    /// <param name="depth">The tile's depth; a power of two.</param>
    /// <param name="depthFirst">1 if neighbours in memory are neighbours in depth.</param>
    public static StagingPlan Plan<TLoad>(int thread, int lines, int depth, int depthFirst)
        where TLoad : struct, IStagingLoad
    {
        StagingPlan p;
        if (TLoad.Quads)
        {
            p.Depth = depthFirst != 0 ? (thread & (depth / 4 - 1)) * 4 : thread / (lines / 4);
            p.Line = depthFirst != 0 ? thread / (depth / 4) : (thread & (lines / 4 - 1)) * 4;
            p.DepthStep = depthFirst != 0 ? 1 : 0;
            p.LineStep = depthFirst != 0 ? 0 : 1;
        }
        else
        {
            p.Depth = depthFirst != 0 ? thread & (depth - 1) : thread / lines;
            p.Line = depthFirst != 0 ? thread / depth : thread & (lines - 1);
            p.DepthStep = depthFirst != 0 ? 0 : Threads / lines;
            p.LineStep = depthFirst != 0 ? Threads / depth : 0;
        }
        return p;
    }

    /// <summary>Writes a thread's elements to shared memory.</summary>
    /// <param name="tile">The tile, transposed as drawn above.</param>
    /// <param name="p">The thread's part.</param>
    /// <param name="first">Where the tile begins.</param>
    /// <param name="stride">From a row of the tile to the next.</param>
    /// <param name="values">The elements.</param>
    public static void Store<T>(ArrayView<T> tile, StagingPlan p, int first, int stride, Tile4<T> values)
        where T : unmanaged
    {
        var to = first + p.Depth * stride + p.Line;
        var step = p.DepthStep * stride + p.LineStep;
        tile[to] = values.V0;
        tile[to + step] = values.V1;
        tile[to + 2 * step] = values.V2;
        tile[to + 3 * step] = values.V3;
    }

    /// <summary>The offsets in A of a thread's elements.</summary>
    public static Tile4<int> OffsetsA(StagingPlan p, int firstRow, GemmShape s) => Tile4.Of(
        OffsetA(p, 0, firstRow, s), OffsetA(p, 1, firstRow, s), OffsetA(p, 2, firstRow, s), OffsetA(p, 3, firstRow, s));

    /// <summary>The offsets in B of a thread's elements.</summary>
    public static Tile4<int> OffsetsB(StagingPlan p, int firstColumn, int columns, GemmRight right) => Tile4.Of(
        OffsetB(p, 0, firstColumn, columns, right), OffsetB(p, 1, firstColumn, columns, right),
        OffsetB(p, 2, firstColumn, columns, right), OffsetB(p, 3, firstColumn, columns, right));

    private static int OffsetA(StagingPlan p, int i, int firstRow, GemmShape s) =>
        GemmTile.AOffset(firstRow + p.Line + i * p.LineStep, s) + (p.Depth + i * p.DepthStep) * s.AStep;

    private static int OffsetB(StagingPlan p, int i, int firstColumn, int columns, GemmRight right)
    {
        var column = firstColumn + p.Line + i * p.LineStep;
        return (column < columns ? column : columns - 1) * right.Column + (p.Depth + i * p.DepthStep) * right.Inner;
    }
}
