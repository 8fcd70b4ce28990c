// Disentangled attention forward, in one kernel, per sample:
//
//   y_i = gamma * sum over j of a_ij g_j + u          a_ij = softmax over j of scale (q_i - mean of q) . k_j
//   u   = sum over j of w_j g_j                        w_j  = softmax over j of m_j
//
// The mean of k drops out: it adds the same number to all scores of a query. (With it, the scores would be those of whitened q and k.) In float it costs
// digits where it is many times as large as what differs: AttentionTests has numbers.
//
// No matrix of weights is stored: a thread owns one query and walks the keys, eight at a time, with a running maximum and sum (as
// FlashAttention does); what was added up before is rescaled when the maximum rises. u is walked in the same way, its channels shared out
// among the threads. Backward computes the weights anew from the maxima and sums that forward kept.
//
// A group takes a share of its sample's blocks of queries, a query per lane, so that the mean of q and u, which every group computes for
// itself, are a small part of its work: a CPU's group takes 1/32 of a sample or more, a GPU's one block of 128.
//
// Memory: linear in positions: o in blocks of columns, [samples, blocks, channels, lanes], so that a thread runs down the channels of its
// own query while neighbouring lanes use neighbouring memory; two numbers per query; per group a row of what its sample's queries
// share and a workspace for one block of q. Each key's rows are read once per block of queries. Accumulation: the mean in double, four sums
// in turn; else over keys in order, in T, fused. What is written by one thread and read by others lies behind a barrier; no atomics.
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
/// <param name="Shares">Groups that share out an image's queries; launchers set it.</param>
public readonly record struct AttentionShape(int Samples, int Positions, int Keys, int KeyChannels, int Channels, int Shares = 0);

/// <summary>The operands.</summary>
/// <param name="q">Queries [samples, positions, keyChannels].</param>
/// <param name="k">Keys [samples, keys, keyChannels].</param>
/// <param name="g">Values [samples, keys, channels].</param>
/// <param name="m">Unary scores [samples, keys].</param>
/// <param name="gamma">One element.</param>
public readonly struct AttentionMaps<T>(ArrayView<T> q, ArrayView<T> k, ArrayView<T> g, ArrayView<T> m, ArrayView<T> gamma)
    where T : unmanaged
{
    internal readonly ArrayView<T> Q = q, K = k, G = g, M = m, Gamma = gamma;
}

/// <summary>What forward keeps for backward; see <see cref="AttentionHost"/> for the lengths.</summary>
/// <param name="o">The pairwise term, not yet divided by the weights' sums.</param>
/// <param name="stats">[3, samples * positions]: a query's maximum, the reciprocal of its sum, and (in backward) dy . o.</param>
/// <param name="rows">Per group what its sample's queries share, see <see cref="AttentionRow"/>.</param>
public readonly struct AttentionKept<T>(ArrayView<T> o, ArrayView<T> stats, ArrayView<T> rows)
    where T : unmanaged
{
    internal readonly ArrayView<T> O = o, Stats = stats, Rows = rows;
}

/// <summary>Fused attention without its matrix: forward, a query per lane.</summary>
internal static class AttentionKernels
{
    // Grid: (samples, shares of an image's queries).
    internal static void ForwardKernel<T, R>(
        AttentionMaps<T> x, AttentionKept<T> kept, ArrayView<T> y, ArrayView<T> workspace, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = AttentionRow.Own(s);
        AttentionRow.Means<T, R>(x.Q, kept.Rows, row, s);
        var q = AttentionColumns.Workspace(s.KeyChannels);
        AttentionRow.Unary<T, R>(x.G, x.M, kept.Rows, row, workspace, q - Group.IdxX, s);
        Group.Barrier();
        for (var block = AttentionColumns.First(s.Positions); block < AttentionColumns.End(s.Positions); block++)
        {
            var i = AttentionColumns.Row(block, s.Positions);
            AttentionColumns.LoadCentered(workspace, q, x.Q, i * s.KeyChannels, kept.Rows, row, s.KeyChannels);
            Attend<T, R>(x, kept, workspace, q, block, scale, s);
            Group.Barrier();
            Combine<T, R>(x, kept, y, block, row, s);
        }
    }

    /// <summary>o and the statistics of the calling thread's query.</summary>
    private static void Attend<T, R>(
        AttentionMaps<T> x, AttentionKept<T> kept, ArrayView<T> workspace, int q, int block, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var lanes = Group.DimX;
        var i = AttentionColumns.Row(block, s.Positions);
        var o = AttentionColumns.Kept(block, s.Positions, s.Channels);
        var firstKey = Grid.IdxX * s.Keys;
        var endKey = firstKey + s.Keys;
        AttentionColumns.Clear(kept.O, o, s.Channels);
        var peak = R.FromDouble(AttentionHost.Lowest);
        var total = T.Zero;
        for (var j = firstKey; j < endKey; j += Tile8.Size)
        {
            var rows = Tile8.Rows(j, endKey - 1);
            var scores = Tile8.Dot<T, R>(x.K, Tile8.Scale(rows, s.KeyChannels), workspace, q, lanes, s.KeyChannels);
            scores = Tile8.Limit(Tile8.Multiply(scores, Tile8.All(scale)), endKey - j, R.FromDouble(AttentionHost.Lowest));
            var risen = R.Max(peak, Tile8.Max<T, R>(scores));
            var keep = R.Exp(peak - risen);
            var weights = Tile8.Exp<T, R>(Tile8.Subtract(scores, Tile8.All(risen)));
            total = R.Fma(total, keep, Tile8.Sum(weights));
            Tile8.Accumulate<T, R>(kept.O, o, lanes, keep, x.G, Tile8.Scale(rows, s.Channels), weights, s.Channels);
            peak = risen;
        }
        if (!AttentionColumns.Owns(block, s.Positions)) return;
        kept.Stats[i] = peak;
        kept.Stats[s.Samples * s.Positions + i] = T.One / total;
    }

    /// <summary>y = gamma * o / total + u for a block's queries, lanes along the channels.</summary>
    private static void Combine<T, R>(AttentionMaps<T> x, AttentionKept<T> kept, ArrayView<T> y, int block, int row, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var lanes = Group.DimX;
        var o = AttentionColumns.KeptBlock(block, s.Positions, s.Channels);
        var first = Grid.IdxX * s.Positions + block * lanes;
        var count = AttentionColumns.Count(block, s.Positions);
        for (var r = 0; r < count; r++)
        {
            var factor = x.Gamma[0] * kept.Stats[s.Samples * s.Positions + first + r];
            for (var at = 0; at < s.Channels; at += lanes)
            {
                var c = at + Group.IdxX;
                if (c < s.Channels)
                    y[(first + r) * s.Channels + c] = R.Fma(factor, kept.O[o + c * lanes + r], kept.Rows[row + AttentionRow.Values(s) + c]);
            }
        }
    }

    /// <summary>y, and what backward needs.</summary>
    public static void Forward<T, R>(
        KernelHost host, AttentionMaps<T> maps, AttentionKept<T> kept, ArrayView<T> y, ArrayView<T> workspace, double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<AttentionMaps<T>, AttentionKept<T>, ArrayView<T>, ArrayView<T>, T, AttentionShape>(
            ForwardKernel<T, R>))(AttentionColumns.Config(host, shape.Samples, shape.Positions), maps, kept, y, workspace, R.FromDouble(scale), shape);
}
