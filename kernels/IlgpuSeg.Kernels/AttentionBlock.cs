// The forward pass of Attention.cs for GPUs: the same sums by block tiles, of maps as they lie.
//
// One kernel. A group of 256 threads computes y of 128 (64) queries. It first sums up what its sample's queries share (AttentionBlockRow.cs): the mean of q, and u. Then it walks the keys, as many at a time, with a running maximum and sum per query (as
// FlashAttention does). Per tile of keys, with the two products of AttentionTile.cs:
//
//        tile[key][query] = k q^T                    over the channels of keys
//        tile = exp(scale tile - maximum)            two (four) threads per query, neighbours, which exchange maxima and sums by shuffles
//        o[query][:] = kept o + tile^T g             kept: how much the maximum has risen
//
// q loses its mean in shared memory, each thread taking it from what it copied itself. At the end y = gamma o / total + u, a warp per query.
//
// Memory: q, g and m of the sample once more per group, for the sums; q and k once per pair of tiles, g likewise, o read and written once per tile of keys (it stays in the second-level cache); nothing of the size
// of queries x keys. Shared: 85 KB (27 KB).
// Accumulation: in T, fused; over channels, and over the keys of a thread, in order; threads by pairs, tiles in order. No atomics.
using System.Numerics;
using IlgpuSeg.KernelRuntime;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Which tiles a launch takes.</summary>
internal enum AttentionTiles
{
    /// <summary><see cref="LargeAttentionTile"/>.</summary>
    Large,

    /// <summary><see cref="SmallAttentionTile"/>.</summary>
    Small,

    /// <summary><see cref="SingleAttentionTile"/>.</summary>
    Single,
}

/// <summary>Fused attention by block tiles: forward, and what its two directions share.</summary>
internal static class AttentionBlock
{
    /// <summary>Keys that a thread weights at once.</summary>
    private const int Unrolled = 4;

    // Grid: (samples, tiles of queries).
    [GroupBounds(GemmStaging.Threads, 2)]
    internal static void ForwardKernel<T, [CataloguedWith(typeof(Real32))] R, TTile>(
        AttentionMaps<T> x, AttentionKept<T> kept, ArrayView<T> y, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var slices = SharedMemory.Allocate<T>(AttentionTile.SliceElements<TTile>());
        var tile = SharedMemory.Allocate<T>(AttentionTile.TileElements<TTile>());
        // Per query: its maximum and sum so far, and how much of what was added up is kept. In registers they would crowd out sums.
        var peaks = SharedMemory.Allocate<T>(TTile.Size);
        var totals = SharedMemory.Allocate<T>(TTile.Size);
        var keeps = SharedMemory.Allocate<T>(TTile.Size);
        var row = AttentionRow.Own(s);
        AttentionBlockRow.Fill<T, R, TTile>(x, kept.Rows, row, slices, tile, s);
        var firstQuery = Grid.IdxY * TTile.Size;
        var count = Smaller(TTile.Size, s.Positions - firstQuery);
        firstQuery += Grid.IdxX * s.Positions;
        var queries = AttentionRows<T>.Centered(x.Q, firstQuery, count, kept.Rows, row);
        if (Group.IdxX < TTile.Size)
        {
            peaks[Group.IdxX] = R.FromDouble(AttentionHost.Lowest);
            totals[Group.IdxX] = T.Zero;
        }
        for (var first = 0; first < s.Keys; first += TTile.Size)
        {
            var key = Grid.IdxX * s.Keys + first;
            var keys = Smaller(TTile.Size, s.Keys - first);
            AttentionTile.StoreTile<T, TTile>(
                tile, AttentionTile.Products<T, R, TTile>(slices, AttentionRows<T>.Of(x.K, key, keys), queries, s.KeyChannels));
            Group.Barrier();
            Weigh<T, R, TTile>(tile, peaks, totals, keeps, keys, scale);
            AttentionTile.Accumulate<T, R, TTile>(
                slices, tile, AttentionRows<T>.Of(x.G, key, keys), AttentionRows<T>.Of(kept.O, firstQuery, count), s.Channels, first == 0, keeps, true);
        }
        Group.Barrier();
        if (Group.IdxX < count)
        {
            keeps[Group.IdxX] = x.Gamma[0] / totals[Group.IdxX];
            kept.Stats[firstQuery + Group.IdxX] = peaks[Group.IdxX];
            kept.Stats[s.Samples * s.Positions + firstQuery + Group.IdxX] = T.One / totals[Group.IdxX];
        }
        Group.Barrier();
        Combine<T, R>(kept, y, keeps, firstQuery, count, row, s);
    }

    /// <summary>y = the queries' factors * o + u, a warp per query.</summary>
    private static void Combine<T, R>(
        AttentionKept<T> kept, ArrayView<T> y, ArrayView<T> factors, int firstQuery, int count, int row, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        for (var r = Warp.WarpIdx; r < count; r += GemmStaging.Threads / Warp.WarpSize)
        {
            var at = (firstQuery + r) * s.Channels;
            for (var c = Warp.LaneIdx; c < s.Channels; c += Warp.WarpSize)
                y[at + c] = R.Fma(factors[r], kept.O[at + c], kept.Rows[row + AttentionRow.Values(s) + c]);
        }
    }

    /// <summary>Scores become weights: a thread has a query and every second (fourth) key.</summary>
    private static void Weigh<T, R, TTile>(ArrayView<T> tile, ArrayView<T> peaks, ArrayView<T> totals, ArrayView<T> keeps, int keys, T scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var own = Group.IdxX / (GemmStaging.Threads / TTile.Size);
        var part = Group.IdxX & (GemmStaging.Threads / TTile.Size - 1);
        // One of the threads brings the maximum in, and writes it.
        var peak = R.FromDouble(AttentionHost.Lowest);
        if (part == 0) peak = peaks[own];
        var risen = Highest<T, R, TTile>(tile, own, part, keys, scale, peak);
        var sum = Weights<T, R, TTile>(tile, own, part, keys, scale, risen);
        if (part != 0) return;
        var keep = R.Exp(peak - risen);
        peaks[own] = risen;
        keeps[own] = keep;
        totals[own] = R.Fma(totals[own], keep, sum);
    }

    /// <summary>The largest scaled score of a query, or its maximum so far, for the threads that share it.</summary>
    private static T Highest<T, R, TTile>(ArrayView<T> tile, int own, int part, int count, T scale, T highest)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var parts = GemmStaging.Threads / TTile.Size;
        var stride = AttentionTile.Stride<TTile>();
        var lowest = R.FromDouble(AttentionHost.Lowest);
        for (var j = part; j < count; j += Unrolled * parts)
        {
            // Rows of the tile beyond the last key are there too: as zeros.
            for (var i = 0; i < Unrolled; i++)
            {
                var score = tile[(j + i * parts) * stride + own] * scale;
                highest = R.Max(highest, j + i * parts < count ? score : lowest);
            }
        }
        highest = R.Max(highest, Warp.ShuffleXor(highest, 1));
        return parts == 2 ? highest : R.Max(highest, Warp.ShuffleXor(highest, 2));
    }

    /// <summary>Puts the weights of a query in the place of its scores and returns their sum, for the threads that share it.</summary>
    private static T Weights<T, R, TTile>(ArrayView<T> tile, int own, int part, int count, T scale, T peak)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var parts = GemmStaging.Threads / TTile.Size;
        var stride = AttentionTile.Stride<TTile>();
        var sum = T.Zero;
        for (var j = part; j < count; j += Unrolled * parts)
        {
            for (var i = 0; i < Unrolled; i++)
            {
                var at = (j + i * parts) * stride + own;
                var weight = R.Exp(tile[at] * scale - peak);
                weight = j + i * parts < count ? weight : T.Zero;
                tile[at] = weight;
                sum += weight;
            }
        }
        sum += Warp.ShuffleXor(sum, 1);
        return parts == 2 ? sum : sum + Warp.ShuffleXor(sum, 2);
    }

    /// <summary>Whether a device computes attention this way. In double its tiles would need more shared memory than every GPU has.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="host">The device.</param>
    public static bool Takes<T>(KernelHost host) => host.UsesBlocks && typeof(T) == typeof(float);

    /// <summary>y, and what backward needs.</summary>
    public static void Forward<T, R>(
        KernelHost host, AttentionMaps<T> maps, AttentionKept<T> kept, ArrayView<T> y, double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var quads = TakesQuads(shape.KeyChannels, maps.Q) && TakesQuads(shape.Channels, maps.G) && TakesQuads(shape.Channels, kept.O);
        var tiles = Choose(host, shape.Positions, shape.Samples, quads);
        var load = tiles switch
        {
            AttentionTiles.Large => LoadForward<T, R, LargeAttentionTile>(host),
            AttentionTiles.Small => LoadForward<T, R, SmallAttentionTile>(host),
            _ => LoadForward<T, R, SingleAttentionTile>(host),
        };
        load(Config(tiles, shape.Positions, shape.Samples), maps, kept, y, R.FromDouble(scale), shape);
    }

    /// <summary>A group per tile of positions and sample.</summary>
    internal static KernelConfig Config(AttentionTiles tiles, int positions, int samples) =>
        new(new Index3D(samples, KernelHost.Blocks(positions, SizeOf(tiles)), 1), new Index3D(GemmStaging.Threads, 1, 1));

    /// <summary>Positions of a tile.</summary>
    internal static int SizeOf(AttentionTiles tiles) => tiles == AttentionTiles.Large ? LargeAttentionTile.Size : SmallAttentionTile.Size;

    /// <summary>The larger tiles where there are enough of them for all multiprocessors, and these have the memory.</summary>
    internal static AttentionTiles Choose(KernelHost host, int positions, int samples, bool quads)
    {
        var bytes = sizeof(float)
            * (AttentionTile.TileElements<LargeAttentionTile>() + AttentionTile.SliceElements<LargeAttentionTile>() + 3 * LargeAttentionTile.Size);
        if (!quads) return AttentionTiles.Single;
        return (long)KernelHost.Blocks(positions, LargeAttentionTile.Size) * samples >= host.Multiprocessors
            && bytes <= host.Accelerator.MaxSharedMemoryPerGroup
            ? AttentionTiles.Large
            : AttentionTiles.Small;
    }

    /// <summary>Whether four neighbouring channels always lie together at a multiple of their size.</summary>
    internal static bool TakesQuads<T>(int channels, ArrayView<T> map)
        where T : unmanaged => channels % 4 == 0 && map.LoadEffectiveAddressAsPtr() % (4 * Interop.SizeOf<T>()) == 0;

    private static int Smaller(int a, int b) => a < b ? a : b;

    private static Action<KernelConfig, AttentionMaps<T>, AttentionKept<T>, ArrayView<T>, T, AttentionShape> LoadForward<T, R, TTile>(KernelHost host)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile =>
        host.Load(static a => a.LoadStreamKernel<AttentionMaps<T>, AttentionKept<T>, ArrayView<T>, T, AttentionShape>(ForwardKernel<T, R, TTile>));
}
