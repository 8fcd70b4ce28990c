// C(row, n) = epilogue((C(row, n) +) sum over k of A(row, k) * B(k, n) (+ bias[n])): the one kernel behind matrix products and convolutions.
//
// Work: a group computes 6 rows x (4, 2 or 1) blocks of lanes. A thread holds its 24 (12, 6) sums in locals; per k it loads B once per block
//   (consecutive over the lanes) and A once per row (uniform over the group), for 24 (12, 6) multiply-adds.
// Memory: reads A in place by strides, B in panels (padded with zeros beyond the last column, so the loop has no tests); writes C once.
// The finished sums pass through shared memory once; so do begun ones, where a deep product is launched in parts over its depth.
// Accumulation: in T, by fused multiply-adds, k ascending. Splits of the depth go to separate C's, which ColumnReduction adds in order.
using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>The register-tiled kernels of the matrix product.</summary>
internal static class GemmTile
{
    /// <summary>Rows that one group computes.</summary>
    public const int Rows = 6;

    /// <summary>Threads of a group at most.</summary>
    private const int MaxLanes = 128;

    /// <summary>Six rows by two blocks of lanes.</summary>
    internal static void WideKernel<T, R, TEpilogue>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, GemmShape s, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var sums = SharedMemory.Allocate<T>(2 * Rows * MaxLanes);
        var block = Grid.IdxX / (s.Panels * s.TilesPerBlock);
        var place = Grid.IdxX - block * s.Panels * s.TilesPerBlock;
        var panel = place / s.TilesPerBlock;
        var row = (block * s.TilesPerBlock + place - panel * s.TilesPerBlock) * Rows;
        if (row >= s.Rows) return;
        var lanes = Group.DimX;
        var begin = Grid.IdxZ * s.Split + s.DepthStart;
        var end = End(Grid.IdxZ, begin, s.Split, s.DepthCount, s.Depth);
        var aBase = Grid.IdxZ * s.ABatch;
        var ib = Grid.IdxZ * s.BBatch + panel * s.BPanel + begin * s.BStep + Group.IdxX;
        var a0 = aBase + AOffset(row, s);
        var a1 = aBase + AOffset(row + 1, s);
        var a2 = aBase + AOffset(row + 2, s);
        var a3 = aBase + AOffset(row + 3, s);
        var a4 = aBase + AOffset(row + 4, s);
        var a5 = aBase + AOffset(row + 5, s);
        var n = panel * 2 * lanes + Group.IdxX;
        var c00 = Bias(bias, s, n);
        var c01 = Bias(bias, s, n + lanes);
        T c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01, c40 = c00, c41 = c01, c50 = c00, c51 = c01;
        if (s.Continues != 0)
        {
            Fetch(c, s, sums, row, panel, 2);
            c00 = Kept(sums, 0);
            c01 = Kept(sums, 1);
            c10 = Kept(sums, 2);
            c11 = Kept(sums, 3);
            c20 = Kept(sums, 4);
            c21 = Kept(sums, 5);
            c30 = Kept(sums, 6);
            c31 = Kept(sums, 7);
            c40 = Kept(sums, 8);
            c41 = Kept(sums, 9);
            c50 = Kept(sums, 10);
            c51 = Kept(sums, 11);
        }

        var segment = begin / s.SegmentLength;
        var outer = segment / s.SegmentsInner;
        var inner = segment - outer * s.SegmentsInner;
        for (var k = begin; k < end; k += s.SegmentLength)
        {
            var offset = outer * s.SegmentOuter + inner * s.SegmentInner;
            var count = end - k < s.SegmentLength ? end - k : s.SegmentLength;
            var v0 = a.SubView(a0 + offset);
            var v1 = a.SubView(a1 + offset);
            var v2 = a.SubView(a2 + offset);
            var v3 = a.SubView(a3 + offset);
            var v4 = a.SubView(a4 + offset);
            var v5 = a.SubView(a5 + offset);
            var ia = 0;
            for (var j = 0; j < count; j++)
            {
                var b0 = b[ib];
                var b1 = b[ib + lanes];
                c00 = R.Fma(v0[ia], b0, c00);
                c01 = R.Fma(v0[ia], b1, c01);
                c10 = R.Fma(v1[ia], b0, c10);
                c11 = R.Fma(v1[ia], b1, c11);
                c20 = R.Fma(v2[ia], b0, c20);
                c21 = R.Fma(v2[ia], b1, c21);
                c30 = R.Fma(v3[ia], b0, c30);
                c31 = R.Fma(v3[ia], b1, c31);
                c40 = R.Fma(v4[ia], b0, c40);
                c41 = R.Fma(v4[ia], b1, c41);
                c50 = R.Fma(v5[ia], b0, c50);
                c51 = R.Fma(v5[ia], b1, c51);
                ia += s.AStep;
                ib += s.BStep;
            }
            inner++;
            if (inner == s.SegmentsInner)
            {
                inner = 0;
                outer++;
            }
        }

        Keep(sums, 0, c00);
        Keep(sums, 1, c01);
        Keep(sums, 2, c10);
        Keep(sums, 3, c11);
        Keep(sums, 4, c20);
        Keep(sums, 5, c21);
        Keep(sums, 6, c30);
        Keep(sums, 7, c31);
        Keep(sums, 8, c40);
        Keep(sums, 9, c41);
        Keep(sums, 10, c50);
        Keep(sums, 11, c51);
        Store<T, TEpilogue>(c, s, e, sums, row, panel, 2);
    }

    /// <summary>Six rows by four blocks of lanes, where the 24 sums have registers (32 of 512 bits) and the columns fill the blocks.</summary>
    internal static void BroadKernel<T, R, TEpilogue>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, GemmShape s, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var sums = SharedMemory.Allocate<T>(4 * Rows * MaxLanes);
        var block = Grid.IdxX / (s.Panels * s.TilesPerBlock);
        var place = Grid.IdxX - block * s.Panels * s.TilesPerBlock;
        var panel = place / s.TilesPerBlock;
        var row = (block * s.TilesPerBlock + place - panel * s.TilesPerBlock) * Rows;
        if (row >= s.Rows) return;
        var lanes = Group.DimX;
        var begin = Grid.IdxZ * s.Split + s.DepthStart;
        var end = End(Grid.IdxZ, begin, s.Split, s.DepthCount, s.Depth);
        var aBase = Grid.IdxZ * s.ABatch;
        var ib = Grid.IdxZ * s.BBatch + panel * s.BPanel + begin * s.BStep + Group.IdxX;
        var a0 = aBase + AOffset(row, s);
        var a1 = aBase + AOffset(row + 1, s);
        var a2 = aBase + AOffset(row + 2, s);
        var a3 = aBase + AOffset(row + 3, s);
        var a4 = aBase + AOffset(row + 4, s);
        var a5 = aBase + AOffset(row + 5, s);
        var n = panel * 4 * lanes + Group.IdxX;
        var c00 = Bias(bias, s, n);
        var c01 = Bias(bias, s, n + lanes);
        var c02 = Bias(bias, s, n + 2 * lanes);
        var c03 = Bias(bias, s, n + 3 * lanes);
        T c10 = c00, c11 = c01, c12 = c02, c13 = c03;
        T c20 = c00, c21 = c01, c22 = c02, c23 = c03;
        T c30 = c00, c31 = c01, c32 = c02, c33 = c03;
        T c40 = c00, c41 = c01, c42 = c02, c43 = c03;
        T c50 = c00, c51 = c01, c52 = c02, c53 = c03;
        if (s.Continues != 0)
        {
            Fetch(c, s, sums, row, panel, 4);
            c00 = Kept(sums, 0);
            c01 = Kept(sums, 1);
            c02 = Kept(sums, 2);
            c03 = Kept(sums, 3);
            c10 = Kept(sums, 4);
            c11 = Kept(sums, 5);
            c12 = Kept(sums, 6);
            c13 = Kept(sums, 7);
            c20 = Kept(sums, 8);
            c21 = Kept(sums, 9);
            c22 = Kept(sums, 10);
            c23 = Kept(sums, 11);
            c30 = Kept(sums, 12);
            c31 = Kept(sums, 13);
            c32 = Kept(sums, 14);
            c33 = Kept(sums, 15);
            c40 = Kept(sums, 16);
            c41 = Kept(sums, 17);
            c42 = Kept(sums, 18);
            c43 = Kept(sums, 19);
            c50 = Kept(sums, 20);
            c51 = Kept(sums, 21);
            c52 = Kept(sums, 22);
            c53 = Kept(sums, 23);
        }

        var segment = begin / s.SegmentLength;
        var outer = segment / s.SegmentsInner;
        var inner = segment - outer * s.SegmentsInner;
        for (var k = begin; k < end; k += s.SegmentLength)
        {
            var offset = outer * s.SegmentOuter + inner * s.SegmentInner;
            var count = end - k < s.SegmentLength ? end - k : s.SegmentLength;
            var v0 = a.SubView(a0 + offset);
            var v1 = a.SubView(a1 + offset);
            var v2 = a.SubView(a2 + offset);
            var v3 = a.SubView(a3 + offset);
            var v4 = a.SubView(a4 + offset);
            var v5 = a.SubView(a5 + offset);
            var ia = 0;
            for (var j = 0; j < count; j++)
            {
                var b0 = b[ib];
                var b1 = b[ib + lanes];
                var b2 = b[ib + 2 * lanes];
                var b3 = b[ib + 3 * lanes];
                c00 = R.Fma(v0[ia], b0, c00);
                c01 = R.Fma(v0[ia], b1, c01);
                c02 = R.Fma(v0[ia], b2, c02);
                c03 = R.Fma(v0[ia], b3, c03);
                c10 = R.Fma(v1[ia], b0, c10);
                c11 = R.Fma(v1[ia], b1, c11);
                c12 = R.Fma(v1[ia], b2, c12);
                c13 = R.Fma(v1[ia], b3, c13);
                c20 = R.Fma(v2[ia], b0, c20);
                c21 = R.Fma(v2[ia], b1, c21);
                c22 = R.Fma(v2[ia], b2, c22);
                c23 = R.Fma(v2[ia], b3, c23);
                c30 = R.Fma(v3[ia], b0, c30);
                c31 = R.Fma(v3[ia], b1, c31);
                c32 = R.Fma(v3[ia], b2, c32);
                c33 = R.Fma(v3[ia], b3, c33);
                c40 = R.Fma(v4[ia], b0, c40);
                c41 = R.Fma(v4[ia], b1, c41);
                c42 = R.Fma(v4[ia], b2, c42);
                c43 = R.Fma(v4[ia], b3, c43);
                c50 = R.Fma(v5[ia], b0, c50);
                c51 = R.Fma(v5[ia], b1, c51);
                c52 = R.Fma(v5[ia], b2, c52);
                c53 = R.Fma(v5[ia], b3, c53);
                ia += s.AStep;
                ib += s.BStep;
            }
            inner++;
            if (inner == s.SegmentsInner)
            {
                inner = 0;
                outer++;
            }
        }

        Keep(sums, 0, c00);
        Keep(sums, 1, c01);
        Keep(sums, 2, c02);
        Keep(sums, 3, c03);
        Keep(sums, 4, c10);
        Keep(sums, 5, c11);
        Keep(sums, 6, c12);
        Keep(sums, 7, c13);
        Keep(sums, 8, c20);
        Keep(sums, 9, c21);
        Keep(sums, 10, c22);
        Keep(sums, 11, c23);
        Keep(sums, 12, c30);
        Keep(sums, 13, c31);
        Keep(sums, 14, c32);
        Keep(sums, 15, c33);
        Keep(sums, 16, c40);
        Keep(sums, 17, c41);
        Keep(sums, 18, c42);
        Keep(sums, 19, c43);
        Keep(sums, 20, c50);
        Keep(sums, 21, c51);
        Keep(sums, 22, c52);
        Keep(sums, 23, c53);
        Store<T, TEpilogue>(c, s, e, sums, row, panel, 4);
    }

    /// <summary>Six rows by one block of lanes, for products of few columns.</summary>
    internal static void NarrowKernel<T, R, TEpilogue>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<T> bias, ArrayView<T> c, GemmShape s, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var sums = SharedMemory.Allocate<T>(Rows * MaxLanes);
        var block = Grid.IdxX / (s.Panels * s.TilesPerBlock);
        var place = Grid.IdxX - block * s.Panels * s.TilesPerBlock;
        var panel = place / s.TilesPerBlock;
        var row = (block * s.TilesPerBlock + place - panel * s.TilesPerBlock) * Rows;
        if (row >= s.Rows) return;
        var begin = Grid.IdxZ * s.Split + s.DepthStart;
        var end = End(Grid.IdxZ, begin, s.Split, s.DepthCount, s.Depth);
        var aBase = Grid.IdxZ * s.ABatch;
        var ib = Grid.IdxZ * s.BBatch + panel * s.BPanel + begin * s.BStep + Group.IdxX;
        var a0 = aBase + AOffset(row, s);
        var a1 = aBase + AOffset(row + 1, s);
        var a2 = aBase + AOffset(row + 2, s);
        var a3 = aBase + AOffset(row + 3, s);
        var a4 = aBase + AOffset(row + 4, s);
        var a5 = aBase + AOffset(row + 5, s);
        var n = panel * Group.DimX + Group.IdxX;
        var c0 = Bias(bias, s, n);
        T c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0;
        if (s.Continues != 0)
        {
            Fetch(c, s, sums, row, panel, 1);
            c0 = Kept(sums, 0);
            c1 = Kept(sums, 1);
            c2 = Kept(sums, 2);
            c3 = Kept(sums, 3);
            c4 = Kept(sums, 4);
            c5 = Kept(sums, 5);
        }

        var segment = begin / s.SegmentLength;
        var outer = segment / s.SegmentsInner;
        var inner = segment - outer * s.SegmentsInner;
        for (var k = begin; k < end; k += s.SegmentLength)
        {
            var offset = outer * s.SegmentOuter + inner * s.SegmentInner;
            var count = end - k < s.SegmentLength ? end - k : s.SegmentLength;
            var v0 = a.SubView(a0 + offset);
            var v1 = a.SubView(a1 + offset);
            var v2 = a.SubView(a2 + offset);
            var v3 = a.SubView(a3 + offset);
            var v4 = a.SubView(a4 + offset);
            var v5 = a.SubView(a5 + offset);
            var ia = 0;
            for (var j = 0; j < count; j++)
            {
                var b0 = b[ib];
                c0 = R.Fma(v0[ia], b0, c0);
                c1 = R.Fma(v1[ia], b0, c1);
                c2 = R.Fma(v2[ia], b0, c2);
                c3 = R.Fma(v3[ia], b0, c3);
                c4 = R.Fma(v4[ia], b0, c4);
                c5 = R.Fma(v5[ia], b0, c5);
                ia += s.AStep;
                ib += s.BStep;
            }
            inner++;
            if (inner == s.SegmentsInner)
            {
                inner = 0;
                outer++;
            }
        }

        Keep(sums, 0, c0);
        Keep(sums, 1, c1);
        Keep(sums, 2, c2);
        Keep(sums, 3, c3);
        Keep(sums, 4, c4);
        Keep(sums, 5, c5);
        Store<T, TEpilogue>(c, s, e, sums, row, panel, 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T Bias<T>(ArrayView<T> bias, GemmShape s, int n)
        where T : unmanaged, INumber<T>
    {
        var value = T.Zero;
        if (s.HasBias != 0)
        {
            if (n < s.Columns) value = bias[Grid.IdxZ * s.ColumnBatch + n];
        }
        return value;
    }

    /// <summary>Where the depth ends for this launch and split.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int End(int z, int begin, int split, int count, int depth)
    {
        var last = split == 0 ? depth : (z + 1) * split;
        last = last < depth ? last : depth;
        return begin + count < last ? begin + count : last;
    }

    // Rows beyond the last one repeat it: the loop needs no tests, and they are not stored.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int AOffset(int row, GemmShape s) =>
        Offset(row < s.Rows ? row : s.Rows - 1, s.RowsInner, s.RowsMid, s.AStart, s.AOuter, s.AMid, s.AInner);

    /// <summary>The offset of an index that is split in three.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Offset(int index, int extentInner, int extentMid, int start, int outerStride, int midStride, int innerStride)
    {
        var offset = start;
        var inner = index;
        if (index >= extentInner)
        {
            var line = index / extentInner;
            var outer = line / extentMid;
            inner = index - line * extentInner;
            offset += outer * outerStride + (line - outer * extentMid) * midStride;
        }
        return offset + inner * innerStride;
    }

    // Finished sums go through the group's memory (every thread its own), and from there to C in a loop over the rows: twelve copies of an
    // epilogue and of a row's offset would be more variables than the just-in-time compiler keeps track of, at the cost of the loop above.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Keep<T>(ArrayView<T> sums, int number, T sum)
        where T : unmanaged, INumber<T> => sums[number * Group.DimX + Group.IdxX] = sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Kept<T>(ArrayView<T> sums, int number)
        where T : unmanaged, INumber<T> => sums[number * Group.DimX + Group.IdxX];

    // Sums that an earlier launch has begun, from C into the group's memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch<T>(ArrayView<T> c, GemmShape s, ArrayView<T> sums, int row, int panel, int blocks)
        where T : unmanaged, INumber<T>
    {
        var lanes = Group.DimX;
        var n = panel * blocks * lanes + Group.IdxX;
        var inside = (panel + 1) * blocks * lanes <= s.Columns;
        var at = Group.IdxX;
        for (var r = row; r < row + Rows; r++)
        {
            var i = COffset(r < s.Rows ? r : s.Rows - 1, s) + n;
            for (var q = 0; q < blocks * lanes; q += lanes)
            {
                if (inside)
                {
                    sums[at + q] = c[i + q];
                }
                else
                {
                    var sum = T.Zero;
                    if (n + q < s.Columns) sum = c[i + q];
                    sums[at + q] = sum;
                }
            }
            at += blocks * lanes;
        }
    }

    /// <summary>Stores a tile of some blocks of lanes; a panel that lies inside C needs no test per lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T, TEpilogue>(
        ArrayView<T> c, GemmShape s, EpilogueOperands<T> e, ArrayView<T> sums, int row, int panel, int blocks)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var lanes = Group.DimX;
        var n = panel * blocks * lanes + Group.IdxX;
        var inside = (panel + 1) * blocks * lanes <= s.Columns;
        var last = row + Rows < s.Rows ? row + Rows : s.Rows;
        var at = Group.IdxX;
        for (var r = row; r < last; r++)
        {
            var i = COffset(r, s) + n;
            for (var q = 0; q < blocks * lanes; q += lanes)
            {
                if (inside)
                {
                    StoreInside<T, TEpilogue>(c, s, e, i + q, n + q, sums[at + q]);
                }
                else
                {
                    if (n + q < s.Columns) StoreInside<T, TEpilogue>(c, s, e, i + q, n + q, sums[at + q]);
                }
            }
            at += blocks * lanes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreInside<T, TEpilogue>(ArrayView<T> c, GemmShape s, EpilogueOperands<T> e, int i, int n, T sum)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        if (s.Accumulate != 0) sum += c[i];
        c[i] = Epilogue.Value<T, TEpilogue>(e, Epilogue.Column<T, TEpilogue>(e, Grid.IdxZ * s.ColumnBatch + n), i, sum);
    }

    /// <summary>Stores one element, if its column exists.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreLane<T, TEpilogue>(
        ArrayView<T> c, GemmShape s, EpilogueOperands<T> e, EpilogueColumn<T> column, int i, int n, T sum)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        if (n >= s.Columns) return;
        if (s.Accumulate != 0) sum += c[i];
        c[i] = Epilogue.Value<T, TEpilogue>(e, column, i, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int COffset(int row, GemmShape s) =>
        Grid.IdxZ * s.CBatch + Offset(row, s.RowsInner, s.RowsMid, s.CStart, s.COuter, s.CMid, s.CInner);
}
