// The gradients of the fused attention (Attention.cs), with the weights a_ij computed anew from the kept maxima and sums. q is centred here:
//
//   t_ij = dy_i . g_j      D_i = sum over j of a_ij t_ij = dy_i . o_i      e_ij = gamma scale a_ij (t_ij - D_i)      S = sum over i of dy_i
//   dq_i = sum over j of e_ij k_j, minus its mean over i                   dk_j = sum over i of e_ij q_i            dgamma = sum over i of D_i
//   dg_j = gamma sum over i of a_ij dy_i + w_j S                           dm_j = w_j (g_j - u) . S
//
// Whitening k needs nothing here either: e_ij sums to 0 over the keys, so the mean of dk is 0.
//
// Two kernels: one has a thread per query and walks the keys (D, dq), another a thread per key and walks the queries (dk, dg, dm). The second one
// needs D of all queries, and S, the mean of dq and dgamma are sums over all of them: the end of the first launch is the only barrier across groups
// that every device has. In one launch each group of keys would have to read all of dy and o for D and S, and groups would have to wait for
// others for the mean of dq. The first kernel leaves each group's sums; every group of the second adds up its sample's and
// centres its share of dq.
//
// Memory: linear in positions: a centred copy of q, a row of sums per group, per group a workspace for the columns of one block. Each gradient's row is
// owned by one thread, so nothing is scattered; no atomics. Accumulation: in T over the walked rows in order; sums over queries in double.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The gradients; all are written whole.</summary>
/// <param name="dq">[samples, positions, keyChannels].</param>
/// <param name="dk">[samples, keys, keyChannels].</param>
/// <param name="dg">[samples, keys, channels].</param>
/// <param name="dm">[samples, keys].</param>
/// <param name="dgamma">One element.</param>
public readonly struct AttentionGradients<T>(ArrayView<T> dq, ArrayView<T> dk, ArrayView<T> dg, ArrayView<T> dm, ArrayView<T> dgamma)
    where T : unmanaged
{
    internal readonly ArrayView<T> Dq = dq, Dk = dk, Dg = dg, Dm = dm, Dgamma = dgamma;
}

/// <summary>What backward uses beside them; see <see cref="AttentionHost"/> for the lengths.</summary>
/// <param name="sums">A row per group of either kernel, see <see cref="AttentionTotals"/>.</param>
/// <param name="centered">q minus its means, for the form with a query per lane.</param>
/// <param name="columns">Blocks of columns, for the same.</param>
public readonly struct AttentionScratch<T>(ArrayView<T> sums, ArrayView<T> centered, ArrayView<T> columns)
    where T : unmanaged
{
    internal readonly ArrayView<T> Sums = sums, Centered = centered, Columns = columns;
}

/// <summary>Fused attention without its matrix: backward, a query (key) per lane.</summary>
internal static class AttentionBackwardKernels
{
    // Grid: (samples, shares of an image's queries). Columns per group: dy, q, dq.
    internal static void QueriesKernel<T, R>(
        AttentionMaps<T> x, ArrayView<T> dy, AttentionKept<T> kept, AttentionGradients<T> d, AttentionScratch<T> scratch, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = AttentionRow.Of(Grid.IdxX, s);
        var dyColumn = AttentionColumns.Workspace(2 * s.KeyChannels + s.Channels);
        var q = dyColumn + s.Channels * Group.DimX;
        var dq = q + s.KeyChannels * Group.DimX;
        var queries = s.Samples * s.Positions;
        for (var block = AttentionColumns.First(s.Positions); block < AttentionColumns.End(s.Positions); block++)
        {
            var i = AttentionColumns.Row(block, s.Positions);
            AttentionColumns.Load(scratch.Columns, dyColumn, dy, i * s.Channels, s.Channels);
            AttentionColumns.LoadCentered(scratch.Columns, q, x.Q, i * s.KeyChannels, kept.Rows, row, s.KeyChannels);
            AttentionColumns.Clear(scratch.Columns, dq, s.KeyChannels);
            var dot = Dot<T, R>(kept, scratch, AttentionColumns.Kept(block, s.Positions, s.Channels), dyColumn, s) * kept.Stats[queries + i];
            if (AttentionColumns.Owns(block, s.Positions)) kept.Stats[2 * queries + i] = dot;
            Query<T, R>(x, kept, scratch, dyColumn, q, dq, i, dot, scale, s);
            Group.Barrier();
            var first = Grid.IdxX * s.Positions + block * Group.DimX;
            var count = AttentionColumns.Count(block, s.Positions);
            AttentionColumns.Store(scratch.Centered, first, count, scratch.Columns, q - Group.IdxX, s.KeyChannels);
            AttentionColumns.Store(d.Dq, first, count, scratch.Columns, dq - Group.IdxX, s.KeyChannels);
            Group.Barrier();
        }
        var begin = AttentionColumns.First(s.Positions) * Group.DimX;
        var end = Smaller(AttentionColumns.End(s.Positions) * Group.DimX, s.Positions);
        AttentionTotals.OfShare<T, R>(dy, kept, d, scratch, Grid.IdxX * s.Positions + begin, end - begin, s);
    }

    /// <summary>dy . o of the calling thread's query, o as it is kept.</summary>
    private static T Dot<T, R>(AttentionKept<T> kept, AttentionScratch<T> scratch, int o, int dy, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var lanes = Group.DimX;
        T even = T.Zero, odd = T.Zero;
        var c = 0;
        for (; c + 1 < s.Channels; c += 2)
        {
            even = R.Fma(scratch.Columns[dy + c * lanes], kept.O[o + c * lanes], even);
            odd = R.Fma(scratch.Columns[dy + (c + 1) * lanes], kept.O[o + (c + 1) * lanes], odd);
        }
        if (c < s.Channels) even = R.Fma(scratch.Columns[dy + c * lanes], kept.O[o + c * lanes], even);
        return even + odd;
    }

    /// <summary>dq of the calling thread's query.</summary>
    private static void Query<T, R>(
        AttentionMaps<T> x, AttentionKept<T> kept, AttentionScratch<T> scratch, int dy, int q, int dq, int i, T dot, T scale,
        AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var lanes = Group.DimX;
        var queries = s.Samples * s.Positions;
        var peak = kept.Stats[i];
        var factor = kept.Stats[queries + i] * x.Gamma[0] * scale;
        var endKey = Grid.IdxX * s.Keys + s.Keys;
        for (var j = Grid.IdxX * s.Keys; j < endKey; j += Tile8.Size)
        {
            var keys = Tile8.Rows(j, endKey - 1);
            var keyStarts = Tile8.Scale(keys, s.KeyChannels);
            var scores = Tile8.Dot<T, R>(x.K, keyStarts, scratch.Columns, q, lanes, s.KeyChannels);
            scores = Tile8.Subtract(Tile8.Multiply(scores, Tile8.All(scale)), Tile8.All(peak));
            var t = Tile8.Dot<T, R>(x.G, Tile8.Scale(keys, s.Channels), scratch.Columns, dy, lanes, s.Channels);
            var e = Tile8.Multiply(Tile8.Exp<T, R>(scores), Tile8.Subtract(t, Tile8.All(dot)));
            e = Tile8.Limit(Tile8.Multiply(e, Tile8.All(factor)), endKey - j, T.Zero);
            Tile8.Accumulate<T, R>(scratch.Columns, dq, lanes, T.One, x.K, keyStarts, e, s.KeyChannels);
        }
    }

    // Grid: (samples, shares of an image's keys). Columns per group: k, g, dk, dg.
    internal static void KeysKernel<T, R>(
        AttentionMaps<T> x, ArrayView<T> dy, AttentionKept<T> kept, AttentionGradients<T> d, AttentionScratch<T> scratch, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var totals = AttentionTotals.OfSample<T, R>(x, kept, d, scratch, s);
        var k = AttentionColumns.Workspace(2 * (s.KeyChannels + s.Channels));
        var g = k + s.KeyChannels * Group.DimX;
        var dk = g + s.Channels * Group.DimX;
        var dg = dk + s.KeyChannels * Group.DimX;
        for (var block = AttentionColumns.First(s.Keys); block < AttentionColumns.End(s.Keys); block++)
        {
            var j = AttentionColumns.Row(block, s.Keys);
            AttentionColumns.Load(scratch.Columns, k, x.K, j * s.KeyChannels, s.KeyChannels);
            AttentionColumns.Load(scratch.Columns, g, x.G, j * s.Channels, s.Channels);
            AttentionColumns.Clear(scratch.Columns, dk, s.KeyChannels);
            AttentionColumns.Clear(scratch.Columns, dg, s.Channels);
            Key<T, R>(x, dy, kept, scratch, k, scale, s);
            // k has been used: its column's first place holds the weight from here on.
            Unary<T, R>(x, kept, d, scratch, g, k, totals, j, AttentionColumns.Owns(block, s.Keys), s);
            Group.Barrier();
            var first = Grid.IdxX * s.Keys + block * Group.DimX;
            var count = AttentionColumns.Count(block, s.Keys);
            AttentionColumns.Store(d.Dk, first, count, scratch.Columns, dk - Group.IdxX, s.KeyChannels);
            StoreValues<T, R>(d, scratch, dg - Group.IdxX, k - Group.IdxX, totals, first, count, s);
            Group.Barrier();
        }
    }

    /// <summary>dk and the pairwise part of dg of the calling thread's key; the columns follow one another from k on.</summary>
    private static void Key<T, R>(
        AttentionMaps<T> x, ArrayView<T> dy, AttentionKept<T> kept, AttentionScratch<T> scratch, int k, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var lanes = Group.DimX;
        var g = k + s.KeyChannels * lanes;
        var dk = g + s.Channels * lanes;
        var dg = dk + s.KeyChannels * lanes;
        var all = s.Samples * s.Positions;
        var first = Grid.IdxX * s.Positions;
        var end = first + s.Positions;
        for (var i = first; i < end; i += Tile8.Size)
        {
            var queries = Tile8.Rows(i, end - 1);
            var queryStarts = Tile8.Scale(queries, s.KeyChannels);
            var dyStarts = Tile8.Scale(queries, s.Channels);
            var scores = Tile8.Dot<T, R>(scratch.Centered, queryStarts, scratch.Columns, k, lanes, s.KeyChannels);
            scores = Tile8.Subtract(Tile8.Multiply(scores, Tile8.All(scale)), Tile8.Load(kept.Stats, queries));
            var weights = Tile8.Multiply(Tile8.Exp<T, R>(scores), Tile8.Load(kept.Stats, Tile8.Add(queries, all)));
            weights = Tile8.Limit(Tile8.Multiply(weights, Tile8.All(x.Gamma[0])), end - i, T.Zero);
            var t = Tile8.Dot<T, R>(dy, dyStarts, scratch.Columns, g, lanes, s.Channels);
            var e = Tile8.Multiply(weights, Tile8.Subtract(t, Tile8.Load(kept.Stats, Tile8.Add(queries, 2 * all))));
            Tile8.Accumulate<T, R>(scratch.Columns, dk, lanes, T.One, scratch.Centered, queryStarts, Tile8.Multiply(e, Tile8.All(scale)), s.KeyChannels);
            Tile8.Accumulate<T, R>(scratch.Columns, dg, lanes, T.One, dy, dyStarts, weights, s.Channels);
        }
    }

    /// <summary>dm of the calling thread's key, and its unary weight into a place in the columns.</summary>
    private static void Unary<T, R>(
        AttentionMaps<T> x, AttentionKept<T> kept, AttentionGradients<T> d, AttentionScratch<T> scratch, int g, int place, int totals, int j,
        bool owns, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = AttentionRow.Of(Grid.IdxX, s);
        var sum = T.Zero;
        for (var c = 0; c < s.Channels; c++)
        {
            var apart = scratch.Columns[g + c * Group.DimX] - kept.Rows[row + AttentionRow.Values(s) + c];
            sum = R.Fma(apart, scratch.Sums[totals + AttentionTotals.Dy(s) + c], sum);
        }
        var weight = AttentionRow.Weight<T, R>(x.M, j, kept.Rows, row, s);
        scratch.Columns[place] = weight;
        if (owns) d.Dm[j] = weight * sum;
    }

    /// <summary>dg of a block's keys: the pairwise part from its columns, and w_j S.</summary>
    private static void StoreValues<T, R>(
        AttentionGradients<T> d, AttentionScratch<T> scratch, int dg, int weights, int totals, int first, int count, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        for (var r = 0; r < count; r++)
        {
            var weight = scratch.Columns[weights + r];
            for (var at = 0; at < s.Channels; at += Group.DimX)
            {
                var c = at + Group.IdxX;
                if (c >= s.Channels) continue;
                var pairs = scratch.Columns[dg + c * Group.DimX + r];
                d.Dg[(first + r) * s.Channels + c] = R.Fma(weight, scratch.Sums[totals + AttentionTotals.Dy(s) + c], pairs);
            }
        }
    }

    /// <summary>All gradients.</summary>
    public static void Backward<T, R>(
        KernelHost host, AttentionMaps<T> maps, ArrayView<T> dy, AttentionKept<T> kept, AttentionGradients<T> gradients, AttentionScratch<T> scratch,
        double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        shape = shape with { Shares = AttentionColumns.Shares(host, shape.Samples, shape.Positions) };
        host.Load(static a => a.LoadStreamKernel<
            AttentionMaps<T>, ArrayView<T>, AttentionKept<T>, AttentionGradients<T>, AttentionScratch<T>, T, AttentionShape>(QueriesKernel<T, R>))(
            AttentionColumns.Config(host, shape.Samples, shape.Positions), maps, dy, kept, gradients, scratch, R.FromDouble(scale), shape);
        host.Load(static a => a.LoadStreamKernel<
            AttentionMaps<T>, ArrayView<T>, AttentionKept<T>, AttentionGradients<T>, AttentionScratch<T>, T, AttentionShape>(KeysKernel<T, R>))(
            AttentionColumns.Config(host, shape.Samples, shape.Keys), maps, dy, kept, gradients, scratch, R.FromDouble(scale), shape);
    }

    private static int Smaller(int a, int b) => a < b ? a : b;
}
