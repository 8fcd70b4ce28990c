// What all queries of a sample share, computed by every group of the forward pass for itself, so that no launch has to come first:
//
//   row of a group:   mean of q [keyChannels]   u [channels]   the maximum of m   the reciprocal of the sum of exp(m - maximum)
//
// Backward reads the row of a sample's first group.
//
// Memory: q, g and m of the sample are read once per group. Accumulation: see Attention.cs.
using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Places in a row, and what fills it, lanes along the channels; callable inside kernels.</summary>
internal static class AttentionRow
{
    /// <summary>Elements of a row.</summary>
    public static int Length(AttentionShape s) => s.KeyChannels + s.Channels + 2;

    /// <summary>The calling group's row, in launches over (samples, shares).</summary>
    public static int Own(AttentionShape s) => (Grid.IdxY * Grid.DimX + Grid.IdxX) * Length(s);

    /// <summary>The row of a sample's first group.</summary>
    public static int Of(int sample, AttentionShape s) => sample * Length(s);

    /// <summary>Where in a row u lies; the means are at its start.</summary>
    public static int Values(AttentionShape s) => s.KeyChannels;

    /// <summary>Where in a row the maximum of m lies; the reciprocal of the sum follows.</summary>
    public static int Peak(AttentionShape s) => s.KeyChannels + s.Channels;

    /// <summary>The unary weight of a key of any sample.</summary>
    public static T Weight<T, R>(ArrayView<T> m, int key, ArrayView<T> rows, int row, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => R.Exp(m[key] - rows[row + Peak(s)]) * rows[row + Peak(s) + 1];

    /// <summary>The means of the sample's queries, into the group's row.</summary>
    public static void Means<T, R>(ArrayView<T> q, ArrayView<T> rows, int row, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        for (var at = 0; at < s.KeyChannels; at += Group.DimX)
        {
            var c = at + Group.IdxX;
            if (c < s.KeyChannels) rows[row + c] = R.FromDouble(Sum<T, R>(q, Grid.IdxX * s.Positions, s.Positions, s.KeyChannels, c) / s.Positions);
        }
    }

    /// <summary>The sum of a channel over rows of a map, in double.</summary>
    public static double Sum<T, R>(ArrayView<T> x, int first, int count, int channels, int c)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        var p = first;
        for (; p + 3 < first + count; p += 4)
        {
            s0 += R.ToDouble(x[p * channels + c]);
            s1 += R.ToDouble(x[(p + 1) * channels + c]);
            s2 += R.ToDouble(x[(p + 2) * channels + c]);
            s3 += R.ToDouble(x[(p + 3) * channels + c]);
        }
        for (; p < first + count; p++) s0 += R.ToDouble(x[p * channels + c]);
        return s0 + s1 + (s2 + s3);
    }

    /// <summary>u, and the maximum and sum of the unary scores, into the group's row.</summary>
    /// <param name="g">Values.</param>
    /// <param name="m">Unary scores.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="row">The group's.</param>
    /// <param name="weights">Holds the weights of as many keys as the group has threads, from its place on.</param>
    /// <param name="place">That place.</param>
    /// <param name="s">The extents.</param>
    public static void Unary<T, R>(
        ArrayView<T> g, ArrayView<T> m, ArrayView<T> rows, int row, ArrayView<T> weights, int place, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var u = row + Values(s);
        for (var at = 0; at < s.Channels; at += Group.DimX)
        {
            if (at + Group.IdxX < s.Channels) rows[u + at + Group.IdxX] = T.Zero;
        }
        var firstKey = Grid.IdxX * s.Keys;
        var endKey = firstKey + s.Keys;
        var peak = m[firstKey];
        for (var j = firstKey + 1; j < endKey; j++) peak = R.Max(peak, m[j]);
        var total = T.Zero;
        for (var first = firstKey; first < endKey; first += Group.DimX)
        {
            // A thread per key, then a thread per channel.
            var j = first + Group.IdxX;
            var weight = R.Exp(m[j < endKey ? j : firstKey] - peak);
            weights[place + Group.IdxX] = j < endKey ? weight : T.Zero;
            Group.Barrier();
            for (var r = 0; r < Group.DimX; r += Tile8.Size)
            {
                // Groups of fewer threads than a tile has rows: the last weight would count again.
                var w = Tile8.Limit(Tile8.Load(weights, Tile8.Rows(place + r, place + Group.DimX - 1)), Group.DimX - r, T.Zero);
                total += Tile8.Sum(w);
                Tile8.AccumulateRow<T, R>(rows, u, g, Tile8.Scale(Tile8.Rows(first + r, endKey - 1), s.Channels), w, s.Channels);
            }
            Group.Barrier();
        }
        var inverse = T.One / total;
        for (var at = 0; at < s.Channels; at += Group.DimX)
        {
            if (at + Group.IdxX < s.Channels) rows[u + at + Group.IdxX] *= inverse;
        }
        if (Group.IdxX == 0)
        {
            rows[row + Peak(s)] = peak;
            rows[row + Peak(s) + 1] = inverse;
        }
    }
}
