// The gradients of the fused attention (Attention.cs), with the weights a_ij computed anew from the kept maxima and sums.
//
//   t_ij = dy_i . g_j      D_i = sum over j of a_ij t_ij = dy_i . o_i      dgamma = sum over i of D_i
//   e_ij = gamma scale a_ij (t_ij - D_i)
//   dq_i = sum over j of e_ij k_j          dk_j = sum over i of e_ij q_i
//   dg_j = gamma sum over i of a_ij dy_i + w_j sum over i of dy_i          dw_j = g_j . sum over i of dy_i
//
// One kernel has a thread per query and walks the keys (dq), another a thread per key and walks the queries (dk, dg): each
// gradient is owned by one thread, so nothing is scattered and sums are in order.
//
// Memory: linear in positions: packed copies of dy, k, g, dq, dk, dg. Accumulation: in T over the walked rows in order.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Fused attention without its matrix: backward.</summary>
public static class AttentionBackwardKernels
{
    // Launched by PositionKernels.Columns. D_i into the third row of the statistics.
    internal static void DotKernel<T, R>(ArrayView<T> dyColumns, ArrayView<T> oColumns, ArrayView<T> stats, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var i = Grid.IdxY * Group.DimX + Group.IdxX;
        if (i >= s.Positions) return;
        var column = PositionKernels.Column(s.Channels);
        var sum = T.Zero;
        for (var c = 0; c < s.Channels; c++)
            sum = R.Fma(dyColumns[column + c * Group.DimX], oColumns[column + c * Group.DimX], sum);
        var rows = s.Samples * s.Positions;
        var row = Grid.IdxX * s.Positions + i;
        stats[2 * rows + row] = sum * stats[rows + row];
    }

    // Launched by PositionKernels.Columns. dq starts as zeros.
    internal static void QueriesKernel<T, R>(
        ArrayView<T> qColumns, ArrayView<T> k, ArrayView<T> g, ArrayView<T> dyColumns, ArrayView<T> stats, ArrayView<T> gamma,
        ArrayView<T> dqColumns, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var i = Grid.IdxY * Group.DimX + Group.IdxX;
        if (i >= s.Positions) return;
        var lanes = Group.DimX;
        var q = PositionKernels.Column(s.KeyChannels);
        var dy = PositionKernels.Column(s.Channels);
        var rows = s.Samples * s.Positions;
        var row = Grid.IdxX * s.Positions + i;
        var peak = stats[row];
        var factor = stats[rows + row] * gamma[0] * scale;
        var dot = stats[2 * rows + row];
        var firstKey = Grid.IdxX * s.Keys;
        var endKey = firstKey + s.Keys;
        for (var j = firstKey; j < endKey; j += Tile8.Size)
        {
            var keys = Tile8.Rows(j, endKey - 1);
            var keyStarts = Tile8.Scale(keys, s.KeyChannels);
            var scores = Tile8.Dot<T, R>(k, keyStarts, qColumns, q, lanes, s.KeyChannels);
            scores = Tile8.Subtract(Tile8.Multiply(scores, Tile8.All(scale)), Tile8.All(peak));
            var t = Tile8.Dot<T, R>(g, Tile8.Scale(keys, s.Channels), dyColumns, dy, lanes, s.Channels);
            var e = Tile8.Multiply(Tile8.Exp<T, R>(scores), Tile8.Subtract(t, Tile8.All(dot)));
            e = Tile8.Limit(Tile8.Multiply(e, Tile8.All(factor)), endKey - j, T.Zero);
            Tile8.Accumulate<T, R>(dqColumns, q, lanes, T.One, k, keyStarts, e, s.KeyChannels);
        }
    }

    // Launched by PositionKernels.Columns over the keys. dk and dg start as zeros.
    internal static void KeysKernel<T, R>(
        ArrayView<T> kColumns, ArrayView<T> gColumns, ArrayView<T> q, ArrayView<T> dy, ArrayView<T> stats, ArrayView<T> gamma,
        ArrayView<T> dkColumns, ArrayView<T> dgColumns, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var j = Grid.IdxY * Group.DimX + Group.IdxX;
        if (j >= s.Keys) return;
        var lanes = Group.DimX;
        var k = PositionKernels.Column(s.KeyChannels);
        var g = PositionKernels.Column(s.Channels);
        var rows = s.Samples * s.Positions;
        var first = Grid.IdxX * s.Positions;
        var end = first + s.Positions;
        for (var i = first; i < end; i += Tile8.Size)
        {
            var queries = Tile8.Rows(i, end - 1);
            var queryStarts = Tile8.Scale(queries, s.KeyChannels);
            var dyStarts = Tile8.Scale(queries, s.Channels);
            var scores = Tile8.Dot<T, R>(q, queryStarts, kColumns, k, lanes, s.KeyChannels);
            scores = Tile8.Subtract(Tile8.Multiply(scores, Tile8.All(scale)), Tile8.Load(stats, queries));
            var weights = Tile8.Multiply(Tile8.Exp<T, R>(scores), Tile8.Load(stats, Tile8.Add(queries, rows)));
            weights = Tile8.Limit(Tile8.Multiply(weights, Tile8.All(gamma[0])), end - i, T.Zero);
            var t = Tile8.Dot<T, R>(dy, dyStarts, gColumns, g, lanes, s.Channels);
            var e = Tile8.Multiply(weights, Tile8.Subtract(t, Tile8.Load(stats, Tile8.Add(queries, 2 * rows))));
            Tile8.Accumulate<T, R>(dkColumns, k, lanes, T.One, q, queryStarts, Tile8.Multiply(e, Tile8.All(scale)), s.KeyChannels);
            Tile8.Accumulate<T, R>(dgColumns, g, lanes, T.One, dy, dyStarts, weights, s.Channels);
        }
    }

    // Launched by PositionKernels.Columns over the keys. dw[n, j] = the dot product of g[n, j] and dySum[n].
    internal static void UnaryKernel<T, R>(ArrayView<T> gColumns, ArrayView<T> dySum, ArrayView<T> dw, int keys, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var j = Grid.IdxY * Group.DimX + Group.IdxX;
        if (j >= keys) return;
        var column = PositionKernels.Column(channels);
        var sum = T.Zero;
        for (var c = 0; c < channels; c++)
            sum = R.Fma(gColumns[column + c * Group.DimX], dySum[Grid.IdxX * channels + c], sum);
        dw[Grid.IdxX * keys + j] = sum;
    }

    // Rows are keys of all samples. dg = what the queries gave + w_j * dySum.
    internal static void ValuesKernel<T, R>(
        ArrayView<T> dgColumns, ArrayView<T> weights, ArrayView<T> dySum, ArrayView<T> dg, int lanes, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = Grid.IdxX;
        var sum = row / s.Keys * s.Channels;
        var column = PositionKernels.PackedColumn(s.Keys, s.Channels, lanes);
        var weight = weights[row];
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
            dg[row * s.Channels + c] = R.Fma(weight, dySum[sum + c], dgColumns[column + c * lanes]);
    }

    /// <summary>Fills the third row of the statistics with dy . o.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dyColumns">The packed gradient of the result.</param>
    /// <param name="oColumns">From forward.</param>
    /// <param name="stats">From forward.</param>
    /// <param name="shape">The extents.</param>
    public static void Dot<T, R>(
        KernelHost host, ArrayView<T> dyColumns, ArrayView<T> oColumns, ArrayView<T> stats, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, AttentionShape>(DotKernel<T, R>))(
            PositionKernels.Columns(host, shape.Samples, shape.Positions), dyColumns, oColumns, stats, shape);

    /// <summary>The gradient of the centred queries.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="qColumns">Packed queries, centred.</param>
    /// <param name="k">Keys [samples, keys, keyChannels], centred.</param>
    /// <param name="g">Values [samples, keys, channels].</param>
    /// <param name="dyColumns">The packed gradient of the result.</param>
    /// <param name="stats">All three rows.</param>
    /// <param name="gamma">One element.</param>
    /// <param name="dqColumns">All zeros; receives the packed gradient.</param>
    /// <param name="scale">As in forward.</param>
    /// <param name="shape">The extents.</param>
    public static void Queries<T, R>(
        KernelHost host, ArrayView<T> qColumns, ArrayView<T> k, ArrayView<T> g, ArrayView<T> dyColumns, ArrayView<T> stats,
        ArrayView<T> gamma, ArrayView<T> dqColumns, double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<
            ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, AttentionShape>(
            QueriesKernel<T, R>))(
            PositionKernels.Columns(host, shape.Samples, shape.Positions), qColumns, k, g, dyColumns, stats, gamma, dqColumns,
            R.FromDouble(scale), shape);

    /// <summary>The gradients of the centred keys and, from the pairwise term, of the values.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="kColumns">Packed keys, centred.</param>
    /// <param name="gColumns">Packed values.</param>
    /// <param name="q">Queries [samples, positions, keyChannels], centred.</param>
    /// <param name="dy">The gradient of the result [samples, positions, channels].</param>
    /// <param name="stats">All three rows.</param>
    /// <param name="gamma">One element.</param>
    /// <param name="dkColumns">All zeros; receives the packed gradient of the keys.</param>
    /// <param name="dgColumns">All zeros; receives the packed gradient of the values.</param>
    /// <param name="scale">As in forward.</param>
    /// <param name="shape">The extents.</param>
    public static void Keys<T, R>(
        KernelHost host, ArrayView<T> kColumns, ArrayView<T> gColumns, ArrayView<T> q, ArrayView<T> dy, ArrayView<T> stats,
        ArrayView<T> gamma, ArrayView<T> dkColumns, ArrayView<T> dgColumns, double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<
            ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T,
            AttentionShape>(KeysKernel<T, R>))(
            PositionKernels.Columns(host, shape.Samples, shape.Keys), kColumns, gColumns, q, dy, stats, gamma, dkColumns, dgColumns,
            R.FromDouble(scale), shape);

    /// <summary>The gradient of the unary weights.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="gColumns">Packed values.</param>
    /// <param name="dySum">[samples, channels]: the sum of dy over positions.</param>
    /// <param name="dw">[samples, keys].</param>
    /// <param name="shape">The extents.</param>
    public static void Unary<T, R>(KernelHost host, ArrayView<T> gColumns, ArrayView<T> dySum, ArrayView<T> dw, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(UnaryKernel<T, R>))(
            PositionKernels.Columns(host, shape.Samples, shape.Keys), gColumns, dySum, dw, shape.Keys, shape.Channels);

    /// <summary>The gradient of the values from both terms.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dgColumns">From <see cref="Keys"/> or <see cref="AttentionBlockBackward.Keys"/>.</param>
    /// <param name="weights">The unary weights [samples, keys].</param>
    /// <param name="dySum">[samples, channels].</param>
    /// <param name="dg">[samples, keys, channels].</param>
    /// <param name="shape">The extents.</param>
    public static void Values<T, R>(
        KernelHost host, ArrayView<T> dgColumns, ArrayView<T> weights, ArrayView<T> dySum, ArrayView<T> dg, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, AttentionShape>(
            ValuesKernel<T, R>))(
            ChannelLoop.Config(host, shape.Samples * shape.Keys, shape.Channels), dgColumns, weights, dySum, dg, AttentionBlock.Lanes<T>(host), shape);
}
