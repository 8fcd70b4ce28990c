// The forward pass of Attention.cs for GPUs: the same sums by block tiles.
//
// 1. A group of 256 threads computes 64 queries by 64 channels of o. It walks the keys, 64 at a time, with a running maximum and sum per query
//    (as FlashAttention does). Per tile of keys:
//
//        scores[64 queries, 64 keys] = q k^T        slices of 8 channels of q and k through shared memory, 4 x 4 per thread
//        weights = exp(scale scores - maximum)      in shared memory, four threads per query; what o holds is rescaled where it rises
//        o[64 queries, 64 channels] += weights g    from shared memory, 4 x 4 per thread
//
// 2. Everything comes by asynchronous copies: a slice while the one before is multiplied, g while the scores are computed. They need no
//    registers and no branches.
// 3. Scores and weights lie transposed, [key][query], so that both products read quads: two loads of 16 bytes for 16 multiply-adds. Rows of keys
//    and weights are 68 elements apart (see GemmStaging.cs). The four threads of a query are neighbours: they exchange maxima and sums by shuffles.
// 4. Every block of 64 channels computes the weights anew: for 64 channels of keys and 256 of values the scores cost as much as the sums.
//
// Memory: q once per tile of keys, k and g once per tile of queries, o written once; nothing of the size of queries x keys. Shared: 46 KB (float).
// Accumulation: in T, fused; over channels, and over every fourth key of a tile, in order; the four by pairs, tiles in order. No atomics.
using System.Numerics;
using IlgpuSeg.KernelRuntime;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Fused attention by block tiles: forward.</summary>
internal static class AttentionBlock
{
    /// <summary>Queries, keys and channels of a tile.</summary>
    private const int Tile = 64;

    private const int Stride = Tile + GemmStaging.Padding;
    private const int SliceDepth = 8;

    /// <summary>Elements of a slice of queries, and of one of keys.</summary>
    private const int QuerySlice = SliceDepth * Tile, KeySlice = SliceDepth * Stride;

    /// <summary>Keys of a tile for each of the four threads that share a query.</summary>
    private const int Share = Tile / 4;

    // Below any scaled product, and safe to subtract from one in single precision.
    private const double Lowest = -1e30;

    // Grid: (tiles of queries, blocks of channels, samples).
    [GroupBounds(GemmStaging.Threads, 2)]
    internal static void ForwardKernel<T, [CataloguedWith(typeof(Real32))] R>(
        ArrayView<T> qColumns, ArrayView<T> k, ArrayView<T> g, ArrayView<T> oColumns, ArrayView<T> stats, T scale, int lanes, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var queries = SharedMemory.Allocate<T>(2 * QuerySlice);
        var keys = SharedMemory.Allocate<T>(2 * KeySlice);
        var weights = SharedMemory.Allocate<T>(Tile * Stride);
        var values = SharedMemory.Allocate<T>(Tile * Tile);
        var kept = SharedMemory.Allocate<T>(Tile);
        var thread = Group.IdxX;
        var ty = (thread >> 6) * 4 + ((thread & 31) >> 3);
        var tx = ((thread >> 5) & 1) * 8 + (thread & 7);
        var firstQuery = Grid.IdxX * Tile;
        var firstChannel = Grid.IdxY * Tile;
        var firstRow = Grid.IdxZ * s.Keys;
        // The softmax's part: a query and every fourth key.
        var own = thread >> 2;
        var quarter = thread & 3;
        var staged = firstQuery + (thread & (Tile - 1));
        var column = Column(staged < s.Positions ? staged : s.Positions - 1, s.KeyChannels, lanes, s);
        var peak = R.FromDouble(Lowest);
        var total = T.Zero;
        var o = Tile4.Rows(Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero));
        for (var first = 0; first < s.Keys; first += Tile)
        {
            CopyScores(queries, keys, 0, qColumns, k, column, lanes, firstRow, first, 0, s);
            AsyncCopy.Commit();
            CopyValues(values, g, firstRow, first, firstChannel, s);
            AsyncCopy.Commit();
            var scores = Tile4.Rows(Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero));
            var half = 0;
            // The values' group is the second of three; while the first slice is awaited it may still be under way, later it has arrived.
            AsyncCopy.Wait(1);
            for (var slice = 0; slice < s.KeyChannels; slice += SliceDepth)
            {
                Group.Barrier();
                if (slice + SliceDepth < s.KeyChannels)
                    CopyScores(queries, keys, 1 - half, qColumns, k, column, lanes, firstRow, first, slice + SliceDepth, s);
                AsyncCopy.Commit();
                var a = half * QuerySlice + 4 * ty;
                var b = half * KeySlice + 4 * tx;
                for (var c = 0; c < SliceDepth; c++)
                    scores = Tile4.Outer<T, R>(Tile4.Load(queries, a + c * Tile), Tile4.Load(keys, b + c * Stride), scores);
                half = 1 - half;
                AsyncCopy.Wait(0);
            }
            StoreTransposed(weights, 4 * tx * Stride + 4 * ty, scores);
            Group.Barrier();

            var count = s.Keys - first < Tile ? s.Keys - first : Tile;
            var place = quarter * Stride + own;
            var valid = (count - quarter + 3) >> 2;
            var highest = R.FromDouble(Lowest);
            for (var j = 0; j < valid; j++)
                highest = R.Max(highest, weights[place + 4 * j * Stride] * scale);
            highest = R.Max(highest, Warp.ShuffleXor(highest, 1));
            var risen = R.Max(peak, R.Max(highest, Warp.ShuffleXor(highest, 2)));
            var keep = R.Exp(peak - risen);
            peak = risen;
            var sum = T.Zero;
            for (var j = 0; j < valid; j++)
            {
                var weight = R.Exp(weights[place + 4 * j * Stride] * scale - risen);
                weights[place + 4 * j * Stride] = weight;
                sum += weight;
            }
            sum += Warp.ShuffleXor(sum, 1);
            total = R.Fma(total, keep, sum + Warp.ShuffleXor(sum, 2));
            if (quarter == 0) kept[own] = keep;
            Group.Barrier();

            o = Scaled(o, Tile4.Load(kept, 4 * ty));
            o = Accumulate<T, R>(weights, values, ty, tx, count, o);
            Group.Barrier();
        }

        Store(oColumns, firstQuery + 4 * ty, firstChannel + 4 * tx, lanes, s, o);
        if (quarter == 0 && Grid.IdxY == 0 && firstQuery + own < s.Positions)
        {
            var row = Grid.IdxZ * s.Positions + firstQuery + own;
            stats[row] = peak;
            stats[s.Samples * s.Positions + row] = T.One / total;
        }
    }

    /// <summary>o and the queries' statistics; see <see cref="AttentionKernels.Forward"/>.</summary>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> qColumns, ArrayView<T> k, ArrayView<T> g, ArrayView<T> oColumns, ArrayView<T> stats, double scale,
        AttentionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var grid = new Index3D(KernelHost.Blocks(shape.Positions, Tile), KernelHost.Blocks(shape.Channels, Tile), shape.Samples);
        host.Load(static a => a.LoadStreamKernel<
            ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, T, int, AttentionShape>(ForwardKernel<T, R>))(
            new KernelConfig(grid, new Index3D(GemmStaging.Threads, 1, 1)), qColumns, k, g, oColumns, stats, R.FromDouble(scale), host.Lanes, shape);
    }

    /// <summary>Where a packed column of the calling group's sample starts (see Positions.cs).</summary>
    private static int Column(int position, int channels, int lanes, AttentionShape s)
    {
        var block = position / lanes;
        return (Grid.IdxZ * ((s.Positions + lanes - 1) / lanes) + block) * channels * lanes + position - block * lanes;
    }

    /// <summary>o + weights g over the first keys of a tile.</summary>
    private static Square4<T> Accumulate<T, R>(ArrayView<T> weights, ArrayView<T> values, int ty, int tx, int count, Square4<T> o)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var j = 0;
        for (; j + SliceDepth <= count; j += SliceDepth)
        {
            for (var i = 0; i < SliceDepth; i++)
                o = Tile4.Outer<T, R>(Tile4.Load(weights, (j + i) * Stride + 4 * ty), Tile4.Load(values, (j + i) * Tile + 4 * tx), o);
        }
        for (; j < count; j++)
            o = Tile4.Outer<T, R>(Tile4.Load(weights, j * Stride + 4 * ty), Tile4.Load(values, j * Tile + 4 * tx), o);
        return o;
    }

    /// <summary>Starts the copies of values[key][channel]; zero beyond the last key or channel.</summary>
    private static void CopyValues<T>(ArrayView<T> values, ArrayView<T> g, int firstRow, int first, int firstChannel, AttentionShape s)
        where T : unmanaged, INumber<T>
    {
        var channel = Group.IdxX & (Tile - 1);
        var key = Group.IdxX >> 6;
        var from = (firstRow + first + key) * s.Channels + firstChannel + channel;
        for (var i = 0; i < Share; i++)
        {
            Copy(values, (key + 4 * i) * Tile + channel, g, from + 4 * i * s.Channels,
                firstChannel + channel < s.Channels && first + key + 4 * i < s.Keys);
        }
    }

    /// <summary>Starts the copies of a slice of channels: queries[channel][query] and keys[channel][key], zero beyond the last channel or key.</summary>
    private static void CopyScores<T>(
        ArrayView<T> queries, ArrayView<T> keys, int half, ArrayView<T> qColumns, ArrayView<T> k, int column, int lanes, int firstRow, int first,
        int slice, AttentionShape s)
        where T : unmanaged, INumber<T>
    {
        var channel = Group.IdxX >> 6;
        for (var i = 0; i < SliceDepth; i += 4)
        {
            Copy(queries, half * QuerySlice + (channel + i) * Tile + (Group.IdxX & (Tile - 1)), qColumns, column + (slice + channel + i) * lanes,
                slice + channel + i < s.KeyChannels);
        }
        channel = Group.IdxX & (SliceDepth - 1);
        var key = Group.IdxX / SliceDepth;
        var from = (firstRow + first + key) * s.KeyChannels + slice + channel;
        for (var i = 0; i < Tile; i += GemmStaging.Threads / SliceDepth)
        {
            Copy(keys, half * KeySlice + channel * Stride + key + i, k, from + i * s.KeyChannels,
                slice + channel < s.KeyChannels && first + key + i < s.Keys);
        }
    }

    /// <summary>Starts the copy of an element.</summary>
    private static void Copy<T>(ArrayView<T> target, int to, ArrayView<T> source, int from, bool take)
        where T : unmanaged
    {
        if (Interop.SizeOf<T>() == sizeof(float)) AsyncCopy.Copy4(target, to, source, from, take);
        else AsyncCopy.Copy8(target, to, source, from, take);
    }

    private static void StoreTransposed<T>(ArrayView<T> target, int at, Square4<T> x)
        where T : unmanaged
    {
        StoreQuad(target, at, Tile4.Of(x.R0.V0, x.R1.V0, x.R2.V0, x.R3.V0));
        StoreQuad(target, at + Stride, Tile4.Of(x.R0.V1, x.R1.V1, x.R2.V1, x.R3.V1));
        StoreQuad(target, at + 2 * Stride, Tile4.Of(x.R0.V2, x.R1.V2, x.R2.V2, x.R3.V2));
        StoreQuad(target, at + 3 * Stride, Tile4.Of(x.R0.V3, x.R1.V3, x.R2.V3, x.R3.V3));
    }

    private static void StoreQuad<T>(ArrayView<T> target, int at, Tile4<T> x)
        where T : unmanaged
    {
        target[at] = x.V0;
        target[at + 1] = x.V1;
        target[at + 2] = x.V2;
        target[at + 3] = x.V3;
    }

    private static Square4<T> Scaled<T>(Square4<T> x, Tile4<T> factors)
        where T : unmanaged, INumber<T>
    {
        Square4<T> y;
        y.R0 = Scaled(x.R0, factors.V0);
        y.R1 = Scaled(x.R1, factors.V1);
        y.R2 = Scaled(x.R2, factors.V2);
        y.R3 = Scaled(x.R3, factors.V3);
        return y;
    }

    private static Tile4<T> Scaled<T>(Tile4<T> x, T factor)
        where T : unmanaged, INumber<T> => Tile4.Of(x.V0 * factor, x.V1 * factor, x.V2 * factor, x.V3 * factor);

    private static void Store<T>(ArrayView<T> oColumns, int query, int channel, int lanes, AttentionShape s, Square4<T> o)
        where T : unmanaged
    {
        StoreRow(oColumns, query, channel, lanes, s, o.R0);
        StoreRow(oColumns, query + 1, channel, lanes, s, o.R1);
        StoreRow(oColumns, query + 2, channel, lanes, s, o.R2);
        StoreRow(oColumns, query + 3, channel, lanes, s, o.R3);
    }

    private static void StoreRow<T>(ArrayView<T> oColumns, int query, int channel, int lanes, AttentionShape s, Tile4<T> o)
        where T : unmanaged
    {
        if (query >= s.Positions) return;
        var i = Column(query, s.Channels, lanes, s) + channel * lanes;
        if (channel < s.Channels) oColumns[i] = o.V0;
        if (channel + 1 < s.Channels) oColumns[i + lanes] = o.V1;
        if (channel + 2 < s.Channels) oColumns[i + 2 * lanes] = o.V2;
        if (channel + 3 < s.Channels) oColumns[i + 3 * lanes] = o.V3;
    }
}
