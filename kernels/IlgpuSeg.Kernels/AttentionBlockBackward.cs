// The gradients of AttentionBackward.cs for GPUs: the same sums by block tiles, of maps as they lie, with the two products of AttentionTile.cs.
//
//   queries    per tile of 128 (64) queries, over the tiles of keys:
//                  t[key][query] = g dy^T;    e[key][query] = (k q^T becomes a) (t - D) gamma scale;    dq += e^T k
//   keys       per tile of keys, over the tiles of queries:
//                  a[query][key] = q k^T becomes gamma a;    dg += a^T dy;    e[query][key] = a (dy g^T - D) scale;    dk += e^T q
//
// A product that waits for the other one lies in the tile, each thread's elements in their place, so that registers hold one at a time.
//
// Memory: as forward; dq, dk and dg are read and written once per tile that is walked. Nothing of the size of queries x keys. Shared: 86 KB (27 KB).
// Accumulation: in T, fused, in order; every gradient's row belongs to one group. No atomics.
using System.Numerics;
using IlgpuSeg.KernelRuntime;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Fused attention by block tiles: backward.</summary>
public static class AttentionBlockBackward
{
    // Grid: X = tiles of queries, Z = samples.
    [GroupBounds(GemmStaging.Threads, 2)]
    internal static void QueriesKernel<T, [CataloguedWith(typeof(Real32))] R, TTile>(
        ArrayView<T> q, ArrayView<T> k, ArrayView<T> g, ArrayView<T> dy, ArrayView<T> stats, ArrayView<T> gamma, ArrayView<T> dq, T scale,
        AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var slices = SharedMemory.Allocate<T>(AttentionTile.SliceElements<TTile>());
        var tile = SharedMemory.Allocate<T>(AttentionTile.TileElements<TTile>());
        var numbers = SharedMemory.Allocate<T>(AttentionKernels.StatRows * TTile.Size);
        var first = Grid.IdxX * TTile.Size;
        var count = Smaller(TTile.Size, s.Positions - first);
        first += Grid.IdxZ * s.Positions;
        CopyStatistics<T, TTile>(numbers, stats, first, count, s);
        for (var j = 0; j < s.Keys; j += TTile.Size)
        {
            var key = Grid.IdxZ * s.Keys + j;
            var keys = Smaller(TTile.Size, s.Keys - j);
            AttentionTile.StoreTile<T, TTile>(tile, AttentionTile.Products<T, R, TTile>(
                slices, AttentionRows<T>.Of(g, key, keys), AttentionRows<T>.Of(dy, first, count), s.Channels));
            var scores = AttentionTile.Products<T, R, TTile>(
                slices, AttentionRows<T>.Of(k, key, keys), AttentionRows<T>.Of(q, first, count), s.KeyChannels);
            QuerySlopes<T, R, TTile>(tile, scores, numbers, keys, gamma[0] * scale, scale);
            AttentionTile.Accumulate<T, R, TTile>(
                slices, tile, AttentionRows<T>.Of(k, key, keys), AttentionRows<T>.Of(dq, first, count), s.KeyChannels, j == 0, tile, false);
        }
    }

    // Grid: X = tiles of keys, Z = samples.
    [GroupBounds(GemmStaging.Threads, 2)]
    internal static void KeysKernel<T, [CataloguedWith(typeof(Real32))] R, TTile>(
        ArrayView<T> q, ArrayView<T> k, ArrayView<T> g, ArrayView<T> dy, ArrayView<T> stats, ArrayView<T> gamma, ArrayView<T> dk, ArrayView<T> dg,
        T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var slices = SharedMemory.Allocate<T>(AttentionTile.SliceElements<TTile>());
        var tile = SharedMemory.Allocate<T>(AttentionTile.TileElements<TTile>());
        var numbers = SharedMemory.Allocate<T>(AttentionKernels.StatRows * TTile.Size);
        var first = Grid.IdxX * TTile.Size;
        var count = Smaller(TTile.Size, s.Keys - first);
        first += Grid.IdxZ * s.Keys;
        for (var i = 0; i < s.Positions; i += TTile.Size)
        {
            var query = Grid.IdxZ * s.Positions + i;
            var queries = Smaller(TTile.Size, s.Positions - i);
            // Whoever still read those of the tile before has met the others at a barrier since.
            CopyStatistics<T, TTile>(numbers, stats, query, queries, s);
            var scores = AttentionTile.Products<T, R, TTile>(
                slices, AttentionRows<T>.Of(q, query, queries), AttentionRows<T>.Of(k, first, count), s.KeyChannels);
            KeyWeights<T, R, TTile>(tile, scores, numbers, queries, gamma[0], scale);
            AttentionTile.Accumulate<T, R, TTile>(
                slices, tile, AttentionRows<T>.Of(dy, query, queries), AttentionRows<T>.Of(dg, first, count), s.Channels, i == 0, tile, false);
            var products = AttentionTile.Products<T, R, TTile>(
                slices, AttentionRows<T>.Of(dy, query, queries), AttentionRows<T>.Of(g, first, count), s.Channels);
            KeySlopes<T, TTile>(tile, products, numbers, scale);
            AttentionTile.Accumulate<T, R, TTile>(
                slices, tile, AttentionRows<T>.Of(q, query, queries), AttentionRows<T>.Of(dk, first, count), s.KeyChannels, i == 0, tile, false);
        }
    }

    /// <summary>e in the place of t; columns are queries.</summary>
    private static void QuerySlopes<T, R, TTile>(
        ArrayView<T> tile, AttentionSums<T> scores, ArrayView<T> numbers, int keys, T factor, T scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var row = AttentionTile.Row;
        var column = AttentionTile.Column;
        QuerySquare<T, R, TTile>(tile, row, column, scores.S00, numbers, keys, factor, scale);
        if (TTile.Size == AttentionTile.SquareStep) return;
        QuerySquare<T, R, TTile>(tile, row, column + AttentionTile.SquareStep, scores.S01, numbers, keys, factor, scale);
        QuerySquare<T, R, TTile>(tile, row + AttentionTile.SquareStep, column, scores.S10, numbers, keys, factor, scale);
        QuerySquare<T, R, TTile>(
            tile, row + AttentionTile.SquareStep, column + AttentionTile.SquareStep, scores.S11, numbers, keys, factor, scale);
    }

    private static void QuerySquare<T, R, TTile>(
        ArrayView<T> tile, int row, int column, Square4<T> scores, ArrayView<T> numbers, int keys, T factor, T scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var stride = AttentionTile.Stride<TTile>();
        var peaks = Tile4.Load(numbers, column);
        var factors = Tile4.Scaled(Tile4.Load(numbers, TTile.Size + column), factor);
        var dots = Tile4.Load(numbers, 2 * TTile.Size + column);
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

    /// <summary>Fetches the statistics of a tile's queries into shared memory, one kind after the other; those beyond the last query repeat it.</summary>
    private static void CopyStatistics<T, TTile>(ArrayView<T> numbers, ArrayView<T> stats, int first, int count, AttentionShape s)
        where T : unmanaged
        where TTile : struct, IAttentionTile
    {
        if (Group.IdxX >= TTile.Size) return;
        var rows = s.Samples * s.Positions;
        var query = first + Smaller(Group.IdxX, count - 1);
        numbers[Group.IdxX] = stats[query];
        numbers[TTile.Size + Group.IdxX] = stats[rows + query];
        numbers[2 * TTile.Size + Group.IdxX] = stats[2 * rows + query];
    }

    /// <summary>gamma a into the tile; rows are queries.</summary>
    private static void KeyWeights<T, R, TTile>(
        ArrayView<T> tile, AttentionSums<T> scores, ArrayView<T> numbers, int queries, T gamma, T scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var row = AttentionTile.Row;
        var column = AttentionTile.Column;
        WeightSquare<T, R, TTile>(tile, row, column, scores.S00, numbers, queries, gamma, scale);
        if (TTile.Size == AttentionTile.SquareStep) return;
        WeightSquare<T, R, TTile>(tile, row, column + AttentionTile.SquareStep, scores.S01, numbers, queries, gamma, scale);
        WeightSquare<T, R, TTile>(tile, row + AttentionTile.SquareStep, column, scores.S10, numbers, queries, gamma, scale);
        WeightSquare<T, R, TTile>(
            tile, row + AttentionTile.SquareStep, column + AttentionTile.SquareStep, scores.S11, numbers, queries, gamma, scale);
    }

    private static void WeightSquare<T, R, TTile>(
        ArrayView<T> tile, int row, int column, Square4<T> scores, ArrayView<T> numbers, int queries, T gamma, T scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var stride = AttentionTile.Stride<TTile>();
        var peaks = Tile4.Load(numbers, row);
        var factors = Tile4.Scaled(Tile4.Load(numbers, TTile.Size + row), gamma);
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
        ArrayView<T> tile, AttentionSums<T> products, ArrayView<T> numbers, T scale)
        where T : unmanaged, INumber<T>
        where TTile : struct, IAttentionTile
    {
        var row = AttentionTile.Row;
        var column = AttentionTile.Column;
        SlopeSquare<T, TTile>(tile, row, column, products.S00, numbers, scale);
        if (TTile.Size == AttentionTile.SquareStep) return;
        SlopeSquare<T, TTile>(tile, row, column + AttentionTile.SquareStep, products.S01, numbers, scale);
        SlopeSquare<T, TTile>(tile, row + AttentionTile.SquareStep, column, products.S10, numbers, scale);
        SlopeSquare<T, TTile>(
            tile, row + AttentionTile.SquareStep, column + AttentionTile.SquareStep, products.S11, numbers, scale);
    }

    private static void SlopeSquare<T, TTile>(
        ArrayView<T> tile, int row, int column, Square4<T> products, ArrayView<T> numbers, T scale)
        where T : unmanaged, INumber<T>
        where TTile : struct, IAttentionTile
    {
        var stride = AttentionTile.Stride<TTile>();
        var dots = Tile4.Load(numbers, 2 * TTile.Size + row);
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

    /// <summary>Fills the third row of the statistics with dy . o.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dy">The gradient of the result [samples, positions, channels].</param>
    /// <param name="o">From forward.</param>
    /// <param name="stats">From forward.</param>
    /// <param name="shape">The extents.</param>
    public static void Dot<T, R>(KernelHost host, ArrayView<T> dy, ArrayView<T> o, ArrayView<T> stats, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var rows = shape.Samples * shape.Positions;
        PositionBlock.Dot<T, R>(host, dy, o, stats.SubView(rows, rows), stats.SubView(2 * rows, rows), rows, shape.Channels, 1);
    }

    /// <summary>The gradient of the unary weights.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="g">Values [samples, keys, channels].</param>
    /// <param name="dySum">[samples, channels]: the sum of dy over positions.</param>
    /// <param name="dw">[samples, keys].</param>
    /// <param name="shape">The extents.</param>
    public static void Unary<T, R>(KernelHost host, ArrayView<T> g, ArrayView<T> dySum, ArrayView<T> dw, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        PositionBlock.Dot<T, R>(host, g, dySum, ArrayView<T>.Empty, dw, shape.Samples * shape.Keys, shape.Channels, shape.Keys);

    /// <summary>The gradient of the centred queries.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="q">Queries [samples, positions, keyChannels], centred.</param>
    /// <param name="k">Keys [samples, keys, keyChannels], centred.</param>
    /// <param name="g">Values [samples, keys, channels].</param>
    /// <param name="dy">The gradient of the result [samples, positions, channels].</param>
    /// <param name="stats">All three rows.</param>
    /// <param name="gamma">One element.</param>
    /// <param name="dq">[samples, positions, keyChannels].</param>
    /// <param name="scale">As in forward.</param>
    /// <param name="shape">The extents.</param>
    public static void Queries<T, R>(
        KernelHost host, ArrayView<T> q, ArrayView<T> k, ArrayView<T> g, ArrayView<T> dy, ArrayView<T> stats, ArrayView<T> gamma, ArrayView<T> dq,
        double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var tiles = AttentionBlock.Choose(host, shape.Positions, shape.Samples, AttentionBlock.TakesQuads(shape.KeyChannels, k, dq));
        var load = tiles switch
        {
            AttentionTiles.Large => LoadQueries<T, R, LargeAttentionTile>(host),
            AttentionTiles.Small => LoadQueries<T, R, SmallAttentionTile>(host),
            _ => LoadQueries<T, R, SingleAttentionTile>(host),
        };
        load(AttentionBlock.Config(tiles, shape.Positions, shape.Samples), q, k, g, dy, stats, gamma, dq, R.FromDouble(scale), shape);
    }

    /// <summary>The gradients of the centred keys and, from the pairwise term, of the values.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="q">Queries [samples, positions, keyChannels], centred.</param>
    /// <param name="k">Keys [samples, keys, keyChannels], centred.</param>
    /// <param name="g">Values [samples, keys, channels].</param>
    /// <param name="dy">The gradient of the result [samples, positions, channels].</param>
    /// <param name="stats">All three rows.</param>
    /// <param name="gamma">One element.</param>
    /// <param name="dk">[samples, keys, keyChannels].</param>
    /// <param name="dg">[samples, keys, channels].</param>
    /// <param name="scale">As in forward.</param>
    /// <param name="shape">The extents.</param>
    public static void Keys<T, R>(
        KernelHost host, ArrayView<T> q, ArrayView<T> k, ArrayView<T> g, ArrayView<T> dy, ArrayView<T> stats, ArrayView<T> gamma, ArrayView<T> dk,
        ArrayView<T> dg, double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var quads = AttentionBlock.TakesQuads(shape.KeyChannels, q, dk) && AttentionBlock.TakesQuads(shape.Channels, dy, dg);
        var tiles = AttentionBlock.Choose(host, shape.Keys, shape.Samples, quads);
        var load = tiles switch
        {
            AttentionTiles.Large => LoadKeys<T, R, LargeAttentionTile>(host),
            AttentionTiles.Small => LoadKeys<T, R, SmallAttentionTile>(host),
            _ => LoadKeys<T, R, SingleAttentionTile>(host),
        };
        load(AttentionBlock.Config(tiles, shape.Keys, shape.Samples), q, k, g, dy, stats, gamma, dk, dg, R.FromDouble(scale), shape);
    }

    private static int Smaller(int a, int b) => a < b ? a : b;

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T,
        AttentionShape> LoadQueries<T, R, TTile>(KernelHost host)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T,
            AttentionShape>(QueriesKernel<T, R, TTile>));

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T,
        AttentionShape> LoadKeys<T, R, TTile>(KernelHost host)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            ArrayView<T>, T, AttentionShape>(KeysKernel<T, R, TTile>));
}
