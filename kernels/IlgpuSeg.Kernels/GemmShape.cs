using System.Runtime.InteropServices;

namespace IlgpuSeg.Kernels;

/// <summary>
/// What the matrix product's kernels read: C[row, n] = sum over k of A(row, k) * B[k, n], where A is not stored as a matrix
/// but found by strides. A plain matrix, a transposed one and the patches of a convolution differ only in these numbers.
/// </summary>
/// <remarks>
/// A row's index is split as row = (outer * <see cref="RowsMid"/> + mid) * <see cref="RowsInner"/> + inner, and A(row, 0)
/// and C[row, 0] lie at Start + outer * Outer + mid * Mid + inner * Inner. The depth is cut into segments of
/// <see cref="SegmentLength"/>, numbered segment = outer * <see cref="SegmentsInner"/> + inner; within a segment A advances by
/// <see cref="AStep"/>. B comes in panels of as many columns as a group computes. All offsets are in elements.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public struct GemmShape
{
    /// <summary>Rows of C.</summary>
    public int Rows;

    /// <summary>Columns of C.</summary>
    public int Columns;

    /// <summary>The number of products in a sum.</summary>
    public int Depth;

    /// <summary>Extent of the innermost part of a row's index.</summary>
    public int RowsInner;

    /// <summary>Extent of the middle part of a row's index.</summary>
    public int RowsMid;

    /// <summary>Offset of A's first element.</summary>
    public int AStart;

    /// <summary>Stride of A over the outer part of the row.</summary>
    public int AOuter;

    /// <summary>Stride of A over the middle part of the row.</summary>
    public int AMid;

    /// <summary>Stride of A over the inner part of the row.</summary>
    public int AInner;

    /// <summary>Stride of A over the depth, inside a segment.</summary>
    public int AStep;

    /// <summary>Products in a segment; the last one may be shorter.</summary>
    public int SegmentLength;

    /// <summary>Extent of the inner part of a segment's index.</summary>
    public int SegmentsInner;

    /// <summary>Stride of A over the outer part of the segment.</summary>
    public int SegmentOuter;

    /// <summary>Stride of A over the inner part of the segment.</summary>
    public int SegmentInner;

    /// <summary>Offset of C's first element.</summary>
    public int CStart;

    /// <summary>Stride of C over the outer part of the row.</summary>
    public int COuter;

    /// <summary>Stride of C over the middle part of the row.</summary>
    public int CMid;

    /// <summary>Stride of C over the inner part of the row.</summary>
    public int CInner;

    /// <summary>Stride of B over the depth.</summary>
    public int BStep;

    /// <summary>Stride of B from panel to panel.</summary>
    public int BPanel;

    /// <summary>Stride of A from batch to batch.</summary>
    public int ABatch;

    /// <summary>Stride of B from batch to batch.</summary>
    public int BBatch;

    /// <summary>Stride of C from batch (or split) to batch.</summary>
    public int CBatch;

    /// <summary>Offset from batch to batch of what is per column: the bias and the epilogue's constants.</summary>
    public int ColumnBatch;

    /// <summary>Depth of a split, a multiple of <see cref="SegmentLength"/>, if the third grid axis counts splits; 0 if batches.</summary>
    public int Split;

    /// <summary>Where this launch starts within the depth (of each split); a multiple of <see cref="SegmentLength"/>.</summary>
    public int DepthStart;

    /// <summary>How much of the depth (of each split) this launch sums.</summary>
    public int DepthCount;

    /// <summary>1 if the sums start from what C holds, 0 if from zero.</summary>
    public int Accumulate;

    /// <summary>1 if the sums start from a bias per column.</summary>
    public int HasBias;

    /// <summary>Panels of B.</summary>
    public int Panels;

    /// <summary>Row tiles that take a panel one after the other, before the next panel: the grid's X counts (block, panel, tile).</summary>
    public int TilesPerBlock;

    /// <summary>1 if the sums go on from what an earlier launch over the depth before this one left in C: the order of one sum over all of it.</summary>
    public int Continues;

    /// <summary>A row-major product C[rows, columns] = A[rows, depth] B[depth, columns].</summary>
    /// <param name="rows">Rows of A and C.</param>
    /// <param name="columns">Columns of B and C.</param>
    /// <param name="depth">Columns of A, rows of B.</param>
    /// <param name="transposedA">Whether A is stored as [depth, rows].</param>
    public static GemmShape Matrix(int rows, int columns, int depth, bool transposedA = false) => new()
    {
        Rows = rows,
        Columns = columns,
        Depth = depth,
        RowsInner = Math.Max(rows, 1),
        RowsMid = 1,
        AInner = transposedA ? 1 : depth,
        AStep = transposedA ? rows : 1,
        SegmentLength = Math.Max(depth, 1),
        SegmentsInner = 1,
        CInner = columns,
        DepthCount = depth,
    };
}

/// <summary>
/// Where the right operand of a product lies before it is laid out for the kernel: element (k, n) is at Start + outer * Outer +
/// mid * Mid + inner * Inner + n * Column with k = (outer * DepthMid + mid) * DepthInner + inner. Offsets in elements.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct GemmRight
{
    /// <summary>Extent of the innermost part of the depth's index.</summary>
    public int DepthInner;

    /// <summary>Extent of the middle part of the depth's index.</summary>
    public int DepthMid;

    /// <summary>Offset of the first element.</summary>
    public int Start;

    /// <summary>Stride over the outer part of the depth.</summary>
    public int Outer;

    /// <summary>Stride over the middle part of the depth.</summary>
    public int Mid;

    /// <summary>Stride over the inner part of the depth.</summary>
    public int Inner;

    /// <summary>Stride over the columns.</summary>
    public int Column;

    /// <summary>Stride from batch to batch; 0 if all batches share the operand.</summary>
    public int Batch;

    /// <summary>A row-major matrix [depth, columns], or its transpose stored as [columns, depth].</summary>
    /// <param name="depth">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="transposed">Whether it is stored as [columns, depth].</param>
    /// <param name="batch">Stride from batch to batch.</param>
    public static GemmRight Matrix(int depth, int columns, bool transposed = false, int batch = 0) => new()
    {
        DepthInner = Math.Max(depth, 1),
        DepthMid = 1,
        Inner = transposed ? 1 : columns,
        Column = transposed ? depth : 1,
        Batch = batch,
    };
}
