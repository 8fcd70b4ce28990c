// The right operand of a product, laid out in panels: panel[p][k][w] = B(k, p * width + w), zero beyond the last column.
//
// Memory: reads B once (along its columns if they are contiguous; along its rows, a few at a time, if it is transposed), writes every
// panel once. No arithmetic.
using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Lays out the right operand of a product for <see cref="GemmTile"/>.</summary>
internal static class GemmPack
{
    /// <summary>Rows that a thread copies: a cache line of a transposed operand, so that none is fetched twice.</summary>
    private const int RowsPerThread = 16;

    // Grid: X = panels by rows of B by RowsPerThread, Z = batches. Groups that follow each other read what lies together: the next panel's
    // part of the same rows, or the next rows of a transposed operand.
    internal static void PackKernel<T>(ArrayView<T> source, ArrayView<T> panels, GemmRight right, int columns, int depth, int blocks, int panelCount)
        where T : unmanaged, INumber<T>
    {
        var width = blocks * Group.DimX;
        var strips = Grid.DimX / panelCount;
        var strip = Grid.IdxX / panelCount;
        var place = Grid.IdxX - strip * panelCount;
        if (right.Column != 1)
        {
            place = Grid.IdxX / strips;
            strip = Grid.IdxX - place * strips;
        }
        var first = strip * RowsPerThread;
        var last = first + RowsPerThread < depth ? first + RowsPerThread : depth;
        var batch = Grid.IdxZ * right.Batch;
        var panel = (Grid.IdxZ * panelCount + place) * depth * width;
        // The panel ends inside B (the same answer for the whole group), or a test per lane.
        var inside = (place + 1) * width <= columns;
        for (var k = first; k < last; k++)
        {
            var row = batch + GemmTile.Offset(
                k, right.DepthInner, right.DepthMid, right.Start, right.Outer, right.Mid, right.Inner);
            for (var block = 0; block < blocks; block++)
            {
                var w = block * Group.DimX + Group.IdxX;
                var n = place * width + w;
                var to = panel + k * width + w;
                if (inside)
                {
                    panels[to] = Element(source, right, row, n);
                }
                else
                {
                    var value = T.Zero;
                    if (n < columns) value = Element(source, right, row, n);
                    panels[to] = value;
                }
            }
        }
    }

    // The same address twice, but only of the first can a compiler see that lanes which follow each other read what does.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Element<T>(ArrayView<T> source, GemmRight right, int row, int column)
        where T : unmanaged, INumber<T>
    {
        if (right.Column == 1) return source[row + column];
        return source[row + column * right.Column];
    }

    /// <summary>Writes the panels of all batches.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="source">The operand.</param>
    /// <param name="panels">batches x panels x depth x (blocks x lanes) elements.</param>
    /// <param name="right">Where the operand's elements lie.</param>
    /// <param name="columns">Columns of the operand.</param>
    /// <param name="depth">Rows of the operand.</param>
    /// <param name="lanes">Threads of a group.</param>
    /// <param name="blocks">Blocks of lanes in a panel.</param>
    /// <param name="batches">Operands.</param>
    public static void Pack<T>(
        KernelHost host, ArrayView<T> source, ArrayView<T> panels, GemmRight right, int columns, int depth, int lanes, int blocks, int batches)
        where T : unmanaged, INumber<T>
    {
        if (depth == 0) return;
        var panelCount = KernelHost.Blocks(columns, blocks * lanes);
        var groups = Gemm.Elements("the grid of a product", KernelHost.Blocks(depth, RowsPerThread), panelCount);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, GemmRight, int, int, int, int>(PackKernel<T>))(
            new KernelConfig(new Index3D(groups, 1, batches), new Index3D(lanes, 1, 1)), source, panels, right, columns, depth, blocks, panelCount);
    }
}
