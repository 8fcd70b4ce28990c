// The way of an operand's slice from global to shared memory by asynchronous copies of 16 bytes, four per thread, and from there to
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

/// <summary>Which four copies of a slice a thread makes.</summary>
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

    /// <summary>A thread's part in the copies of an operand.</summary>
    /// <param name="depthFirst">Whether neighbours lie along the depth: copies then too, eight to a line.</param>
    /// <param name="shift">See <see cref="ITensorOperand.Shift"/>.</param>
    public static TensorCopies Copies<TTile>(bool depthFirst, int shift)
        where TTile : struct, ITensorTile
    {
        TensorCopies p;
        var perDepth = TTile.Lines >> (2 + shift);
        p.Depth = depthFirst ? (Group.IdxX & 7) << (2 + shift) : Group.IdxX / perDepth;
        p.DepthStep = depthFirst ? 0 : TTile.Threads / perDepth;
        p.Line = depthFirst ? Group.IdxX >> 3 : (Group.IdxX & (perDepth - 1)) << (2 + shift);
        p.LineStep = depthFirst ? TTile.Threads / 8 : 0;
        p.Target = depthFirst ? p.Line * LineStride + (p.Depth >> shift) : p.Depth * DepthStride(TTile.Lines, shift) + (p.Line >> shift);
        p.TargetStep = p.LineStep * LineStride + p.DepthStep * DepthStride(TTile.Lines, shift);
        return p;
    }

    /// <summary>Starts a thread's copies of a slice.</summary>
    /// <param name="slices">Shared memory.</param>
    /// <param name="first">Where the slice begins.</param>
    /// <param name="x">The operand in words.</param>
    /// <param name="shift">See <see cref="ITensorOperand.Shift"/>.</param>
    /// <param name="p">The thread's part.</param>
    /// <param name="at">The copies' offsets in elements.</param>
    /// <param name="tile">The slice's offset in elements.</param>
    /// <param name="left">What is left of the run; zeros arrive beyond it.</param>
    public static void Copy(ArrayView<uint> slices, int first, ArrayView<uint> x, int shift, TensorCopies p, Tile4<int> at, int tile, int left)
    {
        var to = first + p.Target;
        AsyncCopy.Copy16(slices, to, x, (tile + at.V0) >> shift, p.Depth < left);
        AsyncCopy.Copy16(slices, to + p.TargetStep, x, (tile + at.V1) >> shift, p.Depth + p.DepthStep < left);
        AsyncCopy.Copy16(slices, to + 2 * p.TargetStep, x, (tile + at.V2) >> shift, p.Depth + 2 * p.DepthStep < left);
        AsyncCopy.Copy16(slices, to + 3 * p.TargetStep, x, (tile + at.V3) >> shift, p.Depth + 3 * p.DepthStep < left);
    }

    /// <summary>The offsets in A of the elements that a thread's copies begin with.</summary>
    public static Tile4<int> OffsetsA(TensorCopies p, bool depthFirst, int shift, int firstRow, GemmShape s) => Tile4.Of(
        OffsetA(p, 0, depthFirst, shift, firstRow, s), OffsetA(p, 1, depthFirst, shift, firstRow, s),
        OffsetA(p, 2, depthFirst, shift, firstRow, s), OffsetA(p, 3, depthFirst, shift, firstRow, s));

    /// <summary>The offsets in B of the elements that a thread's copies begin with.</summary>
    public static Tile4<int> OffsetsB(TensorCopies p, bool depthFirst, int shift, int firstColumn, int columns, GemmRight right) => Tile4.Of(
        OffsetB(p, 0, depthFirst, shift, firstColumn, columns, right), OffsetB(p, 1, depthFirst, shift, firstColumn, columns, right),
        OffsetB(p, 2, depthFirst, shift, firstColumn, columns, right), OffsetB(p, 3, depthFirst, shift, firstColumn, columns, right));

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

    /// <summary>A fragment of A: 16 rows by a step.</summary>
    /// <param name="slices">Shared memory.</param>
    /// <param name="first">Where the slice begins.</param>
    /// <param name="row">The fragment's first row in the tile.</param>
    /// <param name="step">The step in the slice.</param>
    /// <param name="mailbox">See <see cref="TensorCore"/>.</param>
    public static Registers4 FragmentA<TOperand, TLayout, TTile>(ArrayView<uint> slices, int first, int row, int step, ArrayView<uint> mailbox)
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile
    {
        var lane = Group.IdxX & (TensorCore.Threads - 1);
        var stride = DepthStride(TTile.Lines, TOperand.Shift);
        return TOperand.Prepare(TLayout.DepthFirstA
            ? MatrixLoad.X4(slices, first + (row + (lane & 15)) * LineStride + step * StepWords + (lane >> 4) * 4, mailbox)
            : TOperand.LinesOfA(slices, first + (step * StepWords << TOperand.Shift) * stride + (row >> TOperand.Shift), stride, mailbox));
    }

    /// <summary>Two fragments of B: a step by 8 columns in R0, R1 and the next 8 in R2, R3.</summary>
    /// <param name="slices">Shared memory.</param>
    /// <param name="first">Where the slice begins.</param>
    /// <param name="column">The fragments' first column in the tile.</param>
    /// <param name="step">The step in the slice.</param>
    /// <param name="mailbox">See <see cref="TensorCore"/>.</param>
    public static Registers4 FragmentsB<TOperand, TLayout, TTile>(
        ArrayView<uint> slices, int first, int column, int step, ArrayView<uint> mailbox)
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile
    {
        var lane = Group.IdxX & (TensorCore.Threads - 1);
        var stride = DepthStride(TTile.Lines, TOperand.Shift);
        return TOperand.Prepare(TLayout.DepthFirstB
            ? MatrixLoad.X4(
                slices, first + (column + (lane & 7) + (lane >> 4) * 8) * LineStride + step * StepWords + ((lane >> 3) & 1) * 4, mailbox)
            : TOperand.LinesOfB(slices, first + (step * StepWords << TOperand.Shift) * stride + (column >> TOperand.Shift), stride, mailbox));
    }
}
