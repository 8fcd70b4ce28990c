// The way of an operand's slice from global to shared memory by asynchronous copies of 16 bytes, four or eight per thread, and from there to
// fragments. Memory is seen as words of 32 bits; a slice is 32 words deep where neighbours lie along the depth.
//
//   neighbours along the depth             neighbours along the lines (rows of A, columns of B)
//     line 0    32 words, 4 of padding       depth 0    a word per one or two lines, 8 or 4 of padding
//     line 1    ..                           depth 1    ..      (32 or 64 of them)
//
// The padding puts what a warp reads at once into different banks: eight rows of four words by ldmatrix (36 words, or lines / 2 + 4, apart:
// four banks further each), or four rows of eight single words (lines + 8 apart: eight banks further each).
using IlgpuSeg.KernelRuntime;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Which copies of a slice a thread makes.</summary>
internal struct TensorCopies
{
    /// <summary>Where in the slice's depth the first one begins.</summary>
    public int Depth;

    /// <summary>From copy to copy.</summary>
    public int DepthStep;

    /// <summary>On which line of the tile the first one begins.</summary>
    public int Line;

    /// <summary>From copy to copy.</summary>
    public int LineStep;

    /// <summary>Where it goes in the slice, in words.</summary>
    public int Target;

    /// <summary>From copy to copy.</summary>
    public int TargetStep;
}

/// <summary>Where in an operand a thread's copies of the first slice begin.</summary>
internal struct TensorOffsets
{
    /// <summary>The first four.</summary>
    public Tile4<int> First;

    /// <summary>The next four; the first again where a thread makes four only.</summary>
    public Tile4<int> Second;
}

/// <summary>A warp's fragments of a step: up to four of A, and up to eight of B in pairs.</summary>
internal struct TensorFragments
{
    public Registers4 A0, A1, A2, A3, B0, B1, B2, B3;
}

/// <summary>Slices in shared memory; callable inside kernels.</summary>
internal static class TensorStaging
{
    /// <summary>Words that a slice is deep, where neighbours lie along the depth.</summary>
    public const int SliceWords = 32;

    /// <summary>Words of a line, with padding, where neighbours lie along the depth.</summary>
    public const int LineStride = SliceWords + 4;

    /// <summary>Words that a step of the tensor core is deep.</summary>
    public const int StepWords = 8;

    /// <summary>Words from one place in the depth to the next, where neighbours lie along the lines.</summary>
    public static int DepthStride(int lines, int shift) => (lines + 8) >> shift;

    /// <summary>Words of a slice.</summary>
    public static int Words(bool depthFirst, int lines, int shift) =>
        depthFirst ? lines * LineStride : (SliceWords << shift) * DepthStride(lines, shift);

    /// <summary>Copies of a slice that a thread makes: 4 or 8.</summary>
    /// <param name="lines">Rows (columns) of the tile.</param>
    /// <param name="threads">Threads of the group.</param>
    public static int CopiesPerThread(int lines, int threads) => lines * (SliceWords / 4) / threads;

    /// <summary>A thread's part in the copies of an operand.</summary>
    /// <param name="depthFirst">Whether neighbours lie along the depth: copies then too, eight to a line.</param>
    /// <param name="shift">See <see cref="ITensorOperand.Shift"/>.</param>
    /// <param name="lines">Rows (columns) of the tile.</param>
    /// <param name="threads">Threads of the group.</param>
    public static TensorCopies Copies(bool depthFirst, int shift, int lines, int threads)
    {
        TensorCopies p;
        var perDepth = lines >> (2 + shift);
        p.Depth = depthFirst ? (Group.IdxX & 7) << (2 + shift) : Group.IdxX / perDepth;
        p.DepthStep = depthFirst ? 0 : threads / perDepth;
        p.Line = depthFirst ? Group.IdxX >> 3 : (Group.IdxX & (perDepth - 1)) << (2 + shift);
        p.LineStep = depthFirst ? threads / 8 : 0;
        p.Target = depthFirst ? p.Line * LineStride + (p.Depth >> shift) : p.Depth * DepthStride(lines, shift) + (p.Line >> shift);
        p.TargetStep = p.LineStep * LineStride + p.DepthStep * DepthStride(lines, shift);
        return p;
    }

    /// <summary>Starts a thread's copies of a slice.</summary>
    /// <param name="slices">Shared memory.</param>
    /// <param name="first">Where the slice begins.</param>
    /// <param name="x">The operand in words.</param>
    /// <param name="shift">See <see cref="ITensorOperand.Shift"/>.</param>
    /// <param name="p">The thread's part.</param>
    /// <param name="at">The copies' offsets in elements.</param>
    /// <param name="count">How many they are: 4 or 8.</param>
    /// <param name="tile">The slice's offset in elements.</param>
    /// <param name="left">What is left of the run; zeros arrive beyond it.</param>
    public static void Copy(
        ArrayView<uint> slices, int first, ArrayView<uint> x, int shift, TensorCopies p, TensorOffsets at, int count, int tile, int left)
    {
        var to = first + p.Target;
        CopyFour(slices, to, x, shift, p, at.First, tile, left - p.Depth);
        if (count == 8) CopyFour(slices, to + 4 * p.TargetStep, x, shift, p, at.Second, tile, left - p.Depth - 4 * p.DepthStep);
    }

    private static void CopyFour(ArrayView<uint> slices, int to, ArrayView<uint> x, int shift, TensorCopies p, Tile4<int> at, int tile, int left)
    {
        AsyncCopy.Copy16(slices, to, x, (tile + at.V0) >> shift, left > 0);
        AsyncCopy.Copy16(slices, to + p.TargetStep, x, (tile + at.V1) >> shift, left > p.DepthStep);
        AsyncCopy.Copy16(slices, to + 2 * p.TargetStep, x, (tile + at.V2) >> shift, left > 2 * p.DepthStep);
        AsyncCopy.Copy16(slices, to + 3 * p.TargetStep, x, (tile + at.V3) >> shift, left > 3 * p.DepthStep);
    }

    /// <summary>The offsets in A of the elements that a thread's copies begin with.</summary>
    public static TensorOffsets OffsetsA(TensorCopies p, int count, bool depthFirst, int shift, int firstRow, GemmShape s)
    {
        TensorOffsets at;
        at.First = FourOfA(p, 0, depthFirst, shift, firstRow, s);
        at.Second = at.First;
        if (count == 8) at.Second = FourOfA(p, 4, depthFirst, shift, firstRow, s);
        return at;
    }

    /// <summary>The offsets in B of the elements that a thread's copies begin with.</summary>
    public static TensorOffsets OffsetsB(TensorCopies p, int count, bool depthFirst, int shift, int firstColumn, int columns, GemmRight right)
    {
        TensorOffsets at;
        at.First = FourOfB(p, 0, depthFirst, shift, firstColumn, columns, right);
        at.Second = at.First;
        if (count == 8) at.Second = FourOfB(p, 4, depthFirst, shift, firstColumn, columns, right);
        return at;
    }

    private static Tile4<int> FourOfA(TensorCopies p, int i, bool depthFirst, int shift, int firstRow, GemmShape s) => Tile4.Of(
        OffsetA(p, i, depthFirst, shift, firstRow, s), OffsetA(p, i + 1, depthFirst, shift, firstRow, s),
        OffsetA(p, i + 2, depthFirst, shift, firstRow, s), OffsetA(p, i + 3, depthFirst, shift, firstRow, s));

    private static Tile4<int> FourOfB(TensorCopies p, int i, bool depthFirst, int shift, int firstColumn, int columns, GemmRight right) => Tile4.Of(
        OffsetB(p, i, depthFirst, shift, firstColumn, columns, right), OffsetB(p, i + 1, depthFirst, shift, firstColumn, columns, right),
        OffsetB(p, i + 2, depthFirst, shift, firstColumn, columns, right), OffsetB(p, i + 3, depthFirst, shift, firstColumn, columns, right));

    // Lines beyond the last copy's repeat that copy; what they compute is not stored.
    private static int OffsetA(TensorCopies p, int i, bool depthFirst, int shift, int firstRow, GemmShape s)
    {
        var row = firstRow + p.Line + i * p.LineStep;
        var last = s.Rows - (depthFirst ? 1 : 4 << shift);
        return GemmTile.AOffset(row < s.Rows ? row : last, s) + (p.Depth + i * p.DepthStep) * s.AStep;
    }

    private static int OffsetB(TensorCopies p, int i, bool depthFirst, int shift, int firstColumn, int columns, GemmRight right)
    {
        var column = firstColumn + p.Line + i * p.LineStep;
        var last = columns - (depthFirst ? 1 : 4 << shift);
        return (column < columns ? column : last) * right.Column + (p.Depth + i * p.DepthStep) * right.Inner;
    }

    /// <summary>Where in A's slice a thread's part of its warp's fragments begins. Loads then differ from it by constants only.</summary>
    /// <param name="row">The warp's first row in the tile.</param>
    /// <param name="lane">The thread's number in its tile warp.</param>
    public static int PlaceA<TOperand, TLayout, TTile>(int row, int lane)
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile => TLayout.DepthFirstA
            ? (row + (lane & 15)) * LineStride + (lane >> 4) * 4
            : (row >> TOperand.Shift) + TOperand.LaneOfA(lane, DepthStride(TTile.Rows, TOperand.Shift));

    /// <summary>The same for B.</summary>
    /// <param name="column">The warp's first column in the tile.</param>
    /// <param name="lane">The thread's number in its tile warp.</param>
    public static int PlaceB<TOperand, TLayout, TTile>(int column, int lane)
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile => TLayout.DepthFirstB
            ? (column + (lane & 7) + (lane >> 4) * 8) * LineStride + ((lane >> 3) & 1) * 4
            : (column >> TOperand.Shift) + TOperand.LaneOfB(lane, DepthStride(TTile.Columns, TOperand.Shift));

    /// <summary>A warp's fragments of a step, as they lie in shared memory.</summary>
    /// <param name="slices">Shared memory.</param>
    /// <param name="a">The thread's place in A's slice.</param>
    /// <param name="b">The thread's place in B's slice.</param>
    /// <param name="step">The step in the slice: a constant.</param>
    /// <param name="mailbox">See <see cref="TensorCore"/>.</param>
    public static TensorFragments Load<TOperand, TLayout, TTile>(ArrayView<uint> slices, int a, int b, int step, ArrayView<uint> mailbox)
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile
    {
        TensorFragments f;
        f.B0 = FragmentsB<TOperand, TLayout, TTile>(slices, b, 0, step, mailbox);
        f.B1 = FragmentsB<TOperand, TLayout, TTile>(slices, b, 16, step, mailbox);
        f.A0 = FragmentA<TOperand, TLayout, TTile>(slices, a, 0, step, mailbox);
        f.A1 = FragmentA<TOperand, TLayout, TTile>(slices, a, 16, step, mailbox);
        f.B2 = f.B0;
        f.B3 = f.B1;
        f.A2 = f.A0;
        f.A3 = f.A1;
        if (TTile.WarpColumns == 64)
        {
            f.B2 = FragmentsB<TOperand, TLayout, TTile>(slices, b, 32, step, mailbox);
            f.B3 = FragmentsB<TOperand, TLayout, TTile>(slices, b, 48, step, mailbox);
        }
        if (TTile.WarpRows == 64)
        {
            f.A2 = FragmentA<TOperand, TLayout, TTile>(slices, a, 32, step, mailbox);
            f.A3 = FragmentA<TOperand, TLayout, TTile>(slices, a, 48, step, mailbox);
        }
        return f;
    }

    /// <summary>A fragment of A: 16 rows by a step.</summary>
    private static Registers4 FragmentA<TOperand, TLayout, TTile>(ArrayView<uint> slices, int place, int row, int step, ArrayView<uint> mailbox)
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile
    {
        var stride = DepthStride(TTile.Rows, TOperand.Shift);
        return TLayout.DepthFirstA
            ? MatrixLoad.X4(slices, place + (row * LineStride + step * StepWords), mailbox)
            : TOperand.LinesOfA(slices, place + ((step * StepWords << TOperand.Shift) * stride + (row >> TOperand.Shift)), stride, mailbox);
    }

    /// <summary>Two fragments of B: a step by 8 columns in R0, R1 and the next 8 in R2, R3.</summary>
    private static Registers4 FragmentsB<TOperand, TLayout, TTile>(
        ArrayView<uint> slices, int place, int column, int step, ArrayView<uint> mailbox)
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile
    {
        var stride = DepthStride(TTile.Columns, TOperand.Shift);
        return TLayout.DepthFirstB
            ? MatrixLoad.X4(slices, place + (column * LineStride + step * StepWords), mailbox)
            : TOperand.LinesOfB(slices, place + ((step * StepWords << TOperand.Shift) * stride + (column >> TOperand.Shift)), stride, mailbox);
    }
}
