// The way of an operand's block tile from global to shared memory by asynchronous copies, which need no registers: a tile of M rows (columns)
// by K of the depth, brought by 256 threads in rounds of 1,024 elements, four of a thread.
//
//   in shared memory (both operands):  tile[k][m], rows of M + 4 elements
//
//     - the multiply loop reads four neighbours m of one k at once, aligned to 16 bytes (M + 4 is a multiple of 4);
//     - the padding spreads the columns that a warp writes when its lanes run along k over all banks.
//
//   who brings what, thread t, element i:
//
//                                one by one                        four at once (quads)
//     neighbours in depth        k = t % K,  m = t / K + i 256/K
//     neighbours in m            m = t % M,  k = t / M + i 256/M   m = t % (M/4) * 4 + i,  k = t / (M/4)
//
//   so that a warp's loads lie side by side in either case; neighbours in depth part on the way, so they are copied one by one. Rows (columns)
//   beyond the last one repeat it: what they compute is not stored. Beyond a run's end zeros are brought.
using System.Numerics;
using IlgpuSeg.KernelRuntime;
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

    /// <summary>Where element 0 goes in the tile in shared memory.</summary>
    public int Target;
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
    /// <param name="quads">1 if they are copied four at once.</param>
    public static StagingPlan Plan(int thread, int lines, int depth, int depthFirst, int quads)
    {
        StagingPlan p;
        if (quads != 0)
        {
            p.Depth = thread / (lines / 4);
            p.Line = (thread & (lines / 4 - 1)) * 4;
            p.DepthStep = 0;
            p.LineStep = 1;
        }
        else
        {
            p.Depth = depthFirst != 0 ? thread & (depth - 1) : thread / lines;
            p.Line = depthFirst != 0 ? thread / depth : thread & (lines - 1);
            p.DepthStep = depthFirst != 0 ? 0 : Threads / lines;
            p.LineStep = depthFirst != 0 ? Threads / depth : 0;
        }
        p.Target = p.Depth * (lines + Padding) + p.Line;
        return p;
    }

    /// <summary>Starts a thread's copies of a tile.</summary>
    /// <param name="tile">The tile, transposed as drawn above.</param>
    /// <param name="first">Where it begins.</param>
    /// <param name="lines">Rows or columns of the tile.</param>
    /// <param name="depth">The tile's depth.</param>
    /// <param name="x">The operand.</param>
    /// <param name="p">The thread's part.</param>
    /// <param name="at">The elements' offsets in the tile.</param>
    /// <param name="offset">The tile's offset in the operand.</param>
    /// <param name="left">What is left of the run.</param>
    /// <param name="depthFirst">1 if neighbours in memory are neighbours in depth.</param>
    /// <param name="quads">1 if elements are copied four at once.</param>
    public static void Copy<T>(
        ArrayView<T> tile, int first, int lines, int depth, ArrayView<T> x, StagingPlan p, Tile4<int> at, int offset, int left, int depthFirst,
        int quads)
        where T : unmanaged
    {
        var stride = lines + Padding;
        var to = first + p.Target;
        // Steps are written as constants of each case, which saves the registers that p's would take.
        if (quads != 0)
        {
            AsyncCopy.Copy16(tile, to, x, offset + at.V0, p.Depth < left);
            if (Interop.SizeOf<T>() == sizeof(double)) AsyncCopy.Copy16(tile, to + 2, x, offset + at.V0 + 2, p.Depth < left);
        }
        else if (depthFirst != 0)
        {
            CopyOne(tile, to, x, offset + at.V0, p.Depth < left);
            CopyOne(tile, to + Threads / depth, x, offset + at.V1, p.Depth < left);
            CopyOne(tile, to + 2 * (Threads / depth), x, offset + at.V2, p.Depth < left);
            CopyOne(tile, to + 3 * (Threads / depth), x, offset + at.V3, p.Depth < left);
        }
        else
        {
            var step = Threads / lines;
            CopyOne(tile, to, x, offset + at.V0, p.Depth < left);
            CopyOne(tile, to + step * stride, x, offset + at.V1, p.Depth + step < left);
            CopyOne(tile, to + 2 * step * stride, x, offset + at.V2, p.Depth + 2 * step < left);
            CopyOne(tile, to + 3 * step * stride, x, offset + at.V3, p.Depth + 3 * step < left);
        }
    }

    private static void CopyOne<T>(ArrayView<T> tile, int to, ArrayView<T> x, int from, bool take)
        where T : unmanaged
    {
        if (Interop.SizeOf<T>() == sizeof(double))
            AsyncCopy.Copy8(tile, to, x, from, take);
        else
            AsyncCopy.Copy4(tile, to, x, from, take);
    }

    /// <summary>The offsets in A of a thread's elements.</summary>
    public static Tile4<int> OffsetsA(StagingPlan p, int firstRow, GemmShape s, int quads) => Tile4.Of(
        OffsetA(p, 0, firstRow, s, quads), OffsetA(p, 1, firstRow, s, quads), OffsetA(p, 2, firstRow, s, quads), OffsetA(p, 3, firstRow, s, quads));

    /// <summary>The offsets in B of a thread's elements.</summary>
    public static Tile4<int> OffsetsB(StagingPlan p, int firstColumn, int columns, GemmRight right, int quads) => Tile4.Of(
        OffsetB(p, 0, firstColumn, columns, right, quads), OffsetB(p, 1, firstColumn, columns, right, quads),
        OffsetB(p, 2, firstColumn, columns, right, quads), OffsetB(p, 3, firstColumn, columns, right, quads));

    private static int OffsetA(StagingPlan p, int i, int firstRow, GemmShape s, int quads)
    {
        var row = firstRow + p.Line + i * p.LineStep;
        return GemmTile.AOffset(row < s.Rows ? row : s.Rows - LastCopy(quads), s) + (p.Depth + i * p.DepthStep) * s.AStep;
    }

    private static int OffsetB(StagingPlan p, int i, int firstColumn, int columns, GemmRight right, int quads)
    {
        var column = firstColumn + p.Line + i * p.LineStep;
        return (column < columns ? column : columns - LastCopy(quads)) * right.Column + (p.Depth + i * p.DepthStep) * right.Inner;
    }

    /// <summary>The lines of a copy: those of the last one begin so many in front of the end.</summary>
    private static int LastCopy(int quads) => quads != 0 ? 4 : 1;
}
