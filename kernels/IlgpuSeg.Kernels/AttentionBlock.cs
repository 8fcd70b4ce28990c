// The forward pass of Attention.cs for GPUs: the same sums by block tiles, of maps as they lie.
//
// A group of 256 threads computes o of 128 (64) queries. It walks the keys, as many at a time, with a running maximum and sum per query (as
// FlashAttention does). Per tile of keys, with the two products of AttentionTile.cs:
//
//        tile[key][query] = k q^T                    over the channels of keys
//        tile = exp(scale tile - maximum)            two (four) threads per query, neighbours, which exchange maxima and sums by shuffles
//        o[query][:] = kept o + tile^T g             kept: how much the maximum has risen
//
// Memory: q and k once per pair of tiles, g likewise, o read and written once per tile of keys (it stays in the second-level cache); nothing of the size
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
public static class AttentionBlock
{
    // Below any scaled product, and safe to subtract from one in single precision.
    private const double Lowest = -1e30;

    /// <summary>Keys that a thread weights at once.</summary>
    private const int Unrolled = 4;

    // Grid: X = tiles of queries, Z = samples.
    [GroupBounds(GemmStaging.Threads, 2)]
    internal static void ForwardKernel<T, [CataloguedWith(typeof(Real32))] R, TTile>(
        ArrayView<T> q, ArrayView<T> k, ArrayView<T> g, ArrayView<T> o, ArrayView<T> stats, T scale, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var slices = SharedMemory.Allocate<T>(AttentionTile.SliceElements<TTile>());
        var tile = SharedMemory.Allocate<T>(AttentionTile.TileElements<TTile>());
        var kept = SharedMemory.Allocate<T>(TTile.Size);
        var firstQuery = Grid.IdxX * TTile.Size;
        var queries = AttentionRows<T>.Of(q, Grid.IdxZ * s.Positions + firstQuery, Smaller(TTile.Size, s.Positions - firstQuery));
        var sums = AttentionRows<T>.Of(o, queries.First, queries.Count);
        // The softmax's part: a query and every second (fourth) key.
        var own = Group.IdxX / (GemmStaging.Threads / TTile.Size);
        var part = Group.IdxX & (GemmStaging.Threads / TTile.Size - 1);
        var peak = R.FromDouble(Lowest);
        var total = T.Zero;
        for (var first = 0; first < s.Keys; first += TTile.Size)
        {
            var keys = AttentionRows<T>.Of(k, Grid.IdxZ * s.Keys + first, Smaller(TTile.Size, s.Keys - first));
            AttentionTile.StoreTile<T, TTile>(tile, AttentionTile.Products<T, R, TTile>(slices, keys, queries, s.KeyChannels));
            Group.Barrier();
            var risen = R.Max(peak, Highest<T, R, TTile>(tile, own, part, keys.Count, scale));
            var keep = R.Exp(peak - risen);
            peak = risen;
            total = R.Fma(total, keep, Weigh<T, R, TTile>(tile, own, part, keys.Count, scale, risen));
            if (part == 0) kept[own] = keep;
            AttentionTile.Accumulate<T, R, TTile>(
                slices, tile, AttentionRows<T>.Of(g, keys.First, keys.Count), sums, s.Channels, first == 0, kept, true);
        }
        if (part == 0 && own < queries.Count)
        {
            stats[queries.First + own] = peak;
            stats[s.Samples * s.Positions + queries.First + own] = T.One / total;
        }
    }

    /// <summary>The largest scaled score of a query, for the threads that share it.</summary>
    private static T Highest<T, R, TTile>(ArrayView<T> tile, int own, int part, int count, T scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var parts = GemmStaging.Threads / TTile.Size;
        var stride = AttentionTile.Stride<TTile>();
        var lowest = R.FromDouble(Lowest);
        var highest = lowest;
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
    private static T Weigh<T, R, TTile>(ArrayView<T> tile, int own, int part, int count, T scale, T peak)
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

    /// <summary>The positions that lie side by side in what attention's kernels hand on: packed maps on CPUs, plain ones (1) here.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="host">The device.</param>
    internal static int Lanes<T>(KernelHost host) => Takes<T>(host) ? 1 : host.Lanes;

    /// <summary>o and the queries' statistics.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="q">Queries [samples, positions, keyChannels], centred.</param>
    /// <param name="k">Keys [samples, keys, keyChannels], centred.</param>
    /// <param name="g">Values [samples, keys, channels].</param>
    /// <param name="o">[samples, positions, channels]; receives the result, not yet divided by the weights' sums.</param>
    /// <param name="stats">[StatRows, samples * positions]; receives the first two rows.</param>
    /// <param name="scale">The factor of the products before the softmax.</param>
    /// <param name="shape">The extents, each at least 1.</param>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> q, ArrayView<T> k, ArrayView<T> g, ArrayView<T> o, ArrayView<T> stats, double scale, AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var tiles = Choose(host, shape.Positions, shape.Samples, TakesQuads(shape.Channels, g, o));
        var load = tiles switch
        {
            AttentionTiles.Large => LoadForward<T, R, LargeAttentionTile>(host),
            AttentionTiles.Small => LoadForward<T, R, SmallAttentionTile>(host),
            _ => LoadForward<T, R, SingleAttentionTile>(host),
        };
        load(Config(tiles, shape.Positions, shape.Samples), q, k, g, o, stats, R.FromDouble(scale), shape);
    }

    /// <summary>A group per tile of positions and sample.</summary>
    internal static KernelConfig Config(AttentionTiles tiles, int positions, int samples)
    {
        var size = tiles == AttentionTiles.Large ? LargeAttentionTile.Size : SmallAttentionTile.Size;
        return new(new Index3D(KernelHost.Blocks(positions, size), 1, samples), new Index3D(GemmStaging.Threads, 1, 1));
    }

    /// <summary>The larger tiles where there are enough of them for all multiprocessors, and these have the memory.</summary>
    internal static AttentionTiles Choose(KernelHost host, int positions, int samples, bool quads)
    {
        var bytes = sizeof(float)
            * (AttentionTile.TileElements<LargeAttentionTile>() + AttentionTile.SliceElements<LargeAttentionTile>() + AttentionKernels.StatRows * LargeAttentionTile.Size);
        if (!quads) return AttentionTiles.Single;
        return (long)KernelHost.Blocks(positions, LargeAttentionTile.Size) * samples >= host.Multiprocessors
            && bytes <= host.Accelerator.MaxSharedMemoryPerGroup
            ? AttentionTiles.Large
            : AttentionTiles.Small;
    }

    /// <summary>Whether four neighbouring channels always lie together at a multiple of their size.</summary>
    internal static bool TakesQuads<T>(int channels, ArrayView<T> a, ArrayView<T> b)
        where T : unmanaged => channels % 4 == 0 && IsAligned(a) && IsAligned(b);

    private static bool IsAligned<T>(ArrayView<T> view)
        where T : unmanaged => view.LoadEffectiveAddressAsPtr() % (4 * Interop.SizeOf<T>()) == 0;

    private static int Smaller(int a, int b) => a < b ? a : b;

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, AttentionShape>
        LoadForward<T, R, TTile>(KernelHost host)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, AttentionShape>(
            ForwardKernel<T, R, TTile>));
}
