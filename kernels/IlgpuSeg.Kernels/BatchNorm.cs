// Batch normalisation over the rows (pixels of all images) of [rows, channels]: y = (x - mean) / sqrt(var + eps) * weight + bias
// (Ioffe and Szegedy), then an activation. Training takes mean and variance of the batch and moves the running ones; inference
// takes those.
//
// Memory: training reads x twice (statistics, normalisation) and writes y; backward reads x and dy twice and writes dx. The
// activation costs no memory: backward computes its operand again from x, with the same operations and so the same bits.
// Partial results go to a workspace. Accumulation: the variance is never a difference of large sums. Each chunk of rows takes
// its mean first and the squared deviations from it second (the chunk is in the cache then), in T; chunks are merged in order
// in double by Chan, Golub and LeVeque's update. Gradients are sums per chunk in T, added in order in double.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>What normalisation needs per channel.</summary>
/// <param name="Mean">[channels], of the batch or running.</param>
/// <param name="InverseDeviation">[channels], 1 / sqrt(variance + eps).</param>
/// <param name="Weight">[channels].</param>
/// <param name="Bias">[channels].</param>
public readonly record struct BatchNormChannels<T>(ArrayView<T> Mean, ArrayView<T> InverseDeviation, ArrayView<T> Weight, ArrayView<T> Bias)
    where T : unmanaged;

/// <summary>Batch normalisation of [rows, channels].</summary>
public static class BatchNormKernels
{
    // Rows that one thread normalises with the same channel's constants in registers.
    private const int RowTile = 8;

    // Grid: (chunks, blocks of channels); partials are [2, chunks, channels]: means, then sums of squared deviations.
    internal static void MomentsKernel<T, R>(ArrayView<T> x, ArrayView<T> partials, int rows, int channels, int chunkRows)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var first = Grid.IdxX * chunkRows;
        var last = first + chunkRows < rows ? first + chunkRows : rows;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var r = first; r < last; r++)
                sum += x[r * channels + c];
            var mean = sum / R.FromInt(last - first);
            var squares = T.Zero;
            for (var r = first; r < last; r++)
            {
                var deviation = x[r * channels + c] - mean;
                squares = R.Fma(deviation, deviation, squares);
            }
            partials[Grid.IdxX * channels + c] = mean;
            partials[(Grid.DimX + Grid.IdxX) * channels + c] = squares;
        }
    }

    // Merges the chunks and moves the running statistics: the biased variance normalises, the unbiased one is remembered.
    internal static void MergeMomentsKernel<T, R>(
        ArrayView<T> partials, ArrayView<T> mean, ArrayView<T> inverseDeviation, ArrayView<T> runningMean, ArrayView<T> runningVar,
        double momentum, double eps, int rows, int channels, int chunkRows, int chunks)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var c = Grid.IdxX * Group.DimX + Group.IdxX;
        if (c >= channels) return;
        var total = 0.0;
        var squares = 0.0;
        var seen = 0;
        for (var k = 0; k < chunks; k++)
        {
            var count = rows - seen < chunkRows ? rows - seen : chunkRows;
            var delta = R.ToDouble(partials[k * channels + c]) - total;
            squares += R.ToDouble(partials[(chunks + k) * channels + c]) + delta * delta * ((double)seen * count / (seen + count));
            seen += count;
            total += delta * count / seen;
        }
        mean[c] = R.FromDouble(total);
        inverseDeviation[c] = R.FromDouble(Real64.Rsqrt(squares / rows + eps));
        runningMean[c] = R.FromDouble((1.0 - momentum) * R.ToDouble(runningMean[c]) + momentum * total);
        runningVar[c] = R.FromDouble((1.0 - momentum) * R.ToDouble(runningVar[c]) + momentum * (squares / (rows - 1)));
    }

    internal static void InverseDeviationKernel<T, R>(ArrayView<T> variance, ArrayView<T> inverseDeviation, double eps, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var c = Grid.IdxX * Group.DimX + Group.IdxX;
        if (c >= channels) return;
        inverseDeviation[c] = R.FromDouble(Real64.Rsqrt(R.ToDouble(variance[c]) + eps));
    }

    // scale[c] = weight / sqrt(variance + eps), shift[c] = bias - mean * scale.
    internal static void FoldKernel<T, R>(
        ArrayView<T> mean, ArrayView<T> variance, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> scale, ArrayView<T> shift, double eps,
        int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var c = Grid.IdxX * Group.DimX + Group.IdxX;
        if (c >= channels) return;
        var factor = R.ToDouble(weight[c]) * Real64.Rsqrt(R.ToDouble(variance[c]) + eps);
        scale[c] = R.FromDouble(factor);
        shift[c] = R.FromDouble(R.ToDouble(bias[c]) - R.ToDouble(mean[c]) * factor);
    }

    // Grid: (tiles of rows, blocks of channels).
    internal static void NormalizeKernel<T, R, TActivation>(
        ArrayView<T> x, ArrayView<T> mean, ArrayView<T> inverseDeviation, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y,
        int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TActivation : struct, IActivation<T>
    {
        var first = Grid.IdxX * RowTile;
        var last = first + RowTile < rows ? first + RowTile : rows;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
        {
            var m = mean[c];
            var scale = inverseDeviation[c] * weight[c];
            var shift = bias[c];
            for (var r = first; r < last; r++)
                y[r * channels + c] = TActivation.Value(R.Fma(x[r * channels + c] - m, scale, shift));
        }
    }

    // Grid: (chunks, blocks of channels); partials are [2, chunks, channels]: sums of g * normalised x, then sums of g, where g is
    // the gradient before the activation.
    internal static void GradientSumsKernel<T, R, TActivation>(
        ArrayView<T> x, ArrayView<T> dy, ArrayView<T> mean, ArrayView<T> inverseDeviation, ArrayView<T> weight, ArrayView<T> bias,
        ArrayView<T> partials, int rows, int channels, int chunkRows)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TActivation : struct, IActivation<T>
    {
        var first = Grid.IdxX * chunkRows;
        var last = first + chunkRows < rows ? first + chunkRows : rows;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
        {
            var m = mean[c];
            var inverse = inverseDeviation[c];
            var scale = inverse * weight[c];
            var shift = bias[c];
            var products = T.Zero;
            var sum = T.Zero;
            for (var r = first; r < last; r++)
            {
                var centred = x[r * channels + c] - m;
                var g = TActivation.Gradient(R.Fma(centred, scale, shift), dy[r * channels + c]);
                products = R.Fma(g, centred, products);
                sum += g;
            }
            partials[Grid.IdxX * channels + c] = products * inverse;
            partials[(Grid.DimX + Grid.IdxX) * channels + c] = sum;
        }
    }

    // dx = weight / deviation * (g - mean(g) - normalised x * mean(g * normalised x)) through the batch's statistics; with fixed ones
    // (share = 0) dx = weight / deviation * g. Grid: (tiles of rows, blocks of channels).
    internal static void BackwardKernel<T, R, TActivation>(
        ArrayView<T> x, ArrayView<T> dy, ArrayView<T> mean, ArrayView<T> inverseDeviation, ArrayView<T> weight, ArrayView<T> bias,
        ArrayView<T> dweight, ArrayView<T> dbias, ArrayView<T> dx, T share, int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TActivation : struct, IActivation<T>
    {
        var first = Grid.IdxX * RowTile;
        var last = first + RowTile < rows ? first + RowTile : rows;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
        {
            var m = mean[c];
            var inverse = inverseDeviation[c];
            var scale = inverse * weight[c];
            var shift = bias[c];
            // Fixed statistics leave dbias and dweight unread.
            var meanGradient = share > T.Zero ? dbias[c] * share : T.Zero;
            var slope = share > T.Zero ? dweight[c] * inverse * share : T.Zero;
            for (var r = first; r < last; r++)
            {
                var centred = x[r * channels + c] - m;
                var g = TActivation.Gradient(R.Fma(centred, scale, shift), dy[r * channels + c]);
                dx[r * channels + c] = scale * R.Fma(-centred, slope, g - meanGradient);
            }
        }
    }

    /// <summary>Elements of the workspace that <see cref="BatchStatistics"/> and <see cref="ParameterGradients"/> need.</summary>
    public static int WorkspaceLength(int rows, int channels) => checked(2 * RowChunks.Count(rows) * channels);

    /// <summary>Mean and 1 / sqrt(variance + eps) of each channel over the rows; moves the running mean and variance.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, channels].</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="mean">[channels], written.</param>
    /// <param name="inverseDeviation">[channels], written; of the biased variance.</param>
    /// <param name="runningMean">[channels], updated with the batch's mean.</param>
    /// <param name="runningVar">[channels], updated with the batch's unbiased variance.</param>
    /// <param name="momentum">The weight of the batch in the running statistics.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="rows">Rows, at least 2: the unbiased variance divides by rows - 1.</param>
    /// <param name="channels">Channels.</param>
    public static void BatchStatistics<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> workspace, ArrayView<T> mean, ArrayView<T> inverseDeviation,
        ArrayView<T> runningMean, ArrayView<T> runningVar, double momentum, double eps, int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (host.UsesBlocks)
        {
            BatchNormBlock.Statistics<T, R>(
                host, x, workspace, mean, inverseDeviation, runningMean, runningVar, momentum, eps, rows, channels);
            return;
        }
        var chunks = RowChunks.Count(rows);
        var chunkRows = RowChunks.Size(rows);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int, int>(MomentsKernel<T, R>))(
            ChannelLoop.Config(host, chunks, channels), x, workspace, rows, channels, chunkRows);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, double, double,
            int, int, int, int>(MergeMomentsKernel<T, R>))(
            host.Linear(channels), workspace, mean, inverseDeviation, runningMean, runningVar, momentum, eps, rows, channels, chunkRows,
            chunks);
    }

    /// <summary>inverseDeviation[c] = 1 / sqrt(variance[c] + eps), for inference.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="variance">[channels].</param>
    /// <param name="inverseDeviation">[channels], written.</param>
    /// <param name="eps">Added to the variance.</param>
    public static void InverseDeviation<T, R>(KernelHost host, ArrayView<T> variance, ArrayView<T> inverseDeviation, double eps)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var channels = variance.IntLength;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, double, int>(InverseDeviationKernel<T, R>))(
            host.Linear(channels), variance, inverseDeviation, eps, channels);
    }

    /// <summary>The norm with fixed statistics as one multiplication and one addition: x * scale + shift.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="mean">[channels].</param>
    /// <param name="variance">[channels].</param>
    /// <param name="weight">[channels].</param>
    /// <param name="bias">[channels].</param>
    /// <param name="scale">[channels], written: weight / sqrt(variance + eps).</param>
    /// <param name="shift">[channels], written: bias - mean * scale.</param>
    /// <param name="eps">Added to the variance.</param>
    public static void Fold<T, R>(
        KernelHost host, ArrayView<T> mean, ArrayView<T> variance, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> scale,
        ArrayView<T> shift, double eps)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var channels = scale.IntLength;
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, double,
            int>(FoldKernel<T, R>))(host.Linear(channels), mean, variance, weight, bias, scale, shift, eps, channels);
    }

    /// <summary>y = activation((x - mean) * inverseDeviation * weight + bias).</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, channels].</param>
    /// <param name="p">The channels' constants.</param>
    /// <param name="y">[rows, channels]; may be x.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="channels">Channels.</param>
    public static void Normalize<T, R, TActivation>(
        KernelHost host, ArrayView<T> x, BatchNormChannels<T> p, ArrayView<T> y, int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TActivation : struct, IActivation<T>
    {
        if (host.UsesBlocks)
        {
            ColumnMaps.Run<T, NormalizeMap<T, R, TActivation>>(host, x, x, y, Operands(p), rows, channels);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            int, int>(NormalizeKernel<T, R, TActivation>))(
            ChannelLoop.Config(host, KernelHost.Blocks(rows, RowTile), channels), x, p.Mean, p.InverseDeviation, p.Weight, p.Bias, y,
            rows, channels);
    }

    private static MapOperands<T> Operands<T>(BatchNormChannels<T> p)
        where T : unmanaged, INumber<T> =>
        new() { Mean = p.Mean, InverseDeviation = p.InverseDeviation, Weight = p.Weight, Bias = p.Bias };

    /// <summary>The gradients of weight and bias.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, channels], the forward operand.</param>
    /// <param name="dy">[rows, channels].</param>
    /// <param name="p">The channels' constants as used forward.</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="dweight">[channels], written.</param>
    /// <param name="dbias">[channels], written.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="channels">Channels.</param>
    public static void ParameterGradients<T, R, TActivation>(
        KernelHost host, ArrayView<T> x, ArrayView<T> dy, BatchNormChannels<T> p, ArrayView<T> workspace, ArrayView<T> dweight,
        ArrayView<T> dbias, int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TActivation : struct, IActivation<T>
    {
        if (host.UsesBlocks)
        {
            ColumnBlockSums.Partial<T, BatchNormTerm<T, R, TActivation>>(
                host, x, dy, new TermOperands<T>(p.Mean, p.InverseDeviation, p.Weight, p.Bias), workspace, rows, channels);
            ColumnReduction.FinishPair<T, R>(host, workspace, dweight, dbias, ColumnBlock.Cut(rows, channels).Chunks, channels);
            return;
        }
        var chunks = RowChunks.Count(rows);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            ArrayView<T>, int, int, int>(GradientSumsKernel<T, R, TActivation>))(
            ChannelLoop.Config(host, chunks, channels), x, dy, p.Mean, p.InverseDeviation, p.Weight, p.Bias, workspace, rows, channels,
            RowChunks.Size(rows));
        ColumnReduction.FinishPair<T, R>(host, workspace, dweight, dbias, chunks, channels);
    }

    /// <summary>The gradient of x.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, channels], the forward operand.</param>
    /// <param name="dy">[rows, channels].</param>
    /// <param name="p">The channels' constants as used forward.</param>
    /// <param name="batchStatistics">Whether mean and deviation are the batch's, so that the gradient passes through them too.</param>
    /// <param name="dweight">[channels], from <see cref="ParameterGradients"/>; not read with fixed statistics.</param>
    /// <param name="dbias">[channels], from <see cref="ParameterGradients"/>; not read with fixed statistics.</param>
    /// <param name="dx">[rows, channels], written; may be dy.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="channels">Channels.</param>
    public static void Backward<T, R, TActivation>(
        KernelHost host, ArrayView<T> x, ArrayView<T> dy, BatchNormChannels<T> p, bool batchStatistics, ArrayView<T> dweight,
        ArrayView<T> dbias, ArrayView<T> dx, int rows, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TActivation : struct, IActivation<T>
    {
        var share = batchStatistics ? T.One / R.FromInt(rows) : T.Zero;
        if (host.UsesBlocks)
        {
            var operands = Operands(p) with { WeightGradient = dweight, BiasGradient = dbias, Share = share };
            ColumnMaps.Run<T, NormalizeGradientMap<T, R, TActivation>>(host, x, dy, dx, operands, rows, channels);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            ArrayView<T>, ArrayView<T>, ArrayView<T>, T, int, int>(BackwardKernel<T, R, TActivation>))(
            ChannelLoop.Config(host, KernelHost.Blocks(rows, RowTile), channels), x, dy, p.Mean, p.InverseDeviation, p.Weight, p.Bias,
            dweight, dbias, dx, share, rows, channels);
    }
}
