// C(row, n) = epilogue((C(row, n) +) sum over k of A(row, k) * B(k, n) (+ bias[n])) for GPUs, by ordinary multiply-adds.
//
// 1. A group of 256 threads computes a block tile of C: 128 x 128 (64 registers of sums per thread) or, for few rows or columns, for
//    double and for operands that cannot be read in quads, 64 x 64 (16). A row tile's neighbours along the columns follow each other in the grid, so that A's rows are still in the
//    second-level cache when the next group wants them.
// 2. The depth passes in slices of 8 (16). A slice of A and one of B lie in shared memory, transposed and padded as drawn in
//    GemmStaging.cs, twice: while one is multiplied, the next one is on its way through registers into the other. One barrier per slice.
// 3. A thread's sums are four squares of 4 x 4 (or one), 64 rows and columns apart:
//
//                     columns  4 tx ..    64 + 4 tx ..
//        rows  4 ty ..           s00          s01
//        64 + 4 ty ..            s10          s11
//
//    so a step of k reads two quads of A and two of B for 64 multiply-adds: 4 loads of 16 bytes, where one by one it would be 128 loads.
//    A warp covers 4 ty by 8 tx: its loads of B are 128 bytes in a row, those of A 64 bytes, each broadcast to the lanes that share it.
// 4. Addresses: A and B are read in place by GemmShape's and GemmRight's strides (matrices, transposed ones, patches of convolutions); what
//    depends on the thread is computed once, what depends on the slice advances by additions (GemmDepth.cs). Four elements are read
//    at once where all strides allow it.
//
// Memory: per block tile, A's rows and B's columns once; no workspace. Shared: 2 x (8 x 132 + 8 x 132) elements, 16.9 KB (17.4, in double 34.8).
// Accumulation: in T, fused multiply-adds, k ascending from the bias: the same bits as GemmTile's. The result depends neither on the grid
// nor on the tile. Splits of the depth go to separate C's, which ColumnReduction adds in order.
using System.Numerics;
using IlgpuSeg.KernelRuntime;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>The block-tiled kernels of the matrix product.</summary>
internal static class GemmBlock
{
    /// <summary>Rows and columns of the larger tile.</summary>
    public const int Large = 128;

    /// <summary>Rows and columns of the smaller tile.</summary>
    public const int Small = 64;

    private const int LargeDepth = 8;
    private const int SmallDepth = 16;

    /// <summary>Between a thread's squares.</summary>
    private const int SquareStep = 64;

    /// <summary>
    /// 128 x 128 x 8. For operands that are read in quads, and for float: other plans' offsets, or double's sums, would fill a thread's registers.
    /// </summary>
    [GroupBounds(GemmStaging.Threads, 2)]
    internal static void LargeKernel<T, [CataloguedWith(typeof(Real32))] R, [CataloguedWith(typeof(AffineResidualEpilogue<,>))] TEpilogue>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<Tile4<T>> aQuads, ArrayView<Tile4<T>> bQuads, ArrayView<T> bias, ArrayView<T> c, GemmShape s,
        GemmRight right, GemmBlocks blocks, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        const int Stride = Large + GemmStaging.Padding;
        const int Slice = LargeDepth * Stride;
        var left = SharedMemory.Allocate<T>(2 * Slice);
        var above = SharedMemory.Allocate<T>(2 * Slice);
        var tileRow = Grid.IdxX / blocks.TileColumns;
        var firstRow = tileRow * Large;
        var firstColumn = (Grid.IdxX - tileRow * blocks.TileColumns) * Large;
        var planA = GemmStaging.Plan<QuadLoad>(Group.IdxX, Large, LargeDepth, blocks.DepthFirstA);
        var planB = GemmStaging.Plan<QuadLoad>(Group.IdxX, Large, LargeDepth, blocks.DepthFirstB);
        var atA = GemmStaging.OffsetsA(planA, firstRow, s);
        var atB = GemmStaging.OffsetsB(planB, firstColumn, s.Columns, right);
        var batchA = Grid.IdxZ * s.ABatch;
        var batchB = Grid.IdxZ * right.Batch;
        var ty = (Group.IdxX >> 6) * 4 + ((Group.IdxX & 31) >> 3);
        var tx = ((Group.IdxX >> 5) & 1) * 8 + (Group.IdxX & 7);
        var row = firstRow + 4 * ty;
        var column = firstColumn + 4 * tx;
        var s00 = Tile4.Rows(GemmResult.Bias(bias, s, column));
        var s01 = Tile4.Rows(GemmResult.Bias(bias, s, column + SquareStep));
        var s10 = s00;
        var s11 = s01;

        var depth = GemmDepth.First(Grid.IdxZ, s, right, blocks.RunLength);
        var slice = 0;
        if (GemmDepth.Exists(depth))
        {
            var rest = depth.RunEnd - depth.K;
            GemmStaging.Store(left, planA, 0, Stride,
                QuadLoad.Load(a, aQuads, planA, atA, batchA + depth.A, rest));
            GemmStaging.Store(above, planB, 0, Stride,
                QuadLoad.Load(b, bQuads, planB, atB, batchB + depth.B, rest));
        }
        Group.Barrier();
        while (GemmDepth.Exists(depth))
        {
            depth = GemmDepth.Next(depth, s, right, blocks.RunLength, LargeDepth);
            var nextA = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
            var nextB = nextA;
            if (GemmDepth.Exists(depth))
            {
                var rest = depth.RunEnd - depth.K;
                nextA = QuadLoad.Load(a, aQuads, planA, atA, batchA + depth.A, rest);
                nextB = QuadLoad.Load(b, bQuads, planB, atB, batchB + depth.B, rest);
            }
            var ia = slice + 4 * ty;
            var ib = slice + 4 * tx;
            for (var k = 0; k < LargeDepth; k++)
            {
                var a0 = Tile4.Load(left, ia + k * Stride);
                var a1 = Tile4.Load(left, ia + k * Stride + SquareStep);
                var b0 = Tile4.Load(above, ib + k * Stride);
                var b1 = Tile4.Load(above, ib + k * Stride + SquareStep);
                s00 = Tile4.Outer<T, R>(a0, b0, s00);
                s01 = Tile4.Outer<T, R>(a0, b1, s01);
                s10 = Tile4.Outer<T, R>(a1, b0, s10);
                s11 = Tile4.Outer<T, R>(a1, b1, s11);
            }
            slice = Slice - slice;
            if (GemmDepth.Exists(depth))
            {
                GemmStaging.Store(left, planA, slice, Stride, nextA);
                GemmStaging.Store(above, planB, slice, Stride, nextB);
            }
            Group.Barrier();
        }

        GemmResult.Store<T, TEpilogue>(c, s, e, row, column, s00);
        GemmResult.Store<T, TEpilogue>(c, s, e, row, column + SquareStep, s01);
        GemmResult.Store<T, TEpilogue>(c, s, e, row + SquareStep, column, s10);
        GemmResult.Store<T, TEpilogue>(c, s, e, row + SquareStep, column + SquareStep, s11);
    }

    /// <summary>64 x 64 x 16.</summary>
    internal static void SmallKernel<T, R, [CataloguedWith(typeof(AffineResidualEpilogue<,>))] TEpilogue, TLoad>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<Tile4<T>> aQuads, ArrayView<Tile4<T>> bQuads, ArrayView<T> bias, ArrayView<T> c, GemmShape s,
        GemmRight right, GemmBlocks blocks, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
        where TLoad : struct, IStagingLoad
    {
        const int Stride = Small + GemmStaging.Padding;
        const int Slice = SmallDepth * Stride;
        var left = SharedMemory.Allocate<T>(2 * Slice);
        var above = SharedMemory.Allocate<T>(2 * Slice);
        var tileRow = Grid.IdxX / blocks.TileColumns;
        var firstRow = tileRow * Small;
        var firstColumn = (Grid.IdxX - tileRow * blocks.TileColumns) * Small;
        var planA = GemmStaging.Plan<TLoad>(Group.IdxX, Small, SmallDepth, blocks.DepthFirstA);
        var planB = GemmStaging.Plan<TLoad>(Group.IdxX, Small, SmallDepth, blocks.DepthFirstB);
        var atA = GemmStaging.OffsetsA(planA, firstRow, s);
        var atB = GemmStaging.OffsetsB(planB, firstColumn, s.Columns, right);
        var batchA = Grid.IdxZ * s.ABatch;
        var batchB = Grid.IdxZ * right.Batch;
        var ty = (Group.IdxX >> 6) * 4 + ((Group.IdxX & 31) >> 3);
        var tx = ((Group.IdxX >> 5) & 1) * 8 + (Group.IdxX & 7);
        var row = firstRow + 4 * ty;
        var column = firstColumn + 4 * tx;
        var sums = Tile4.Rows(GemmResult.Bias(bias, s, column));

        var depth = GemmDepth.First(Grid.IdxZ, s, right, blocks.RunLength);
        var slice = 0;
        if (GemmDepth.Exists(depth))
        {
            var rest = depth.RunEnd - depth.K;
            GemmStaging.Store(left, planA, 0, Stride,
                TLoad.Load(a, aQuads, planA, atA, batchA + depth.A, rest));
            GemmStaging.Store(above, planB, 0, Stride,
                TLoad.Load(b, bQuads, planB, atB, batchB + depth.B, rest));
        }
        Group.Barrier();
        while (GemmDepth.Exists(depth))
        {
            depth = GemmDepth.Next(depth, s, right, blocks.RunLength, SmallDepth);
            var nextA = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
            var nextB = nextA;
            if (GemmDepth.Exists(depth))
            {
                var rest = depth.RunEnd - depth.K;
                nextA = TLoad.Load(a, aQuads, planA, atA, batchA + depth.A, rest);
                nextB = TLoad.Load(b, bQuads, planB, atB, batchB + depth.B, rest);
            }
            var ia = slice + 4 * ty;
            var ib = slice + 4 * tx;
            for (var k = 0; k < SmallDepth; k++)
                sums = Tile4.Outer<T, R>(Tile4.Load(left, ia + k * Stride), Tile4.Load(above, ib + k * Stride), sums);
            slice = Slice - slice;
            if (GemmDepth.Exists(depth))
            {
                GemmStaging.Store(left, planA, slice, Stride, nextA);
                GemmStaging.Store(above, planB, slice, Stride, nextB);
            }
            Group.Barrier();
        }

        GemmResult.Store<T, TEpilogue>(c, s, e, row, column, sums);
    }
}
