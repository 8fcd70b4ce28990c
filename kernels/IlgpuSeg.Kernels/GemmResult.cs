// The two ends of a block-tiled product: the bias that its sums start from, and the way of finished sums to C.
//
// Memory: C is written once (read once where it is accumulated to), a quad of neighbours per row and thread.
using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Where the sums of block tiles come from and go to; callable inside kernels.</summary>
internal static class GemmResult
{
    /// <summary>The bias of four columns; zero where there is none.</summary>
    public static Tile4<T> Bias<T>(ArrayView<T> bias, GemmShape s, int column)
        where T : unmanaged, INumber<T> => Tile4.Of(
            GemmTile.Bias(bias, s, column), GemmTile.Bias(bias, s, column + 1),
            GemmTile.Bias(bias, s, column + 2), GemmTile.Bias(bias, s, column + 3));

    /// <summary>Stores a square, as far as it lies inside of C.</summary>
    public static void Store<T, TEpilogue>(ArrayView<T> c, GemmShape s, EpilogueOperands<T> e, int row, int column, Square4<T> sums)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        if (row >= s.Rows || column >= s.Columns) return;
        var column0 = Epilogue.Column<T, TEpilogue>(e, Grid.IdxZ * s.ColumnBatch, column, s.Columns);
        var column1 = Epilogue.Column<T, TEpilogue>(e, Grid.IdxZ * s.ColumnBatch, column + 1, s.Columns);
        var column2 = Epilogue.Column<T, TEpilogue>(e, Grid.IdxZ * s.ColumnBatch, column + 2, s.Columns);
        var column3 = Epilogue.Column<T, TEpilogue>(e, Grid.IdxZ * s.ColumnBatch, column + 3, s.Columns);
        Row<T, TEpilogue>(c, s, e, row, column, column0, column1, column2, column3, sums.R0);
        if (row + 1 < s.Rows) Row<T, TEpilogue>(c, s, e, row + 1, column, column0, column1, column2, column3, sums.R1);
        if (row + 2 < s.Rows) Row<T, TEpilogue>(c, s, e, row + 2, column, column0, column1, column2, column3, sums.R2);
        if (row + 3 < s.Rows) Row<T, TEpilogue>(c, s, e, row + 3, column, column0, column1, column2, column3, sums.R3);
    }

    private static void Row<T, TEpilogue>(
        ArrayView<T> c, GemmShape s, EpilogueOperands<T> e, int row, int column, EpilogueColumn<T> column0, EpilogueColumn<T> column1,
        EpilogueColumn<T> column2, EpilogueColumn<T> column3, Tile4<T> sums)
        where T : unmanaged, INumber<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var i = GemmTile.COffset(row, s) + column;
        GemmTile.StoreLane<T, TEpilogue>(c, s, e, column0, i, column, sums.V0);
        GemmTile.StoreLane<T, TEpilogue>(c, s, e, column1, i + 1, column + 1, sums.V1);
        GemmTile.StoreLane<T, TEpilogue>(c, s, e, column2, i + 2, column + 2, sums.V2);
        GemmTile.StoreLane<T, TEpilogue>(c, s, e, column3, i + 3, column + 3, sums.V3);
    }
}
