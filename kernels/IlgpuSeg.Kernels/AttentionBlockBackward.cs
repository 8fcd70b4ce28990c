// The gradients of AttentionBackward.cs for GPUs: the same sums by block tiles, of maps as they lie, with the two products of AttentionTile.cs.
//
//   queries    per tile of 128 (64) queries, over the tiles of keys:
//                  t[key][query] = g dy^T;    e[key][query] = (k q^T becomes a) (t - D) gamma scale;    dq += e^T k
//   keys       per tile of keys, over the tiles of queries:
//                  a[query][key] = q k^T becomes gamma a;    dg += a^T dy;    e[query][key] = a (dy g^T - D) scale;    dk += e^T q
//
// A product that waits for the other one lies in the tile, each thread's elements in their place, so that registers hold one at a time.
//
// Memory: as forward; dq, dk and dg are read and written once per tile that is walked. Nothing of the size of queries x keys. Shared: 85 KB (26 KB).
// Accumulation: in T, fused, in order; every gradient's row belongs to one group. No atomics.
using System.Numerics;
using IlgpuSeg.KernelRuntime;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Fused attention by block tiles: backward.</summary>
internal static class AttentionBlockBackward
{
    // Grid: (samples, tiles of queries).
    [GroupBounds(GemmStaging.Threads, 2)]
    internal static void QueriesKernel<T, [CataloguedWith(typeof(Real32))] R, TTile>(
        AttentionMaps<T> x, ArrayView<T> dy, AttentionKept<T> kept, AttentionGradients<T> d, AttentionScratch<T> scratch, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var slices = SharedMemory.Allocate<T>(AttentionTile.SliceElements<TTile>());
        var tile = SharedMemory.Allocate<T>(AttentionTile.TileElements<TTile>());
        var first = Grid.IdxY * TTile.Size;
        var count = Smaller(TTile.Size, s.Positions - first);
        first += Grid.IdxX * s.Positions;
        var row = AttentionTotals.OwnShare(s);
        Dots<T, R>(dy, kept, scratch, slices, row, first, count, s);
        AttentionBlockRow.Sums<T, R, TTile>(
            AttentionRows<T>.Of(dy, first, count), s.Channels, scratch.Sums, row + AttentionTotals.Dy(s), 1, slices, tile, false, true);
        for (var j = 0; j < s.Keys; j += TTile.Size)
        {
            var key = Grid.IdxX * s.Keys + j;
            var keys = Smaller(TTile.Size, s.Keys - j);
            AttentionTile.StoreTile<T, TTile>(tile, AttentionTile.Products<T, R, TTile>(
                slices, AttentionRows<T>.Of(x.G, key, keys), AttentionRows<T>.Of(dy, first, count), s.Channels));
            var queries = AttentionRows<T>.Centered(x.Q, first, count, kept.Rows, AttentionRow.Of(Grid.IdxX, s));
            var scores = AttentionTile.Products<T, R, TTile>(slices, AttentionRows<T>.Of(x.K, key, keys), queries, s.KeyChannels);
            QuerySlopes<T, R, TTile>(tile, scores, kept.Stats, first, count, keys, x.Gamma[0] * scale, scale, s);
            AttentionTile.Accumulate<T, R, TTile>(
                slices, tile, AttentionRows<T>.Of(x.K, key, keys), AttentionRows<T>.Of(d.Dq, first, count), s.KeyChannels, j == 0, tile, false);
        }
        Group.Barrier();
        AttentionBlockRow.Sums<T, R, TTile>(
            AttentionRows<T>.Of(d.Dq, first, count), s.KeyChannels, scratch.Sums, row, 1, slices, tile, false, true);
    }

    /// <summary>D of the tile's queries into the third row of the statistics, a warp per query, and their sum.</summary>
    private static void Dots<T, R>(
        ArrayView<T> dy, AttentionKept<T> kept, AttentionScratch<T> scratch, ArrayView<T> slices, int row, int first, int count, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var queries = s.Samples * s.Positions;
        var total = T.Zero;
        for (var r = Warp.WarpIdx; r < count; r += GemmStaging.Threads / Warp.WarpSize)
        {
            var at = (first + r) * s.Channels;
            var sum = T.Zero;
            for (var c = Warp.LaneIdx; c < s.Channels; c += Warp.WarpSize) sum = R.Fma(dy[at + c], kept.O[at + c], sum);
            sum = WarpRows.Sum(sum) * kept.Stats[queries + first + r];
            if (Warp.LaneIdx != 0) continue;
            kept.Stats[2 * queries + first + r] = sum;
            total += sum;
        }
        total = AttentionBlockRow.GroupSum(slices, total);
        if (Group.IdxX == 0) scratch.Sums[row + AttentionTotals.Dots(s)] = total;
        Group.Barrier();
    }

    // Grid: (samples, tiles of keys).
    [GroupBounds(GemmStaging.Threads, 2)]
    internal static void KeysKernel<T, [CataloguedWith(typeof(Real32))] R, TTile>(
        AttentionMaps<T> x, ArrayView<T> dy, AttentionKept<T> kept, AttentionGradients<T> d, AttentionScratch<T> scratch, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var slices = SharedMemory.Allocate<T>(AttentionTile.SliceElements<TTile>());
        var tile = SharedMemory.Allocate<T>(AttentionTile.TileElements<TTile>());
        var first = Grid.IdxY * TTile.Size;
        var count = Smaller(TTile.Size, s.Keys - first);
        first += Grid.IdxX * s.Keys;
        Unary<T, R>(x, kept, d, scratch, AttentionTotals.OfSample<T, R>(x, kept, d, scratch, s), first, count, s);
        for (var i = 0; i < s.Positions; i += TTile.Size)
        {
            var query = Grid.IdxX * s.Positions + i;
            var queries = AttentionRows<T>.Centered(x.Q, query, Smaller(TTile.Size, s.Positions - i), kept.Rows, AttentionRow.Of(Grid.IdxX, s));
            var scores = AttentionTile.Products<T, R, TTile>(slices, queries, AttentionRows<T>.Of(x.K, first, count), s.KeyChannels);
            KeyWeights<T, R, TTile>(tile, scores, kept.Stats, query, queries.Count, x.Gamma[0], scale, s);
            AttentionTile.Accumulate<T, R, TTile>(
                slices, tile, AttentionRows<T>.Of(dy, query, queries.Count), AttentionRows<T>.Of(d.Dg, first, count), s.Channels, false, tile, false);
            var products = AttentionTile.Products<T, R, TTile>(
                slices, AttentionRows<T>.Of(dy, query, queries.Count), AttentionRows<T>.Of(x.G, first, count), s.Channels);
            KeySlopes<T, TTile>(tile, products, kept.Stats, query, queries.Count, scale, s);
            AttentionTile.Accumulate<T, R, TTile>(
                slices, tile, queries, AttentionRows<T>.Of(d.Dk, first, count), s.KeyChannels, i == 0, tile, false);
        }
    }

    /// <summary>dm, and the unary part of dg, to which the pairwise one is added; a warp per key.</summary>
    private static void Unary<T, R>(
        AttentionMaps<T> x, AttentionKept<T> kept, AttentionGradients<T> d, AttentionScratch<T> scratch, int totals, int first, int count,
        AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = AttentionRow.Of(Grid.IdxX, s);
        for (var r = Warp.WarpIdx; r < count; r += GemmStaging.Threads / Warp.WarpSize)
        {
            var weight = AttentionRow.Weight<T, R>(x.M, first + r, kept.Rows, row, s);
            var at = (first + r) * s.Channels;
            var sum = T.Zero;
            for (var c = Warp.LaneIdx; c < s.Channels; c += Warp.WarpSize)
            {
                var total = scratch.Sums[totals + AttentionTotals.Dy(s) + c];
                d.Dg[at + c] = weight * total;
                sum = R.Fma(x.G[at + c] - kept.Rows[row + AttentionRow.Values(s) + c], total, sum);
            }
            sum = WarpRows.Sum(sum);
            if (Warp.LaneIdx == 0) d.Dm[first + r] = weight * sum;
        }
    }

    /// <summary>e in the place of t; columns are queries.</summary>
    private static void QuerySlopes<T, R, TTile>(
        ArrayView<T> tile, AttentionSums<T> scores, ArrayView<T> stats, int first, int count, int keys, T factor, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var row = AttentionTile.Row;
        var column = AttentionTile.Column;
        QuerySquare<T, R, TTile>(tile, row, column, scores.S00, stats, first, count, keys, factor, scale, s);
        if (TTile.Size == AttentionTile.SquareStep) return;
        QuerySquare<T, R, TTile>(tile, row, column + AttentionTile.SquareStep, scores.S01, stats, first, count, keys, factor, scale, s);
        QuerySquare<T, R, TTile>(tile, row + AttentionTile.SquareStep, column, scores.S10, stats, first, count, keys, factor, scale, s);
        QuerySquare<T, R, TTile>(
            tile, row + AttentionTile.SquareStep, column + AttentionTile.SquareStep, scores.S11, stats, first, count, keys, factor, scale, s);
    }

    private static void QuerySquare<T, R, TTile>(
        ArrayView<T> tile, int row, int column, Square4<T> scores, ArrayView<T> stats, int first, int count, int keys, T factor, T scale,
        AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var stride = AttentionTile.Stride<TTile>();
        var rows = s.Samples * s.Positions;
        var peaks = Statistics(stats, first, column, count);
        var factors = Tile4.Scaled(Statistics(stats, rows + first, column, count), factor);
        var dots = Statistics(stats, 2 * rows + first, column, count);
        var at = row * stride + column;
        QueryRow<T, R>(tile, at, row < keys, scores.R0, peaks, factors, dots, scale);
        QueryRow<T, R>(tile, at + stride, row + 1 < keys, scores.R1, peaks, factors, dots, scale);
        QueryRow<T, R>(tile, at + 2 * stride, row + 2 < keys, scores.R2, peaks, factors, dots, scale);
        QueryRow<T, R>(tile, at + 3 * stride, row + 3 < keys, scores.R3, peaks, factors, dots, scale);
    }

    // Zero beyond the last key, where the maximum does not bound the exponential.
    private static void QueryRow<T, R>(
        ArrayView<T> tile, int at, bool valid, Tile4<T> scores, Tile4<T> peaks, Tile4<T> factors, Tile4<T> dots, T scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var t = Tile4.Load(tile, at);
        var e0 = R.Exp(scores.V0 * scale - peaks.V0) * (t.V0 - dots.V0) * factors.V0;
        var e1 = R.Exp(scores.V1 * scale - peaks.V1) * (t.V1 - dots.V1) * factors.V1;
        var e2 = R.Exp(scores.V2 * scale - peaks.V2) * (t.V2 - dots.V2) * factors.V2;
        var e3 = R.Exp(scores.V3 * scale - peaks.V3) * (t.V3 - dots.V3) * factors.V3;
        Tile4.Store(tile, at, Tile4.Of(valid ? e0 : T.Zero, valid ? e1 : T.Zero, valid ? e2 : T.Zero, valid ? e3 : T.Zero));
    }

    /// <summary>A statistic of four queries; those beyond the last one repeat it.</summary>
    private static Tile4<T> Statistics<T>(ArrayView<T> stats, int first, int query, int count)
        where T : unmanaged => Tile4.Of(
            stats[first + Smaller(query, count - 1)], stats[first + Smaller(query + 1, count - 1)],
            stats[first + Smaller(query + 2, count - 1)], stats[first + Smaller(query + 3, count - 1)]);

    /// <summary>gamma a into the tile; rows are queries.</summary>
    private static void KeyWeights<T, R, TTile>(
        ArrayView<T> tile, AttentionSums<T> scores, ArrayView<T> stats, int query, int queries, T gamma, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var row = AttentionTile.Row;
        var column = AttentionTile.Column;
        WeightSquare<T, R, TTile>(tile, row, column, scores.S00, stats, query, queries, gamma, scale, s);
        if (TTile.Size == AttentionTile.SquareStep) return;
        WeightSquare<T, R, TTile>(tile, row, column + AttentionTile.SquareStep, scores.S01, stats, query, queries, gamma, scale, s);
        WeightSquare<T, R, TTile>(tile, row + AttentionTile.SquareStep, column, scores.S10, stats, query, queries, gamma, scale, s);
        WeightSquare<T, R, TTile>(
            tile, row + AttentionTile.SquareStep, column + AttentionTile.SquareStep, scores.S11, stats, query, queries, gamma, scale, s);
    }

    private static void WeightSquare<T, R, TTile>(
        ArrayView<T> tile, int row, int column, Square4<T> scores, ArrayView<T> stats, int query, int queries, T gamma, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var stride = AttentionTile.Stride<TTile>();
        var rows = s.Samples * s.Positions;
        var peaks = Statistics(stats, query, row, queries);
        var factors = Tile4.Scaled(Statistics(stats, rows + query, row, queries), gamma);
        var at = row * stride + column;
        WeightRow<T, R>(tile, at, row < queries, scores.R0, peaks.V0, factors.V0, scale);
        WeightRow<T, R>(tile, at + stride, row + 1 < queries, scores.R1, peaks.V1, factors.V1, scale);
        WeightRow<T, R>(tile, at + 2 * stride, row + 2 < queries, scores.R2, peaks.V2, factors.V2, scale);
        WeightRow<T, R>(tile, at + 3 * stride, row + 3 < queries, scores.R3, peaks.V3, factors.V3, scale);
    }

    private static void WeightRow<T, R>(ArrayView<T> tile, int at, bool valid, Tile4<T> scores, T peak, T factor, T scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var a0 = R.Exp(scores.V0 * scale - peak) * factor;
        var a1 = R.Exp(scores.V1 * scale - peak) * factor;
        var a2 = R.Exp(scores.V2 * scale - peak) * factor;
        var a3 = R.Exp(scores.V3 * scale - peak) * factor;
        Tile4.Store(tile, at, Tile4.Of(valid ? a0 : T.Zero, valid ? a1 : T.Zero, valid ? a2 : T.Zero, valid ? a3 : T.Zero));
    }

    /// <summary>e in the place of gamma a; rows are queries.</summary>
    private static void KeySlopes<T, TTile>(
        ArrayView<T> tile, AttentionSums<T> products, ArrayView<T> stats, int query, int queries, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where TTile : struct, IAttentionTile
    {
        var row = AttentionTile.Row;
        var column = AttentionTile.Column;
        SlopeSquare<T, TTile>(tile, row, column, products.S00, stats, query, queries, scale, s);
        if (TTile.Size == AttentionTile.SquareStep) return;
        SlopeSquare<T, TTile>(tile, row, column + AttentionTile.SquareStep, products.S01, stats, query, queries, scale, s);
        SlopeSquare<T, TTile>(tile, row + AttentionTile.SquareStep, column, products.S10, stats, query, queries, scale, s);
        SlopeSquare<T, TTile>(
            tile, row + AttentionTile.SquareStep, column + AttentionTile.SquareStep, products.S11, stats, query, queries, scale, s);
    }

    private static void SlopeSquare<T, TTile>(
        ArrayView<T> tile, int row, int column, Square4<T> products, ArrayView<T> stats, int query, int queries, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where TTile : struct, IAttentionTile
    {
        var stride = AttentionTile.Stride<TTile>();
        var dots = Statistics(stats, 2 * s.Samples * s.Positions + query, row, queries);
        var at = row * stride + column;
        SlopeRow(tile, at, products.R0, dots.V0, scale);
        SlopeRow(tile, at + stride, products.R1, dots.V1, scale);
        SlopeRow(tile, at + 2 * stride, products.R2, dots.V2, scale);
        SlopeRow(tile, at + 3 * stride, products.R3, dots.V3, scale);
    }

    private static void SlopeRow<T>(ArrayView<T> tile, int at, Tile4<T> t, T dot, T scale)
        where T : unmanaged, INumber<T>
    {
        var a = Tile4.Load(tile, at);
        Tile4.Store(tile, at, Tile4.Of(
            a.V0 * (t.V0 - dot) * scale, a.V1 * (t.V1 - dot) * scale, a.V2 * (t.V2 - dot) * scale, a.V3 * (t.V3 - dot) * scale));
    }

    /// <summary>All gradients.</summary>
    public static void Backward<T, R>(
        KernelHost host, AttentionMaps<T> maps, ArrayView<T> dy, AttentionKept<T> kept, AttentionGradients<T> gradients, AttentionScratch<T> scratch,
        double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var quads = AttentionBlock.TakesQuads(shape.KeyChannels, maps.Q) && AttentionBlock.TakesQuads(shape.KeyChannels, maps.K)
            && AttentionBlock.TakesQuads(shape.KeyChannels, gradients.Dq) && AttentionBlock.TakesQuads(shape.KeyChannels, gradients.Dk)
            && AttentionBlock.TakesQuads(shape.Channels, dy) && AttentionBlock.TakesQuads(shape.Channels, gradients.Dg);
        var tiles = AttentionBlock.Choose(host, shape.Positions, shape.Samples, quads);
        var config = AttentionBlock.Config(tiles, shape.Positions, shape.Samples);
        shape = shape with { Shares = config.GridDim.Y };
        var queries = tiles switch
        {
            AttentionTiles.Large => LoadQueries<T, R, LargeAttentionTile>(host),
            AttentionTiles.Small => LoadQueries<T, R, SmallAttentionTile>(host),
            _ => LoadQueries<T, R, SingleAttentionTile>(host),
        };
        queries(config, maps, dy, kept, gradients, scratch, R.FromDouble(scale), shape);

        tiles = AttentionBlock.Choose(host, shape.Keys, shape.Samples, quads);
        var keys = tiles switch
        {
            AttentionTiles.Large => LoadKeys<T, R, LargeAttentionTile>(host),
            AttentionTiles.Small => LoadKeys<T, R, SmallAttentionTile>(host),
            _ => LoadKeys<T, R, SingleAttentionTile>(host),
        };
        keys(AttentionBlock.Config(tiles, shape.Keys, shape.Samples), maps, dy, kept, gradients, scratch, R.FromDouble(scale), shape);
    }

    private static int Smaller(int a, int b) => a < b ? a : b;

    private static Action<
        KernelConfig, AttentionMaps<T>, ArrayView<T>, AttentionKept<T>, AttentionGradients<T>, AttentionScratch<T>, T, AttentionShape>
        LoadQueries<T, R, TTile>(KernelHost host)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile =>
        host.Load(static a => a.LoadStreamKernel<
            AttentionMaps<T>, ArrayView<T>, AttentionKept<T>, AttentionGradients<T>, AttentionScratch<T>, T, AttentionShape>(QueriesKernel<T, R, TTile>));

    private static Action<
        KernelConfig, AttentionMaps<T>, ArrayView<T>, AttentionKept<T>, AttentionGradients<T>, AttentionScratch<T>, T, AttentionShape>
        LoadKeys<T, R, TTile>(KernelHost host)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile =>
        host.Load(static a => a.LoadStreamKernel<
            AttentionMaps<T>, ArrayView<T>, AttentionKept<T>, AttentionGradients<T>, AttentionScratch<T>, T, AttentionShape>(KeysKernel<T, R, TTile>));
}
