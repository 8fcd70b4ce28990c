// The pairwise term of disentangled attention, per sample: o_i = sum over j of a_ij g_j, a_ij = softmax over j of scale q_i . k_j,
// with q and k already centred, and the output gamma * o_i + u, u being the unary term, the same for all positions.
//
// The attention matrix is never stored: a thread owns one query and walks the keys, eight at a time, with a running maximum and
// sum (as FlashAttention does); what was added up before is rescaled when the maximum rises. Backward computes the weights
// anew from the maximum and sum that forward kept.
//
// Memory: linear in positions: packed copies of q and of o (see Positions.cs), two numbers per query. Each key's rows are read once per
// block of queries. Accumulation: over keys in order, in T, fused multiply-adds; one thread per query, so no atomics.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The extents of an attention, the same for all samples.</summary>
/// <param name="Samples">Images.</param>
/// <param name="Positions">Queries of an image.</param>
/// <param name="Keys">Keys of an image.</param>
/// <param name="KeyChannels">Channels of queries and keys.</param>
/// <param name="Channels">Channels of values and of the result.</param>
/// <param name="Unused">Fills the struct up to a multiple of eight bytes.</param>
public readonly record struct AttentionShape(int Samples, int Positions, int Keys, int KeyChannels, int Channels, int Unused = 0);

/// <summary>Fused attention without its matrix: forward.</summary>
public static class AttentionKernels
{
    // Below any scaled product, and safe to subtract from one in single precision.
    private const double Lowest = -1e30;

    /// <summary>Rows of the statistics: a query's maximum, the reciprocal of its sum, and (in backward) dy . o.</summary>
    public const int StatRows = 3;

    // Launched by PositionKernels.Columns. o starts as zeros.
    internal static void ForwardKernel<T, R>(
        ArrayView<T> qColumns, ArrayView<T> k, ArrayView<T> g, ArrayView<T> oColumns, ArrayView<T> stats, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var i = Grid.IdxY * Group.DimX + Group.IdxX;
        if (i >= s.Positions) return;
        var lanes = Group.DimX;
        var q = PositionKernels.Column(s.KeyChannels);
        var o = PositionKernels.Column(s.Channels);
        var firstKey = Grid.IdxX * s.Keys;
        var endKey = firstKey + s.Keys;
        var peak = R.FromDouble(Lowest);
        var total = T.Zero;
        for (var j = firstKey; j < endKey; j += Tile8.Size)
        {
            var rows = Tile8.Rows(j, endKey - 1);
            var scores = Tile8.Dot<T, R>(k, Tile8.Scale(rows, s.KeyChannels), qColumns, q, lanes, s.KeyChannels);
            scores = Tile8.Limit(Tile8.Multiply(scores, Tile8.All(scale)), endKey - j, R.FromDouble(Lowest));
            var risen = R.Max(peak, Tile8.Max<T, R>(scores));
            var keep = R.Exp(peak - risen);
            var weights = Tile8.Exp<T, R>(Tile8.Subtract(scores, Tile8.All(risen)));
            total = R.Fma(total, keep, Tile8.Sum(weights));
            Tile8.Accumulate<T, R>(oColumns, o, lanes, keep, g, Tile8.Scale(rows, s.Channels), weights, s.Channels);
            peak = risen;
        }
        var row = Grid.IdxX * s.Positions + i;
        stats[row] = peak;
        stats[s.Samples * s.Positions + row] = T.One / total;
    }

    // Rows are queries of all samples. y = gamma * o / total + u.
    internal static void CombineKernel<T, R>(
        ArrayView<T> oColumns, ArrayView<T> stats, ArrayView<T> gamma, ArrayView<T> unary, ArrayView<T> y, int lanes, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = Grid.IdxX;
        var u = row / s.Positions * s.Channels;
        var o = PositionKernels.PackedColumn(s.Positions, s.Channels, lanes);
        var factor = gamma[0] * stats[s.Samples * s.Positions + row];
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
            y[row * s.Channels + c] = R.Fma(factor, oColumns[o + c * lanes], unary[u + c]);
    }

    // Grid: (samples, blocks of channels). u[n, c] = sum over j of weights[n, j] * g[n, j, c].
    internal static void UnaryKernel<T, R>(ArrayView<T> weights, ArrayView<T> g, ArrayView<T> u, int keys, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var c = Grid.IdxY * Group.DimX + Group.IdxX;
        if (c >= channels) return;
        var firstKey = Grid.IdxX * keys;
        var sum = T.Zero;
        for (var j = firstKey; j < firstKey + keys; j++)
            sum = R.Fma(weights[j], g[j * channels + c], sum);
        u[Grid.IdxX * channels + c] = sum;
    }

    /// <summary>o and the queries' statistics.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="qColumns">Packed queries, centred.</param>
    /// <param name="k">Keys [samples, keys, keyChannels], centred.</param>
    /// <param name="g">Values [samples, keys, channels].</param>
    /// <param name="oColumns">All zeros; receives the packed result, not yet divided by the weights' sums.</param>
    /// <param name="stats">[StatRows, samples * positions]; receives the first two rows.</param>
    /// <param name="scale">The factor of the products before the softmax.</param>
    /// <param name="shape">The extents, each at least 1.</param>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> qColumns, ArrayView<T> k, ArrayView<T> g, ArrayView<T> oColumns, ArrayView<T> stats, double scale,
        AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        host.Load(static a => a.LoadStreamKernel<
            ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, AttentionShape>(ForwardKernel<T, R>))(
            PositionKernels.Columns(host, shape.Samples, shape.Positions), qColumns, k, g, oColumns, stats, R.FromDouble(scale), shape);
    }

    /// <summary>y = gamma * o + u.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="oColumns">From <see cref="Forward"/> or <see cref="AttentionBlock.Forward"/>.</param>
    /// <param name="stats">From the same.</param>
    /// <param name="gamma">One element.</param>
    /// <param name="unary">[samples, channels].</param>
    /// <param name="y">[samples, positions, channels].</param>
    /// <param name="shape">The extents.</param>
    public static void Combine<T, R>(
        KernelHost host, ArrayView<T> oColumns, ArrayView<T> stats, ArrayView<T> gamma, ArrayView<T> unary, ArrayView<T> y,
        AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, AttentionShape>(
            CombineKernel<T, R>))(
            ChannelLoop.Config(host, shape.Samples * shape.Positions, shape.Channels), oColumns, stats, gamma, unary, y, AttentionBlock.Lanes<T>(host), shape);

    /// <summary>The unary term: u[n, c] = the sum of weights[n, j] * g[n, j, c] over the keys.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="weights">[samples, keys].</param>
    /// <param name="g">[samples, keys, channels].</param>
    /// <param name="u">[samples, channels].</param>
    /// <param name="shape">The extents.</param>
    public static void Unary<T, R>(KernelHost host, ArrayView<T> weights, ArrayView<T> g, ArrayView<T> u, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (PositionBlock.Takes(host, shape.Keys))
        {
            PositionBlock.Sum<T, R>(host, g, weights, u, shape.Samples, shape.Keys, shape.Channels);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(UnaryKernel<T, R>))(
            host.Rows(shape.Samples, shape.Channels), weights, g, u, shape.Keys, shape.Channels);
    }
}
