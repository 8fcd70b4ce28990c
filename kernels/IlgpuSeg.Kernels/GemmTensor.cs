// C(row, n) = epilogue((C(row, n) +) sum over k of A(row, k) * B(k, n) (+ bias[n])) on tensor cores: operands in tf32 (floats rounded to 10
// bits of fraction) or bfloat16, sums in float.
//
// 1. A group computes a block tile of C: 256 x 128 by eight warps, for smaller products 128 x 128 by four, for few columns or rows 128 x 64 or
//    64 x 128, else 64 x 64. A warp computes 64 x 64 (or half of it, or a quarter) as 4 x 8 fragments of 16 x 8:
//
//        warps of a 256 x 128 tile           fragments of a warp
//          0  1                                f00 f01 f02 .. f07      16 rows each
//          2  3                                f10 f11 f12 ..
//          4  5                                f20 ..
//          6  7                                f30 ..    8 columns each
//        64 rows, 64 columns each
// 2. The depth passes in slices of 32 words (32 tf32 or 64 bfloat16 elements). Three or four slices lie in shared memory: while one is
//    multiplied, the others are on their way by asynchronous copies, which need no registers. One barrier per slice: it makes the copies
//    that every thread has waited for visible to all, and tells that nobody reads the slice any more that is overwritten next.
// 3. A slice is multiplied in four steps of eight words. Per step a warp loads four fragments of A and eight of B (eight ldmatrix where
//    neighbours lie along the depth) for 32 products of 16 x 8 x 8 (x 16); those of the next step, also across slices, while it multiplies.
// 4. Layouts of slices and copies: TensorStaging.cs; of fragments: TensorCore.cs. Addresses advance by additions (GemmDepth.cs).
//
// Operands must allow copies of 16 bytes everywhere; other products take GemmBlock.
// Memory: per block tile, A's rows and B's columns once; no workspace. Shared: up to 216 KB, asked for at launch.
// Results are stored two at a time, where C's strides allow it, as floats or rounded once to bfloat16.
// Accumulation: exact products, float sums in the hardware's order within a step, k ascending. Relative to the sum of |a b|, tf32 rounding of
// both operands costs up to 2^-10, bfloat16 operands are exact. The result depends neither on the grid nor on the tile's place.
using System.Numerics;
using IlgpuSeg.KernelRuntime;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>A warp's sums of 16 rows by 64 columns (32: the first four).</summary>
internal struct TensorRow
{
    public Sums4 C0, C1, C2, C3, C4, C5, C6, C7;
}

/// <summary>A warp's sums of 64 rows (32: the first two).</summary>
internal struct TensorSums
{
    public TensorRow R0, R1, R2, R3;
}

/// <summary>The tensor-core kernel of the matrix product.</summary>
internal static class GemmTensor
{
    internal static void ProductKernel<[CataloguedWith(typeof(AffineResidualEpilogue<,>))] TEpilogue, TOperand, TLayout, TTile,
        [CataloguedWith(typeof(FloatResult))] TResult>(
        ArrayView<uint> a, ArrayView<uint> b, ArrayView<float> bias, ArrayView<uint> c, GemmShape s, GemmRight right, GemmBlocks blocks,
        EpilogueOperands<float> e)
        where TEpilogue : struct, IEpilogue<float>
        where TOperand : struct, ITensorOperand
        where TLayout : struct, ITensorLayout
        where TTile : struct, ITensorTile
        where TResult : struct, ITensorResult
    {
        var slices = SharedMemory.GetDynamic<uint>();
        var mailbox = SharedMemory.Allocate<uint>(TTile.Threads * TensorCore.MailboxPerThread);
        var wordsA = TensorStaging.Words(TLayout.DepthFirstA, TTile.Rows, TOperand.Shift);
        var stageWords = wordsA + TensorStaging.Words(TLayout.DepthFirstB, TTile.Columns, TOperand.Shift);
        var sliceDepth = TensorStaging.SliceWords << TOperand.Shift;
        var tileRow = Grid.IdxX / blocks.TileColumns;
        var firstRow = tileRow * TTile.Rows;
        var firstColumn = (Grid.IdxX - tileRow * blocks.TileColumns) * TTile.Columns;
        var countA = TensorStaging.CopiesPerThread(TTile.Rows, TTile.Threads);
        var countB = TensorStaging.CopiesPerThread(TTile.Columns, TTile.Threads);
        var copiesA = TensorStaging.Copies(TLayout.DepthFirstA, TOperand.Shift, TTile.Rows, TTile.Threads);
        var copiesB = TensorStaging.Copies(TLayout.DepthFirstB, TOperand.Shift, TTile.Columns, TTile.Threads);
        var atA = TensorStaging.OffsetsA(copiesA, countA, TLayout.DepthFirstA, TOperand.Shift, firstRow, s);
        var atB = TensorStaging.OffsetsB(copiesB, countB, TLayout.DepthFirstB, TOperand.Shift, firstColumn, s.Columns, right);
        var batchA = Grid.IdxZ * s.ABatch;
        var batchB = Grid.IdxZ * right.Batch;
        var warp = Group.IdxX / TensorCore.Threads;
        var lane = Group.IdxX & (TensorCore.Threads - 1);
        var across = TTile.Columns / TTile.WarpColumns;
        var warpRow = warp / across * TTile.WarpRows;
        var warpColumn = (warp & (across - 1)) * TTile.WarpColumns;
        var placeA = TensorStaging.PlaceA<TOperand, TLayout, TTile>(warpRow, lane);
        var placeB = wordsA + TensorStaging.PlaceB<TOperand, TLayout, TTile>(warpColumn, lane);
        var row = firstRow + warpRow + (lane >> 2);
        var column = firstColumn + warpColumn + (lane & 3) * 2;
        TensorSums sums;
        sums.R0 = Bias<TTile>(bias, s, column);
        sums.R1 = sums.R0;
        sums.R2 = sums.R0;
        sums.R3 = sums.R0;

        var depth = GemmDepth.First(Grid.IdxZ, s, right, blocks.RunLength);
        var pending = 0;
        var fill = 0;
        for (var stage = 0; stage < TTile.Stages - 1; stage++)
        {
            if (GemmDepth.Exists(depth))
            {
                var rest = depth.RunEnd - depth.K;
                TensorStaging.Copy(slices, fill, a, TOperand.Shift, copiesA, atA, countA, batchA + depth.A, rest);
                TensorStaging.Copy(slices, fill + wordsA, b, TOperand.Shift, copiesB, atB, countB, batchB + depth.B, rest);
                depth = GemmDepth.Next(depth, s, right, blocks.RunLength, sliceDepth);
                pending++;
            }
            fill += stageWords;
            AsyncCopy.Commit();
        }
        var slice = 0;
        var f0 = default(TensorFragments);
        if (pending > 0)
        {
            AsyncCopy.Wait(TTile.Stages - 2);
            Group.Barrier();
            f0 = TensorStaging.Load<TOperand, TLayout, TTile>(slices, slice + placeA, slice + placeB, 0, mailbox);
        }
        while (pending > 0)
        {
            pending--;
            if (GemmDepth.Exists(depth))
            {
                var rest = depth.RunEnd - depth.K;
                TensorStaging.Copy(slices, fill, a, TOperand.Shift, copiesA, atA, countA, batchA + depth.A, rest);
                TensorStaging.Copy(slices, fill + wordsA, b, TOperand.Shift, copiesB, atB, countB, batchB + depth.B, rest);
                depth = GemmDepth.Next(depth, s, right, blocks.RunLength, sliceDepth);
                pending++;
            }
            // An empty group counts too: so the oldest one always holds the slice that comes next.
            AsyncCopy.Commit();
            var f1 = TensorStaging.Load<TOperand, TLayout, TTile>(slices, slice + placeA, slice + placeB, 1, mailbox);
            sums = Multiply<TOperand, TTile>(f0, sums, mailbox);
            var f2 = TensorStaging.Load<TOperand, TLayout, TTile>(slices, slice + placeA, slice + placeB, 2, mailbox);
            sums = Multiply<TOperand, TTile>(f1, sums, mailbox);
            var f3 = TensorStaging.Load<TOperand, TLayout, TTile>(slices, slice + placeA, slice + placeB, 3, mailbox);
            sums = Multiply<TOperand, TTile>(f2, sums, mailbox);
            AsyncCopy.Wait(TTile.Stages - 2);
            Group.Barrier();
            // After the last slice its first step is loaded once more, and not used.
            if (pending > 0) slice = slice == (TTile.Stages - 1) * stageWords ? 0 : slice + stageWords;
            fill = fill == (TTile.Stages - 1) * stageWords ? 0 : fill + stageWords;
            f0 = TensorStaging.Load<TOperand, TLayout, TTile>(slices, slice + placeA, slice + placeB, 0, mailbox);
            sums = Multiply<TOperand, TTile>(f3, sums, mailbox);
        }

        Store<TEpilogue, TTile, TResult>(c, s, e, row, column, blocks.PairsC, sums.R0);
        Store<TEpilogue, TTile, TResult>(c, s, e, row + 16, column, blocks.PairsC, sums.R1);
        if (TTile.WarpRows == 64)
        {
            Store<TEpilogue, TTile, TResult>(c, s, e, row + 32, column, blocks.PairsC, sums.R2);
            Store<TEpilogue, TTile, TResult>(c, s, e, row + 48, column, blocks.PairsC, sums.R3);
        }
    }

    /// <summary>sums + A B of a step.</summary>
    private static TensorSums Multiply<TOperand, TTile>(TensorFragments f, TensorSums sums, ArrayView<uint> mailbox)
        where TOperand : struct, ITensorOperand
        where TTile : struct, ITensorTile
    {
        f.B0 = TOperand.Prepare(f.B0);
        f.B1 = TOperand.Prepare(f.B1);
        if (TTile.WarpColumns == 64)
        {
            f.B2 = TOperand.Prepare(f.B2);
            f.B3 = TOperand.Prepare(f.B3);
        }
        var r = sums;
        r.R0 = Multiply<TOperand, TTile>(f.A0, f, sums.R0, mailbox);
        r.R1 = Multiply<TOperand, TTile>(f.A1, f, sums.R1, mailbox);
        if (TTile.WarpRows == 64)
        {
            r.R2 = Multiply<TOperand, TTile>(f.A2, f, sums.R2, mailbox);
            r.R3 = Multiply<TOperand, TTile>(f.A3, f, sums.R3, mailbox);
        }
        return r;
    }

    /// <summary>sum + A B for all fragments of B.</summary>
    private static TensorRow Multiply<TOperand, TTile>(Registers4 words, TensorFragments f, TensorRow sum, ArrayView<uint> mailbox)
        where TOperand : struct, ITensorOperand
        where TTile : struct, ITensorTile
    {
        var a = TOperand.Prepare(words);
        var r = sum;
        r.C0 = TOperand.Multiply(a, new Registers2(f.B0.R0, f.B0.R1), sum.C0, mailbox);
        r.C1 = TOperand.Multiply(a, new Registers2(f.B0.R2, f.B0.R3), sum.C1, mailbox);
        r.C2 = TOperand.Multiply(a, new Registers2(f.B1.R0, f.B1.R1), sum.C2, mailbox);
        r.C3 = TOperand.Multiply(a, new Registers2(f.B1.R2, f.B1.R3), sum.C3, mailbox);
        if (TTile.WarpColumns == 64)
        {
            r.C4 = TOperand.Multiply(a, new Registers2(f.B2.R0, f.B2.R1), sum.C4, mailbox);
            r.C5 = TOperand.Multiply(a, new Registers2(f.B2.R2, f.B2.R3), sum.C5, mailbox);
            r.C6 = TOperand.Multiply(a, new Registers2(f.B3.R0, f.B3.R1), sum.C6, mailbox);
            r.C7 = TOperand.Multiply(a, new Registers2(f.B3.R2, f.B3.R3), sum.C7, mailbox);
        }
        return r;
    }

    private static TensorRow Bias<TTile>(ArrayView<float> bias, GemmShape s, int column)
        where TTile : struct, ITensorTile
    {
        TensorRow r;
        r.C0 = FragmentBias(bias, s, column);
        r.C1 = FragmentBias(bias, s, column + 8);
        r.C2 = FragmentBias(bias, s, column + 16);
        r.C3 = FragmentBias(bias, s, column + 24);
        r.C4 = r.C0;
        r.C5 = r.C1;
        r.C6 = r.C2;
        r.C7 = r.C3;
        if (TTile.WarpColumns == 64)
        {
            r.C4 = FragmentBias(bias, s, column + 32);
            r.C5 = FragmentBias(bias, s, column + 40);
            r.C6 = FragmentBias(bias, s, column + 48);
            r.C7 = FragmentBias(bias, s, column + 56);
        }
        return r;
    }

    private static Sums4 FragmentBias(ArrayView<float> bias, GemmShape s, int column)
    {
        var even = GemmTile.Bias(bias, s, column);
        var odd = GemmTile.Bias(bias, s, column + 1);
        return new Sums4(even, odd, even, odd);
    }

    private static void Store<TEpilogue, TTile, TResult>(
        ArrayView<uint> c, GemmShape s, EpilogueOperands<float> e, int row, int column, int pairs, TensorRow sums)
        where TEpilogue : struct, IEpilogue<float>
        where TTile : struct, ITensorTile
        where TResult : struct, ITensorResult
    {
        if (row < s.Rows)
        {
            var i = GemmTile.COffset(row, s) + column;
            StorePair<TEpilogue, TResult>(c, s, e, i, column, pairs, sums.C0.X0, sums.C0.X1);
            StorePair<TEpilogue, TResult>(c, s, e, i + 8, column + 8, pairs, sums.C1.X0, sums.C1.X1);
            StorePair<TEpilogue, TResult>(c, s, e, i + 16, column + 16, pairs, sums.C2.X0, sums.C2.X1);
            StorePair<TEpilogue, TResult>(c, s, e, i + 24, column + 24, pairs, sums.C3.X0, sums.C3.X1);
            if (TTile.WarpColumns == 64)
            {
                StorePair<TEpilogue, TResult>(c, s, e, i + 32, column + 32, pairs, sums.C4.X0, sums.C4.X1);
                StorePair<TEpilogue, TResult>(c, s, e, i + 40, column + 40, pairs, sums.C5.X0, sums.C5.X1);
                StorePair<TEpilogue, TResult>(c, s, e, i + 48, column + 48, pairs, sums.C6.X0, sums.C6.X1);
                StorePair<TEpilogue, TResult>(c, s, e, i + 56, column + 56, pairs, sums.C7.X0, sums.C7.X1);
            }
        }
        if (row + 8 < s.Rows)
        {
            var i = GemmTile.COffset(row + 8, s) + column;
            StorePair<TEpilogue, TResult>(c, s, e, i, column, pairs, sums.C0.X2, sums.C0.X3);
            StorePair<TEpilogue, TResult>(c, s, e, i + 8, column + 8, pairs, sums.C1.X2, sums.C1.X3);
            StorePair<TEpilogue, TResult>(c, s, e, i + 16, column + 16, pairs, sums.C2.X2, sums.C2.X3);
            StorePair<TEpilogue, TResult>(c, s, e, i + 24, column + 24, pairs, sums.C3.X2, sums.C3.X3);
            if (TTile.WarpColumns == 64)
            {
                StorePair<TEpilogue, TResult>(c, s, e, i + 32, column + 32, pairs, sums.C4.X2, sums.C4.X3);
                StorePair<TEpilogue, TResult>(c, s, e, i + 40, column + 40, pairs, sums.C5.X2, sums.C5.X3);
                StorePair<TEpilogue, TResult>(c, s, e, i + 48, column + 48, pairs, sums.C6.X2, sums.C6.X3);
                StorePair<TEpilogue, TResult>(c, s, e, i + 56, column + 56, pairs, sums.C7.X2, sums.C7.X3);
            }
        }
    }

    /// <summary>Stores the sums of a column, which is even, and of the next one, as far as there are such columns.</summary>
    private static void StorePair<TEpilogue, TResult>(
        ArrayView<uint> c, GemmShape s, EpilogueOperands<float> e, int i, int column, int pairs, float even, float odd)
        where TEpilogue : struct, IEpilogue<float>
        where TResult : struct, ITensorResult
    {
        if (column >= s.Columns) return;
        var first = Epilogue.Column<float, TEpilogue>(e, Grid.IdxZ * s.ColumnBatch, column, s.Columns);
        var second = Epilogue.Column<float, TEpilogue>(e, Grid.IdxZ * s.ColumnBatch, column + 1, s.Columns);
        if (TResult.IsNarrow)
        {
            c[i >> 1] = BFloat16.Round(Epilogue.Value<float, TEpilogue>(e, first, i, even)).Bits
                | ((uint)BFloat16.Round(Epilogue.Value<float, TEpilogue>(e, second, i + 1, odd)).Bits << 16);
        }
        else if (pairs != 0)
        {
            // Written as a multiple of two, so that the pair is seen to be one of 8 bytes.
            var pair = (i >> 1) * 2;
            if (s.Accumulate != 0)
            {
                even += Interop.IntAsFloat(c[pair]);
                odd += Interop.IntAsFloat(c[pair + 1]);
            }
            var x0 = Epilogue.Value<float, TEpilogue>(e, first, pair, even);
            var x1 = Epilogue.Value<float, TEpilogue>(e, second, pair + 1, odd);
            c[pair] = Interop.FloatAsInt(x0);
            c[pair + 1] = Interop.FloatAsInt(x1);
        }
        else
        {
            StoreOne<TEpilogue>(c, s, e, first, i, even);
            if (column + 1 < s.Columns) StoreOne<TEpilogue>(c, s, e, second, i + 1, odd);
        }
    }

    private static void StoreOne<TEpilogue>(ArrayView<uint> c, GemmShape s, EpilogueOperands<float> e, EpilogueColumn<float> column, int i, float sum)
        where TEpilogue : struct, IEpilogue<float>
    {
        if (s.Accumulate != 0) sum += Interop.IntAsFloat(c[i]);
        c[i] = Interop.FloatAsInt(Epilogue.Value<float, TEpilogue>(e, column, i, sum));
    }
}
