// A learned factor per channel: y[r, c] = scale[c] * x[r, c] on [rows, channels].
//
// Memory: every element is read and written once; the scale's gradient reads x and dy once. Accumulation: the scale's gradient is
// ColumnReduction.Dot's ordered sum.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Products with a factor per channel.</summary>
public static class ChannelScaleKernels
{
    // Rows that one thread scales with the factor in a register.
    private const int RowTile = 8;

    // Grid: (tiles of rows, blocks of channels).
    internal static void ScaleKernel<T>(ArrayView<T> x, ArrayView<T> scale, ArrayView<T> y, int rows, int channels)
        where T : unmanaged, INumber<T>
    {
        var first = Grid.IdxX * RowTile;
        var last = first + RowTile < rows ? first + RowTile : rows;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
        {
            var factor = scale[c];
            for (var r = first; r < last; r++)
                y[r * channels + c] = x[r * channels + c] * factor;
        }
    }

    /// <summary>y[r, c] = scale[c] * x[r, c]: forward, and the gradient of x with dy in x's place.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, channels].</param>
    /// <param name="scale">[channels].</param>
    /// <param name="y">[rows, channels], written; may be x.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="channels">Channels.</param>
    public static void Scale<T>(KernelHost host, ArrayView<T> x, ArrayView<T> scale, ArrayView<T> y, int rows, int channels)
        where T : unmanaged, INumber<T>
    {
        if (host.UsesBlocks)
        {
            ColumnMaps.Run<T, ChannelScaleMap<T>>(host, x, x, y, new MapOperands<T> { Weight = scale }, rows, channels);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(ScaleKernel))(
            ChannelLoop.Config(host, KernelHost.Blocks(rows, RowTile), channels), x, scale, y, rows, channels);
    }
}
