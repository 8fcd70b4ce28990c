// C(row, n) = epilogue((C(row, n) +) sum over k of A(row, k) * B(k, n) (+ bias[n])) on tensor cores: operands in tf32 (floats rounded to 10
// bits of fraction) or bfloat16, sums in float.
//
// 1. A group computes a block tile of C, 128 x 128 by eight warps (64 x 64 by four). A warp computes 64 x 32 (32 x 32) of it as 4 x 4
//    (2 x 4) fragments of 16 x 8:
//
//        warps of a 128 x 128 tile           fragments of a warp
//          0  1  2  3                          f00 f01 f02 f03      16 rows each
//          4  5  6  7                          f10 f11 f12 f13
//        64 rows, 32 columns each              f20 ..
//                                              f30 ..    8 columns each
// 2. The depth passes in slices of 32 words (32 tf32 or 64 bfloat16 elements). Three slices lie in shared memory: while one is
//    multiplied, the others are on their way by asynchronous copies, which need no registers. One barrier per slice: it makes the copies
//    that every thread has waited for visible to all, and tells that nobody reads the slice any more that is overwritten next.
// 3. A slice is multiplied in four steps of eight words. Per step a warp loads four fragments of A and four of B (six ldmatrix where
//    neighbours lie along the depth) for 16 products of 16 x 8 x 8 (x 16).
// 4. Layouts of slices and copies: TensorStaging.cs; of fragments: TensorCore.cs. Addresses advance by additions (GemmDepth.cs).
//
// Operands must allow copies of 16 bytes everywhere; other products take GemmBlock.
// Memory: per block tile, A's rows and B's columns once; no workspace. Shared: up to 108 KB, asked for at launch.
// Accumulation: exact products, float sums in the hardware's order within a step, k ascending. Relative to the sum of |a b|, tf32 rounding of
// both operands costs up to 2^-10, bfloat16 operands are exact. The result depends neither on the grid nor on the tile's place.
using System.Numerics;
using IlgpuSeg.KernelRuntime;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>A warp's fragments of 16 rows by 32 columns.</summary>
internal struct TensorRow
{
    public Sums4 C0, C1, C2, C3;
}

/// <summary>The tensor-core kernel of the matrix product.</summary>
internal static class GemmTensor
{
    internal static void ProductKernel<[CataloguedWith(typeof(AffineResidualEpilogue<,>))] TEpilogue, TOperand, TLayout, TTile>(
        ArrayView<uint> a, ArrayView<uint> b, ArrayView<float> bias, ArrayView<float> c, GemmShape s, GemmRight right, GemmBlocks blocks,
        EpilogueOperands<float> e)
        where TEpilogue : struct, IEpilogue<float>
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile
    {
        var slices = SharedMemory.GetDynamic<uint>();
        var mailbox = SharedMemory.Allocate<uint>(TTile.Threads * TensorCore.MailboxPerThread);
        var wordsA = TensorStaging.Words(TLayout.DepthFirstA, TTile.Lines, TOperand.Shift);
        var stageWords = wordsA + TensorStaging.Words(TLayout.DepthFirstB, TTile.Lines, TOperand.Shift);
        var sliceDepth = TensorStaging.SliceWords << TOperand.Shift;
        var tileRow = Grid.IdxX / blocks.TileColumns;
        var firstRow = tileRow * TTile.Lines;
        var firstColumn = (Grid.IdxX - tileRow * blocks.TileColumns) * TTile.Lines;
        var copiesA = TensorStaging.Copies<TTile>(TLayout.DepthFirstA, TOperand.Shift);
        var copiesB = TensorStaging.Copies<TTile>(TLayout.DepthFirstB, TOperand.Shift);
        var atA = TensorStaging.OffsetsA(copiesA, TLayout.DepthFirstA, TOperand.Shift, firstRow, s);
        var atB = TensorStaging.OffsetsB(copiesB, TLayout.DepthFirstB, TOperand.Shift, firstColumn, s.Columns, right);
        var batchA = Grid.IdxZ * s.ABatch;
        var batchB = Grid.IdxZ * right.Batch;
        var warp = Group.IdxX / TensorCore.Threads;
        var lane = Group.IdxX & (TensorCore.Threads - 1);
        var warpRow = warp / (TTile.Lines / 32) * (TTile.Lines / 2);
        var warpColumn = (warp & (TTile.Lines / 32 - 1)) * 32;
        var row = firstRow + warpRow + (lane >> 2);
        var column = firstColumn + warpColumn + (lane & 3) * 2;
        var r0 = Bias(bias, s, column);
        var r1 = r0;
        var r2 = r0;
        var r3 = r0;

        var depth = GemmDepth.First(Grid.IdxZ, s, right, blocks.RunLength);
        var pending = 0;
        var fill = 0;
        for (var stage = 0; stage < TTile.Stages - 1; stage++)
        {
            if (GemmDepth.Exists(depth))
            {
                TensorStaging.Copy(slices, fill, a, TOperand.Shift, copiesA, atA, batchA + depth.A, depth.RunEnd - depth.K);
                TensorStaging.Copy(slices, fill + wordsA, b, TOperand.Shift, copiesB, atB, batchB + depth.B, depth.RunEnd - depth.K);
                depth = GemmDepth.Next(depth, s, right, blocks.RunLength, sliceDepth);
                pending++;
            }
            fill += stageWords;
            AsyncCopy.Commit();
        }
        var slice = 0;
        while (pending > 0)
        {
            AsyncCopy.Wait(TTile.Stages - 2);
            Group.Barrier();
            pending--;
            if (GemmDepth.Exists(depth))
            {
                TensorStaging.Copy(slices, fill, a, TOperand.Shift, copiesA, atA, batchA + depth.A, depth.RunEnd - depth.K);
                TensorStaging.Copy(slices, fill + wordsA, b, TOperand.Shift, copiesB, atB, batchB + depth.B, depth.RunEnd - depth.K);
                depth = GemmDepth.Next(depth, s, right, blocks.RunLength, sliceDepth);
                pending++;
            }
            // An empty group counts too: so the oldest one always holds the slice that comes next.
            AsyncCopy.Commit();
            for (var step = 0; step < TensorStaging.SliceWords / TensorStaging.StepWords; step++)
            {
                var left = TensorStaging.FragmentsB<TOperand, TLayout, TTile>(slices, slice + wordsA, warpColumn, step, mailbox);
                var rest = TensorStaging.FragmentsB<TOperand, TLayout, TTile>(slices, slice + wordsA, warpColumn + 16, step, mailbox);
                r0 = Multiply<TOperand>(
                    TensorStaging.FragmentA<TOperand, TLayout, TTile>(slices, slice, warpRow, step, mailbox), left, rest, r0, mailbox);
                r1 = Multiply<TOperand>(
                    TensorStaging.FragmentA<TOperand, TLayout, TTile>(slices, slice, warpRow + 16, step, mailbox), left, rest, r1, mailbox);
                if (TTile.Lines == 128)
                {
                    r2 = Multiply<TOperand>(
                        TensorStaging.FragmentA<TOperand, TLayout, TTile>(slices, slice, warpRow + 32, step, mailbox), left, rest, r2, mailbox);
                    r3 = Multiply<TOperand>(
                        TensorStaging.FragmentA<TOperand, TLayout, TTile>(slices, slice, warpRow + 48, step, mailbox), left, rest, r3, mailbox);
                }
            }
            slice = slice == (TTile.Stages - 1) * stageWords ? 0 : slice + stageWords;
            fill = fill == (TTile.Stages - 1) * stageWords ? 0 : fill + stageWords;
        }

        Store<TEpilogue>(c, s, e, row, column, r0);
        Store<TEpilogue>(c, s, e, row + 16, column, r1);
        if (TTile.Lines == 128)
        {
            Store<TEpilogue>(c, s, e, row + 32, column, r2);
            Store<TEpilogue>(c, s, e, row + 48, column, r3);
        }
    }

    /// <summary>sum + A B for four fragments of B.</summary>
    private static TensorRow Multiply<TOperand>(Registers4 a, Registers4 left, Registers4 rest, TensorRow sum, ArrayView<uint> mailbox)
        where TOperand : struct, ITensorOperand
    {
        TensorRow r;
        r.C0 = TOperand.Multiply(a, new Registers2(left.R0, left.R1), sum.C0, mailbox);
        r.C1 = TOperand.Multiply(a, new Registers2(left.R2, left.R3), sum.C1, mailbox);
        r.C2 = TOperand.Multiply(a, new Registers2(rest.R0, rest.R1), sum.C2, mailbox);
        r.C3 = TOperand.Multiply(a, new Registers2(rest.R2, rest.R3), sum.C3, mailbox);
        return r;
    }

    private static TensorRow Bias(ArrayView<float> bias, GemmShape s, int column)
    {
        TensorRow r;
        r.C0 = FragmentBias(bias, s, column);
        r.C1 = FragmentBias(bias, s, column + 8);
        r.C2 = FragmentBias(bias, s, column + 16);
        r.C3 = FragmentBias(bias, s, column + 24);
        return r;
    }

    private static Sums4 FragmentBias(ArrayView<float> bias, GemmShape s, int column)
    {
        var even = GemmTile.Bias(bias, s, column);
        var odd = GemmTile.Bias(bias, s, column + 1);
        return new Sums4(even, odd, even, odd);
    }

    private static void Store<TEpilogue>(ArrayView<float> c, GemmShape s, EpilogueOperands<float> e, int row, int column, TensorRow sums)
        where TEpilogue : struct, IEpilogue<float>
    {
        StoreFragment<TEpilogue>(c, s, e, row, column, sums.C0);
        StoreFragment<TEpilogue>(c, s, e, row, column + 8, sums.C1);
        StoreFragment<TEpilogue>(c, s, e, row, column + 16, sums.C2);
        StoreFragment<TEpilogue>(c, s, e, row, column + 24, sums.C3);
    }

    private static void StoreFragment<TEpilogue>(ArrayView<float> c, GemmShape s, EpilogueOperands<float> e, int row, int column, Sums4 sums)
        where TEpilogue : struct, IEpilogue<float>
    {
        if (row >= s.Rows || column >= s.Columns) return;
        var even = Epilogue.Column<float, TEpilogue>(e, Grid.IdxZ * s.ColumnBatch, column, s.Columns);
        var odd = Epilogue.Column<float, TEpilogue>(e, Grid.IdxZ * s.ColumnBatch, column + 1, s.Columns);
        var i = GemmTile.COffset(row, s) + column;
        GemmTile.StoreLane<float, TEpilogue>(c, s, e, even, i, column, sums.X0);
        GemmTile.StoreLane<float, TEpilogue>(c, s, e, odd, i + 1, column + 1, sums.X1);
        if (row + 8 >= s.Rows) return;
        i = GemmTile.COffset(row + 8, s) + column;
        GemmTile.StoreLane<float, TEpilogue>(c, s, e, even, i, column, sums.X2);
        GemmTile.StoreLane<float, TEpilogue>(c, s, e, odd, i + 1, column + 1, sums.X3);
    }
}
