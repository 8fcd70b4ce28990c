// Sums of many rows, in two stages with a split that depends on the sizes only: the result has the same bits for any number of threads.
//   partials[s, n] = sum of x[row, n] over the rows of part s;   total[n] = sum of partials[s, n], s ascending.
//
// Memory: x is read once, the partials are written and read once.
// Accumulation: in T; four interleaved running sums per part, added pairwise at its end.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Ordered sums: of the splits of a product, and of a matrix's rows.</summary>
public static class GemmReduction
{
    private const int RowsPerPart = 512;
    private const int MaxParts = 128;

    internal static void SumPartsKernel<T>(ArrayView<T> parts, ArrayView<T> total, int count, int length)
        where T : unmanaged, INumber<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= length) return;
        var sum = T.Zero;
        for (var p = 0; p < count; p++) sum += parts[p * length + i];
        total[i] = sum;
    }

    internal static void ColumnPartsKernel<T>(ArrayView<T> x, ArrayView<T> parts, int rows, int columns, int rowsPerPart)
        where T : unmanaged, INumber<T>
    {
        var n = Grid.IdxY * Group.DimX + Group.IdxX;
        if (n >= columns) return;
        var first = Grid.IdxX * rowsPerPart;
        var last = first + rowsPerPart < rows ? first + rowsPerPart : rows;
        T s0 = T.Zero, s1 = T.Zero, s2 = T.Zero, s3 = T.Zero;
        var row = first;
        for (; row + 3 < last; row += 4)
        {
            var i = row * columns + n;
            s0 += x[i];
            s1 += x[i + columns];
            s2 += x[i + 2 * columns];
            s3 += x[i + 3 * columns];
        }
        for (; row < last; row++) s0 += x[row * columns + n];
        parts[Grid.IdxX * columns + n] = (s0 + s1) + (s2 + s3);
    }

    /// <summary>total[i] = sum over p of parts[p, i], p ascending.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="parts">[count, length].</param>
    /// <param name="total">[length].</param>
    /// <param name="count">The number of parts.</param>
    /// <param name="length">Elements of a part.</param>
    /// <exception cref="ArgumentException">A view is too short.</exception>
    public static void SumParts<T>(KernelHost host, ArrayView<T> parts, ArrayView<T> total, int count, int length)
        where T : unmanaged, INumber<T>
    {
        Gemm.Require("sum of parts", "parts", parts.Length, (long)count * length);
        Gemm.Require("sum of parts", "total", total.Length, length);
        if (length == 0) return;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int>(SumPartsKernel<T>))(
            host.Linear(length), parts, total, count, length);
    }

    /// <summary>Elements of workspace that <see cref="SumColumns"/> needs.</summary>
    /// <param name="rows">Rows of the matrix.</param>
    /// <param name="columns">Columns of the matrix.</param>
    public static int ColumnWorkspace(int rows, int columns) => Parts(rows) * columns;

    /// <summary>total[n] = sum over the rows of x[row, n].</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="x">[rows, columns].</param>
    /// <param name="total">[columns].</param>
    /// <param name="workspace">At least <see cref="ColumnWorkspace"/> elements.</param>
    /// <param name="rows">Rows of the matrix.</param>
    /// <param name="columns">Columns of the matrix.</param>
    /// <exception cref="ArgumentException">A view is too short.</exception>
    public static void SumColumns<T>(KernelHost host, ArrayView<T> x, ArrayView<T> total, ArrayView<T> workspace, int rows, int columns)
        where T : unmanaged, INumber<T>
    {
        Gemm.Require("sum of columns", "x", x.Length, (long)rows * columns);
        Gemm.Require("sum of columns", "workspace", workspace.Length, ColumnWorkspace(rows, columns));
        if (columns == 0) return;
        var parts = Parts(rows);
        if (rows > 0)
        {
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int, int>(ColumnPartsKernel<T>))(
                host.Rows(parts, columns), x, workspace, rows, columns, KernelHost.Blocks(rows, parts));
        }
        SumParts(host, workspace, total, rows > 0 ? parts : 0, columns);
    }

    private static int Parts(int rows) => Math.Clamp(KernelHost.Blocks(rows, RowsPerPart), 1, MaxParts);
}
