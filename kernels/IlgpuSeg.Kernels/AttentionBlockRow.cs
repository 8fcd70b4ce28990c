// What all queries of a sample share (AttentionRow.cs), by a group of 256 threads: 16 quads of channels by 16 parts of the rows, four rows' loads under
// way at once in each thread, so that reading a sample's q and g takes a small part of what its tile's products take.
//
// Memory: q, g and m of the sample once per group; the tiles' shared memory. Accumulation: in double within a part, whose rows lie 16 apart, then
// over the parts in order.
using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Sums over rows by a whole group; callable inside kernels.</summary>
internal static class AttentionBlockRow
{
    private const int Parts = 16;

    private const int Width = 4 * GemmStaging.Threads / Parts;

    private const int Unrolled = 4;

    /// <summary>Unary weights that lie in the tile at once: no more than the smaller tile holds.</summary>
    private const int WeightsAtOnce = 4096;

    /// <summary>Fills the group's row; what others read of it lies behind the next barrier.</summary>
    /// <param name="x">The operands.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="row">The group's.</param>
    /// <param name="slices">Shared memory.</param>
    /// <param name="tile">Shared memory.</param>
    /// <param name="s">The extents.</param>
    public static void Fill<T, R, TTile>(AttentionMaps<T> x, ArrayView<T> rows, int row, ArrayView<T> slices, ArrayView<T> tile, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var queries = AttentionRows<T>.Of(x.Q, Grid.IdxX * s.Positions, s.Positions);
        Sums<T, R, TTile>(queries, s.KeyChannels, rows, row, 1.0 / s.Positions, slices, tile, false, true);
        var firstKey = Grid.IdxX * s.Keys;
        var peak = R.FromDouble(AttentionHost.Lowest);
        for (var j = Group.IdxX; j < s.Keys; j += GemmStaging.Threads) peak = R.Max(peak, x.M[firstKey + j]);
        peak = GroupMax<T, R>(slices, peak);
        var total = T.Zero;
        for (var first = 0; first < s.Keys; first += WeightsAtOnce)
        {
            var count = s.Keys - first < WeightsAtOnce ? s.Keys - first : WeightsAtOnce;
            for (var j = Group.IdxX; j < count; j += GemmStaging.Threads)
            {
                var weight = R.Exp(x.M[firstKey + first + j] - peak);
                tile[j] = weight;
                total += weight;
            }
            Group.Barrier();
            var values = AttentionRows<T>.Of(x.G, firstKey + first, count);
            Sums<T, R, TTile>(values, s.Channels, rows, row + AttentionRow.Values(s), 1, slices, tile, true, first == 0);
        }
        var inverse = T.One / GroupSum(slices, total);
        for (var c = Group.IdxX; c < s.Channels; c += GemmStaging.Threads) rows[row + AttentionRow.Values(s) + c] *= inverse;
        if (Group.IdxX != 0) return;
        rows[row + AttentionRow.Peak(s)] = peak;
        rows[row + AttentionRow.Peak(s) + 1] = inverse;
    }

    /// <summary>target[c] = factor * the (weighted) sum over rows of x, or that added to it. Begins without a barrier and ends with one.</summary>
    /// <param name="x">The rows.</param>
    /// <param name="channels">Channels of x.</param>
    /// <param name="target">Where the sums go.</param>
    /// <param name="at">The place of the first channel's.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="slices">Shared memory.</param>
    /// <param name="weights">The rows' weights.</param>
    /// <param name="weighted">Whether they have any (a constant).</param>
    /// <param name="begins">Whether the target counts as zeros.</param>
    public static void Sums<T, R, TTile>(
        AttentionRows<T> x, int channels, ArrayView<T> target, int at, double factor, ArrayView<T> slices, ArrayView<T> weights, bool weighted, bool begins)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var quad = 4 * (Group.IdxX & (Width / 4 - 1));
        var part = Group.IdxX / (Width / 4);
        for (var block = 0; block < channels; block += Width)
        {
            // Threads beyond the last channel read others; what they sum is not stored.
            var c = block + quad < channels ? block + quad : 0;
            double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
            for (var p = part; p < x.Count; p += Unrolled * Parts)
            {
                for (var i = 0; i < Unrolled; i++)
                {
                    var row = Smaller(p + i * Parts, x.Count - 1);
                    var v = Quad<T, TTile>(x, row, c, channels);
                    var weight = weighted ? R.ToDouble(weights[row]) : 1.0;
                    weight = p + i * Parts < x.Count ? weight : 0;
                    s0 += weight * R.ToDouble(v.V0);
                    s1 += weight * R.ToDouble(v.V1);
                    s2 += weight * R.ToDouble(v.V2);
                    s3 += weight * R.ToDouble(v.V3);
                }
            }
            Tile4.Store(slices, part * Width + quad, Tile4.Of(R.FromDouble(s0), R.FromDouble(s1), R.FromDouble(s2), R.FromDouble(s3)));
            Group.Barrier();
            if (Group.IdxX < Width && block + Group.IdxX < channels)
            {
                var sum = 0.0;
                for (var i = 0; i < Parts; i++) sum += R.ToDouble(slices[i * Width + Group.IdxX]);
                var place = at + block + Group.IdxX;
                target[place] = (begins ? T.Zero : target[place]) + R.FromDouble(sum * factor);
            }
            Group.Barrier();
        }
    }

    /// <summary>The sum of a value over the group, the same in all threads.</summary>
    public static T GroupSum<T>(ArrayView<T> slices, T value)
        where T : unmanaged, INumber<T>
    {
        Group.Barrier();
        value = WarpRows.Sum(value);
        if (Warp.LaneIdx == 0) slices[Warp.WarpIdx] = value;
        Group.Barrier();
        var sum = T.Zero;
        for (var i = 0; i < GemmStaging.Threads / Warp.WarpSize; i++) sum += slices[i];
        return sum;
    }

    private static T GroupMax<T, R>(ArrayView<T> slices, T value)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        Group.Barrier();
        value = WarpRows.Max<T, R>(value);
        if (Warp.LaneIdx == 0) slices[Warp.WarpIdx] = value;
        Group.Barrier();
        for (var i = 0; i < GemmStaging.Threads / Warp.WarpSize; i++) value = R.Max(value, slices[i]);
        Group.Barrier();
        return value;
    }

    private static Tile4<T> Quad<T, TTile>(AttentionRows<T> x, int row, int c, int channels)
        where T : unmanaged
        where TTile : struct, IAttentionTile
    {
        row += x.First;
        // A visible multiple of four: 16 bytes at once.
        if (TTile.Quads) return Tile4.Load(x.Map, 4 * (row * (channels >> 2) + (c >> 2)));
        var last = channels - 1;
        row *= channels;
        return Tile4.Of(x.Map[row + c], x.Map[row + Smaller(c + 1, last)], x.Map[row + Smaller(c + 2, last)], x.Map[row + Smaller(c + 3, last)]);
    }

    private static int Smaller(int a, int b) => a < b ? a : b;
}
