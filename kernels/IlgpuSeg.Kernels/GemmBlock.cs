// C(row, n) = epilogue((C(row, n) +) sum over k of A(row, k) * B(k, n) (+ bias[n])) for GPUs, by ordinary multiply-adds.
//
// 1. A group of 256 threads computes a block tile of C: 128 x 128 (64 registers of sums per thread) or, for few rows or columns and for
//    double, 64 x 64 (16). A row tile's neighbours along the columns follow each other in the grid, so that A's rows are still in the
//    second-level cache when the next group wants them.
// 2. The depth passes in slices of 8 (16). Three slices of A and of B lie in shared memory, transposed and padded as drawn in
//    GemmStaging.cs: while one is multiplied, the others are on their way by asynchronous copies. One barrier per slice: it makes the copies
//    that every thread has waited for visible to all, and tells that nobody reads the slice any more that is overwritten next.
// 3. A thread's sums are four squares of 4 x 4 (or one), 64 rows and columns apart:
//
//                     columns  4 tx ..    64 + 4 tx ..
//        rows  4 ty ..           s00          s01
//        64 + 4 ty ..            s10          s11
//
//    so a step of k reads two quads of A and two of B for 64 multiply-adds: 4 loads of 16 bytes, where one by one it would be 128 loads.
// 4. A warp covers 4 ty by 8 tx, and its lanes go over them so that of lanes 0 and 1 (2 and 3, ..) both want the same quad of B, of lanes 0 and 2
//    (1 and 3, ..) the same quad of A:
//
//        tx      0      1      2   ..  7
//        ty 0    0      2      4   ..  14
//        ty 1    1      3      5   ..  15
//        ty 2    16     18     20  ..  30
//        ty 3    17     19     21  ..  31
//
//    Shared memory serves 16 bytes to half a warp at once where such neighbours share them, else to a quarter.
// 5. Addresses: A and B are read in place by GemmShape's and GemmRight's strides (matrices, transposed ones, patches of convolutions); what
//    depends on the thread is computed once, what depends on the slice advances by additions (GemmDepth.cs). Four elements are copied
//    at once where they stay neighbours and all strides allow it.
// 6. The larger tile is compiled for two groups on a multiprocessor, 128 registers a thread: one group multiplies while the other waits.
//
// Memory: per block tile, A's rows and B's columns once; no workspace. Shared: 3 x (8 x 132 + 8 x 132) elements, 25.3 KB (26.1, in double 52.2).
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

    /// <summary>Slices of the depth in shared memory.</summary>
    private const int Stages = 3;

    /// <summary>Between a thread's squares.</summary>
    private const int SquareStep = 64;

    /// <summary>128 x 128 x 8. For float: double's sums would fill a thread's registers.</summary>
    [GroupBounds(GemmStaging.Threads, 2)]
    internal static void LargeKernel<T, [CataloguedWith(typeof(Real32))] R, [CataloguedWith(typeof(AffineResidualEpilogue<,>))] TEpilogue>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, GemmShape s, GemmRight right, GemmBlocks blocks, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        const int Stride = Large + GemmStaging.Padding;
        const int Slice = LargeDepth * Stride;
        var left = SharedMemory.Allocate<T>(Stages * Slice);
        var above = SharedMemory.Allocate<T>(Stages * Slice);
        var tileRow = Grid.IdxX / blocks.TileColumns;
        var firstRow = tileRow * Large;
        var firstColumn = (Grid.IdxX - tileRow * blocks.TileColumns) * Large;
        var planA = GemmStaging.Plan(Group.IdxX, Large, LargeDepth, blocks.DepthFirstA, blocks.QuadsA);
        var planB = GemmStaging.Plan(Group.IdxX, Large, LargeDepth, blocks.DepthFirstB, blocks.QuadsB);
        var atA = GemmStaging.OffsetsA(planA, firstRow, s, blocks.QuadsA);
        var atB = GemmStaging.OffsetsB(planB, firstColumn, s.Columns, right, blocks.QuadsB);
        var batchA = Grid.IdxZ * s.ABatch;
        var batchB = Grid.IdxZ * right.Batch;
        var ty = ThreadRow(Group.IdxX);
        var tx = ThreadColumn(Group.IdxX);
        var placeA = 4 * ty;
        var placeB = 4 * tx;
        var row = firstRow + placeA;
        var column = firstColumn + placeB;
        var s00 = Tile4.Rows(GemmResult.Bias(bias, s, column));
        var s01 = Tile4.Rows(GemmResult.Bias(bias, s, column + SquareStep));
        var s10 = s00;
        var s11 = s01;

        var depth = GemmDepth.First(Grid.IdxZ, s, right, blocks.RunLength);
        var pending = 0;
        var fill = 0;
        for (var stage = 0; stage < Stages - 1; stage++)
        {
            if (GemmDepth.Exists(depth))
            {
                var rest = depth.RunEnd - depth.K;
                GemmStaging.Copy(left, fill, Large, LargeDepth, a, planA, atA, batchA + depth.A, rest, blocks.DepthFirstA, blocks.QuadsA);
                GemmStaging.Copy(above, fill, Large, LargeDepth, b, planB, atB, batchB + depth.B, rest, blocks.DepthFirstB, blocks.QuadsB);
                depth = GemmDepth.Next(depth, s, right, blocks.RunLength, LargeDepth);
                pending++;
            }
            fill += Slice;
            AsyncCopy.Commit();
        }
        var slice = 0;
        while (pending > 0)
        {
            AsyncCopy.Wait(Stages - 2);
            Group.Barrier();
            pending--;
            if (GemmDepth.Exists(depth))
            {
                var rest = depth.RunEnd - depth.K;
                GemmStaging.Copy(left, fill, Large, LargeDepth, a, planA, atA, batchA + depth.A, rest, blocks.DepthFirstA, blocks.QuadsA);
                GemmStaging.Copy(above, fill, Large, LargeDepth, b, planB, atB, batchB + depth.B, rest, blocks.DepthFirstB, blocks.QuadsB);
                depth = GemmDepth.Next(depth, s, right, blocks.RunLength, LargeDepth);
                pending++;
            }
            // An empty group counts too: so the oldest one always holds the slice that comes next.
            AsyncCopy.Commit();
            var ia = slice + placeA;
            var ib = slice + placeB;
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
            slice = slice == (Stages - 1) * Slice ? 0 : slice + Slice;
            fill = fill == (Stages - 1) * Slice ? 0 : fill + Slice;
        }

        GemmResult.Store<T, TEpilogue>(c, s, e, row, column, s00);
        GemmResult.Store<T, TEpilogue>(c, s, e, row, column + SquareStep, s01);
        GemmResult.Store<T, TEpilogue>(c, s, e, row + SquareStep, column, s10);
        GemmResult.Store<T, TEpilogue>(c, s, e, row + SquareStep, column + SquareStep, s11);
    }

    /// <summary>64 x 64 x 16.</summary>
    internal static void SmallKernel<T, R, [CataloguedWith(typeof(AffineResidualEpilogue<,>))] TEpilogue>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, GemmShape s, GemmRight right, GemmBlocks blocks, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        const int Stride = Small + GemmStaging.Padding;
        const int Slice = SmallDepth * Stride;
        var left = SharedMemory.Allocate<T>(Stages * Slice);
        var above = SharedMemory.Allocate<T>(Stages * Slice);
        var tileRow = Grid.IdxX / blocks.TileColumns;
        var firstRow = tileRow * Small;
        var firstColumn = (Grid.IdxX - tileRow * blocks.TileColumns) * Small;
        var planA = GemmStaging.Plan(Group.IdxX, Small, SmallDepth, blocks.DepthFirstA, blocks.QuadsA);
        var planB = GemmStaging.Plan(Group.IdxX, Small, SmallDepth, blocks.DepthFirstB, blocks.QuadsB);
        var atA = GemmStaging.OffsetsA(planA, firstRow, s, blocks.QuadsA);
        var atB = GemmStaging.OffsetsB(planB, firstColumn, s.Columns, right, blocks.QuadsB);
        var batchA = Grid.IdxZ * s.ABatch;
        var batchB = Grid.IdxZ * right.Batch;
        var ty = ThreadRow(Group.IdxX);
        var tx = ThreadColumn(Group.IdxX);
        var placeA = 4 * ty;
        var placeB = 4 * tx;
        var row = firstRow + placeA;
        var column = firstColumn + placeB;
        var sums = Tile4.Rows(GemmResult.Bias(bias, s, column));

        var depth = GemmDepth.First(Grid.IdxZ, s, right, blocks.RunLength);
        var pending = 0;
        var fill = 0;
        for (var stage = 0; stage < Stages - 1; stage++)
        {
            if (GemmDepth.Exists(depth))
            {
                var rest = depth.RunEnd - depth.K;
                GemmStaging.Copy(left, fill, Small, SmallDepth, a, planA, atA, batchA + depth.A, rest, blocks.DepthFirstA, blocks.QuadsA);
                GemmStaging.Copy(above, fill, Small, SmallDepth, b, planB, atB, batchB + depth.B, rest, blocks.DepthFirstB, blocks.QuadsB);
                depth = GemmDepth.Next(depth, s, right, blocks.RunLength, SmallDepth);
                pending++;
            }
            fill += Slice;
            AsyncCopy.Commit();
        }
        var slice = 0;
        while (pending > 0)
        {
            AsyncCopy.Wait(Stages - 2);
            Group.Barrier();
            pending--;
            if (GemmDepth.Exists(depth))
            {
                var rest = depth.RunEnd - depth.K;
                GemmStaging.Copy(left, fill, Small, SmallDepth, a, planA, atA, batchA + depth.A, rest, blocks.DepthFirstA, blocks.QuadsA);
                GemmStaging.Copy(above, fill, Small, SmallDepth, b, planB, atB, batchB + depth.B, rest, blocks.DepthFirstB, blocks.QuadsB);
                depth = GemmDepth.Next(depth, s, right, blocks.RunLength, SmallDepth);
                pending++;
            }
            // An empty group counts too: so the oldest one always holds the slice that comes next.
            AsyncCopy.Commit();
            var ia = slice + placeA;
            var ib = slice + placeB;
            for (var k = 0; k < SmallDepth; k++)
                sums = Tile4.Outer<T, R>(Tile4.Load(left, ia + k * Stride), Tile4.Load(above, ib + k * Stride), sums);
            slice = slice == (Stages - 1) * Slice ? 0 : slice + Slice;
            fill = fill == (Stages - 1) * Slice ? 0 : fill + Slice;
        }

        GemmResult.Store<T, TEpilogue>(c, s, e, row, column, sums);
    }

    /// <summary>The quad of rows, of 16, that a thread computes.</summary>
    private static int ThreadRow(int thread) => (thread >> 6) * 4 + ((thread >> 4) & 1) * 2 + (thread & 1);

    /// <summary>The quad of columns, of 16, that a thread computes.</summary>
    private static int ThreadColumn(int thread) => ((thread >> 5) & 1) * 8 + ((thread >> 1) & 7);
}
