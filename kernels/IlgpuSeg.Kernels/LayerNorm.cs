// Layer normalisation over the last axis of [rows, channels]: y = (x - mean) / sqrt(var + eps) * weight + bias with each row's own
// mean and (biased) variance (Ba, Kiros and Hinton).
//
// Memory: one warp per row, lanes along its channels; a row is read three times forward and twice backward, but only once from
// memory. Accumulation: each lane sums its channels in order in T, lanes are added by a butterfly; the variance is taken from the
// deviations. The gradients of weight and bias are sums over rows per chunk in T, then in order in double.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Layer normalisation of [rows, channels] along the channels.</summary>
public static class LayerNormKernels
{
    // One warp per row.
    internal static void ForwardKernel<T, R>(
        ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, ArrayView<T> mean, ArrayView<T> inverseDeviation,
        T eps, int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = WarpRows.Row;
        if (row >= rows) return;
        var count = R.FromInt(channels);
        var sum = T.Zero;
        for (var c = Warp.LaneIdx; c < channels; c += Warp.WarpSize)
            sum += x[row * channels + c];
        var m = WarpRows.Sum(sum) / count;
        var squares = T.Zero;
        for (var c = Warp.LaneIdx; c < channels; c += Warp.WarpSize)
        {
            var deviation = x[row * channels + c] - m;
            squares = R.Fma(deviation, deviation, squares);
        }
        var inverse = R.Rsqrt(WarpRows.Sum(squares) / count + eps);
        for (var c = Warp.LaneIdx; c < channels; c += Warp.WarpSize)
            y[row * channels + c] = R.Fma((x[row * channels + c] - m) * inverse, weight[c], bias[c]);
        if (Warp.LaneIdx == 0)
        {
            mean[row] = m;
            inverseDeviation[row] = inverse;
        }
    }

    // dx = (g - mean(g) - normalised x * mean(g * normalised x)) / deviation with g = dy * weight. One warp per row.
    internal static void BackwardKernel<T, R>(
        ArrayView<T> x, ArrayView<T> dy, ArrayView<T> weight, ArrayView<T> mean, ArrayView<T> inverseDeviation, ArrayView<T> dx,
        int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = WarpRows.Row;
        if (row >= rows) return;
        var m = mean[row];
        var inverse = inverseDeviation[row];
        var count = R.FromInt(channels);
        var sum = T.Zero;
        var products = T.Zero;
        for (var c = Warp.LaneIdx; c < channels; c += Warp.WarpSize)
        {
            var g = dy[row * channels + c] * weight[c];
            sum += g;
            products = R.Fma(g, (x[row * channels + c] - m) * inverse, products);
        }
        var meanGradient = WarpRows.Sum(sum) / count;
        var slope = WarpRows.Sum(products) / count;
        for (var c = Warp.LaneIdx; c < channels; c += Warp.WarpSize)
        {
            // The product is rounded as it was in the mean: a single channel then cancels exactly.
            var centred = dy[row * channels + c] * weight[c] - meanGradient;
            dx[row * channels + c] = inverse * R.Fma((m - x[row * channels + c]) * inverse, slope, centred);
        }
    }

    // Grid: (chunks, blocks of channels); partials are [2, chunks, channels]: sums of dy * normalised x, then sums of dy.
    internal static void GradientSumsKernel<T, R>(
        ArrayView<T> x, ArrayView<T> dy, ArrayView<T> mean, ArrayView<T> inverseDeviation, ArrayView<T> partials,
        int rows, int channels, int chunkRows)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var first = Grid.IdxX * chunkRows;
        var last = first + chunkRows < rows ? first + chunkRows : rows;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
        {
            var products = T.Zero;
            var sum = T.Zero;
            for (var r = first; r < last; r++)
            {
                var g = dy[r * channels + c];
                products = R.Fma(g, (x[r * channels + c] - mean[r]) * inverseDeviation[r], products);
                sum += g;
            }
            partials[Grid.IdxX * channels + c] = products;
            partials[(Grid.DimX + Grid.IdxX) * channels + c] = sum;
        }
    }

    /// <summary>Elements of the workspace that <see cref="ParameterGradients"/> needs.</summary>
    public static int WorkspaceLength(int rows, int channels) => checked(2 * RowChunks.Count(rows) * channels);

    /// <summary>y = (x - mean) / sqrt(var + eps) * weight + bias, row by row.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, channels].</param>
    /// <param name="weight">[channels].</param>
    /// <param name="bias">[channels].</param>
    /// <param name="y">[rows, channels], written; may be x.</param>
    /// <param name="mean">[rows], written.</param>
    /// <param name="inverseDeviation">[rows], written.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="channels">Channels.</param>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, ArrayView<T> mean,
        ArrayView<T> inverseDeviation, double eps, int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            T, int, int>(ForwardKernel<T, R>))(
            WarpRows.Config(host, rows), x, weight, bias, y, mean, inverseDeviation, R.FromDouble(eps), rows, channels);

    /// <summary>The gradient of x.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, channels], the forward operand.</param>
    /// <param name="dy">[rows, channels].</param>
    /// <param name="weight">[channels].</param>
    /// <param name="mean">[rows], from the forward pass.</param>
    /// <param name="inverseDeviation">[rows], from the forward pass.</param>
    /// <param name="dx">[rows, channels], written; may be dy.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="channels">Channels.</param>
    public static void Backward<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> dy, ArrayView<T> weight, ArrayView<T> mean, ArrayView<T> inverseDeviation,
        ArrayView<T> dx, int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            int, int>(BackwardKernel<T, R>))(WarpRows.Config(host, rows), x, dy, weight, mean, inverseDeviation, dx, rows, channels);

    /// <summary>The gradients of weight and bias.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, channels], the forward operand.</param>
    /// <param name="dy">[rows, channels].</param>
    /// <param name="mean">[rows], from the forward pass.</param>
    /// <param name="inverseDeviation">[rows], from the forward pass.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="dweight">[channels], written.</param>
    /// <param name="dbias">[channels], written.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="channels">Channels.</param>
    public static void ParameterGradients<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> dy, ArrayView<T> mean, ArrayView<T> inverseDeviation, ArrayView<T> workspace,
        ArrayView<T> dweight, ArrayView<T> dbias, int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (host.UsesBlocks)
        {
            ColumnBlockSums.Partial<T, LayerNormTerm<T, R>>(
                host, x, dy, new TermOperands<T>(mean, inverseDeviation, default, default), workspace, rows, channels);
            ColumnReduction.FinishPair<T, R>(host, workspace, dweight, dbias, ColumnBlock.Cut(rows, channels).Chunks, channels);
            return;
        }
        var chunks = RowChunks.Count(rows);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, int>(
            GradientSumsKernel<T, R>))(
            ChannelLoop.Config(host, chunks, channels), x, dy, mean, inverseDeviation, workspace, rows, channels, RowChunks.Size(rows));
        ColumnReduction.FinishPair<T, R>(host, workspace, dweight, dbias, chunks, channels);
    }
}
