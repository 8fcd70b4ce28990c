// A residual connection as VAN has it: y[n, p, c] = x[n, p, c] + drop[n] * scale[c] * branch[n, p, c], with a learned factor per channel
// (layer scale) and a drawn one per sample (drop-path), in one pass each way.
//
// Memory: forward reads x and branch and writes y; backward reads dy and branch and writes the branch's gradient (that of x is dy
// itself). Accumulation: the scale's gradient sums each sample's rows per chunk in T and the chunks in order in double.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Residual connections with factors per channel and per sample.</summary>
public static class ScaledResidualKernels
{
    // Rows of one sample that a thread takes with the factor in a register.
    private const int RowTile = 8;

    // Grid: (tiles of a sample's rows, blocks of channels, samples).
    internal static void ForwardKernel<T, R>(
        ArrayView<T> x, ArrayView<T> branch, ArrayView<T> scale, ArrayView<T> drop, ArrayView<T> y, int sampleRows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var first = Grid.IdxX * RowTile;
        var last = first + RowTile < sampleRows ? first + RowTile : sampleRows;
        var sample = Grid.IdxZ * sampleRows;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
        {
            var factor = scale[c] * drop[Grid.IdxZ];
            for (var r = sample + first; r < sample + last; r++)
                y[r * channels + c] = R.Fma(branch[r * channels + c], factor, x[r * channels + c]);
        }
    }

    // Grid: (chunks of a sample's rows, blocks of channels, samples); partials are [samples, chunks, channels].
    internal static void BackwardKernel<T, R>(
        ArrayView<T> dy, ArrayView<T> branch, ArrayView<T> scale, ArrayView<T> drop, ArrayView<T> dbranch, ArrayView<T> partials,
        int sampleRows, int channels, int chunkRows)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var first = Grid.IdxX * chunkRows;
        var last = first + chunkRows < sampleRows ? first + chunkRows : sampleRows;
        var sample = Grid.IdxZ * sampleRows;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
        {
            var factor = scale[c] * drop[Grid.IdxZ];
            var sum = T.Zero;
            for (var r = sample + first; r < sample + last; r++)
            {
                var g = dy[r * channels + c];
                sum = R.Fma(g, branch[r * channels + c], sum);
                dbranch[r * channels + c] = g * factor;
            }
            partials[(Grid.IdxZ * Grid.DimX + Grid.IdxX) * channels + c] = sum * drop[Grid.IdxZ];
        }
    }

    /// <summary>y = x + drop * scale * branch.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[samples, rows, channels].</param>
    /// <param name="branch">[samples, rows, channels].</param>
    /// <param name="scale">[channels].</param>
    /// <param name="drop">[samples].</param>
    /// <param name="y">[samples, rows, channels], written; may be x or branch.</param>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> branch, ArrayView<T> scale, ArrayView<T> drop, ArrayView<T> y)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (samples, channels) = (drop.IntLength, scale.IntLength);
        var sampleRows = x.IntLength / samples / channels;
        if (host.UsesBlocks)
        {
            var operands = new MapOperands<T> { Weight = scale, Drop = drop };
            ColumnMaps.Run<T, ScaledResidualMap<T, R>>(host, x, branch, y, operands, sampleRows, channels, samples);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(
            ForwardKernel<T, R>))(
            ChannelLoop.Config(host, KernelHost.Blocks(sampleRows, RowTile), channels, samples), x, branch, scale, drop, y, sampleRows,
            channels);
    }

    /// <summary>Elements of the workspace that <see cref="Backward"/> needs.</summary>
    public static int WorkspaceLength(int samples, int sampleRows, int channels) =>
        checked(samples * RowChunks.Count(sampleRows) * channels);

    /// <summary>The gradients of branch and scale.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dy">[samples, rows, channels].</param>
    /// <param name="branch">[samples, rows, channels], the forward operand.</param>
    /// <param name="scale">[channels].</param>
    /// <param name="drop">[samples].</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="dbranch">[samples, rows, channels], written; may be dy.</param>
    /// <param name="dscale">[channels], written.</param>
    public static void Backward<T, R>(
        KernelHost host, ArrayView<T> dy, ArrayView<T> branch, ArrayView<T> scale, ArrayView<T> drop, ArrayView<T> workspace,
        ArrayView<T> dbranch, ArrayView<T> dscale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (samples, channels) = (drop.IntLength, scale.IntLength);
        var sampleRows = dy.IntLength / samples / channels;
        if (host.UsesBlocks)
        {
            var partials = ScaledResidualBlock.Backward<T, R>(host, dy, branch, scale, drop, workspace, dbranch, sampleRows);
            ColumnReduction.Finish<T, R>(host, workspace, dscale, partials, channels);
            return;
        }
        var chunks = RowChunks.Count(sampleRows);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            int, int, int>(BackwardKernel<T, R>))(
            ChannelLoop.Config(host, chunks, channels, samples), dy, branch, scale, drop, dbranch, workspace, sampleRows, channels,
            RowChunks.Size(sampleRows));
        ColumnReduction.Finish<T, R>(host, workspace, dscale, samples * chunks, channels);
    }
}
