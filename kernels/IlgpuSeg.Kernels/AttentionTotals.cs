// Sums over a sample's queries on their way through backward (AttentionBackward.cs), a row per group:
//
//   of the first kernel's group, over its share of the queries:     sum of dq [keyChannels]    sum of dy [channels]    sum of D
//   of the second one's, over all of its sample, behind the others:     mean of dq [keyChannels]   S [channels]
//
// Accumulation: in double, over queries and over shares in order; the shares follow from the shape and the device's width alone.
using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Sums over queries; callable inside kernels.</summary>
internal static class AttentionTotals
{
    /// <summary>Elements of a row.</summary>
    public static int Length(AttentionShape s) => s.KeyChannels + s.Channels + 1;

    /// <summary>Where in a row the sum of dy lies.</summary>
    public static int Dy(AttentionShape s) => s.KeyChannels;

    /// <summary>Where in a row the sum of D lies.</summary>
    public static int Dots(AttentionShape s) => s.KeyChannels + s.Channels;

    /// <summary>The row of the calling group of the first kernel.</summary>
    public static int OwnShare(AttentionShape s) => (Grid.IdxX * s.Shares + Grid.IdxY) * Length(s);

    /// <summary>The sums of a share, lanes along the channels.</summary>
    public static void OfShare<T, R>(
        ArrayView<T> dy, AttentionKept<T> kept, AttentionGradients<T> d, AttentionScratch<T> scratch, int first, int count, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = OwnShare(s);
        var dots = R.FromDouble(AttentionRow.Sum<T, R>(kept.Stats, 2 * s.Samples * s.Positions + first, count, 1, 0));
        if (Group.IdxX == 0) scratch.Sums[row + Dots(s)] = dots;
        for (var at = 0; at < s.KeyChannels; at += Group.DimX)
        {
            var c = at + Group.IdxX;
            if (c < s.KeyChannels) scratch.Sums[row + c] = R.FromDouble(AttentionRow.Sum<T, R>(d.Dq, first, count, s.KeyChannels, c));
        }
        for (var at = 0; at < s.Channels; at += Group.DimX)
        {
            var c = at + Group.IdxX;
            if (c < s.Channels) scratch.Sums[row + Dy(s) + c] = R.FromDouble(AttentionRow.Sum<T, R>(dy, first, count, s.Channels, c));
        }
    }

    /// <summary>In the second kernel: adds up the sample's shares, centres the calling group's share of dq, and (one group) writes dgamma.</summary>
    /// <returns>Where the group's row starts.</returns>
    public static int OfSample<T, R>(AttentionMaps<T> x, AttentionKept<T> kept, AttentionGradients<T> d, AttentionScratch<T> scratch, AttentionShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var shares = Grid.IdxX * s.Shares;
        var row = (s.Samples * s.Shares + Grid.IdxX * Grid.DimY + Grid.IdxY) * Length(s);
        for (var at = 0; at < Dots(s); at += Group.DimX)
        {
            var c = at + Group.IdxX;
            var count = c < Dy(s) ? s.Positions : 1;
            if (c < Dots(s)) scratch.Sums[row + c] = R.FromDouble(AttentionRow.Sum<T, R>(scratch.Sums, shares, s.Shares, Length(s), c) / count);
        }
        if (Grid.IdxX == 0 && Grid.IdxY == 0)
        {
            var dots = R.FromDouble(AttentionRow.Sum<T, R>(scratch.Sums, 0, s.Samples * s.Shares, Length(s), Dots(s)));
            if (Group.IdxX == 0) d.Dgamma[0] = dots;
        }
        Group.Barrier();
        Center(d.Dq, scratch.Sums, row, s);
        return row;
    }

    /// <summary>Takes the mean from the calling group's share of the rows of dq.</summary>
    private static void Center<T>(ArrayView<T> dq, ArrayView<T> means, int mean, AttentionShape s)
        where T : unmanaged, INumber<T>
    {
        // As many rows at once as the group has warps.
        var warps = Group.DimX / Warp.WarpSize;
        var warp = Warp.WarpIdx;
        var end = Grid.IdxX * s.Positions + (int)((long)(Grid.IdxY + 1) * s.Positions / Grid.DimY);
        for (var i = Grid.IdxX * s.Positions + (int)((long)Grid.IdxY * s.Positions / Grid.DimY) + warp; i < end; i += warps)
        {
            for (var at = 0; at < s.KeyChannels; at += Warp.WarpSize)
            {
                var c = at + Warp.LaneIdx;
                if (c < s.KeyChannels) dq[i * s.KeyChannels + c] -= means[mean + c];
            }
        }
    }
}
