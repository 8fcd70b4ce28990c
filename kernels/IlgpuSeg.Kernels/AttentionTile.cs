// The two products that attention's block-tiled kernels are made of (AttentionBlock.cs, AttentionBlockBackward.cs), for a group of 256 threads.
//
//   Products      tile(row, column) = x_row . y_column          both operands read by slices of 8 channels, into registers
//   Accumulate    target(column, :) += sum over row of tile(row, column) z_row          the tile lies in shared memory, z by slices of 8 rows
//
// 1. A tile is 128 x 128 (64 x 64). A thread's elements are four squares of 4 x 4 (or one) as in GemmBlock.cs, so that two loads of 16 bytes serve
//    16 (32) multiply-adds.
// 2. Slices come by asynchronous copies, twice: while one is multiplied, the next one is under way. One barrier per slice. Rows in shared
//    memory are Size + 4 elements apart (see GemmStaging.cs). Both products begin with a barrier, so that what they overwrite is not in use, and
//    what was stored in the tile before can be read.
// 3. The target is read and written in place, tile by tile: its channels do not have to fit the registers. Its rows belong to one group, so nothing is
//    added atomically.
//
// Rows beyond the last one count as zeros and are not stored. Maps are [rows, channels]; rows are counted over all samples.
using System.Numerics;
using IlgpuSeg.KernelRuntime;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>How large the tiles of attention are, and how maps are read.</summary>
internal interface IAttentionTile
{
    /// <summary>Queries, and keys, of a tile: 64 or 128.</summary>
    static abstract int Size { get; }

    /// <summary>Whether four neighbouring channels always lie together at a multiple of their size.</summary>
    static abstract bool Quads { get; }
}

/// <summary>128 x 128: 84.5 KB of shared memory.</summary>
internal readonly struct LargeAttentionTile : IAttentionTile
{
    public static int Size => 128;

    public static bool Quads => true;
}

/// <summary>64 x 64, for maps of few positions: 26 KB.</summary>
internal readonly struct SmallAttentionTile : IAttentionTile
{
    public static int Size => 64;

    public static bool Quads => true;
}

/// <summary>64 x 64, channels one by one.</summary>
internal readonly struct SingleAttentionTile : IAttentionTile
{
    public static int Size => 64;

    public static bool Quads => false;
}

/// <summary>A thread's elements of a tile: one square, or four.</summary>
internal struct AttentionSums<T>
    where T : unmanaged
{
    public Square4<T> S00, S01, S10, S11;
}

/// <summary>Rows of a map: the first one, and how many of a tile's rows there are.</summary>
internal struct AttentionRows<T>
    where T : unmanaged
{
    public ArrayView<T> Map, Means;
    public int First, Count, Mean;
    public bool Centers;

    public static AttentionRows<T> Of(ArrayView<T> map, int first, int count)
    {
        AttentionRows<T> rows;
        rows.Map = map;
        rows.Means = map;
        rows.First = first;
        rows.Count = count;
        rows.Mean = 0;
        rows.Centers = false;
        return rows;
    }

    /// <summary>Minus means, which are taken away in shared memory.</summary>
    public static AttentionRows<T> Centered(ArrayView<T> map, int first, int count, ArrayView<T> means, int mean)
    {
        var rows = Of(map, first, count);
        rows.Means = means;
        rows.Mean = mean;
        rows.Centers = true;
        return rows;
    }
}

/// <summary>The products; callable inside kernels by all threads of a group of <see cref="GemmStaging.Threads"/> together.</summary>
internal static class AttentionTile
{
    /// <summary>Between a thread's squares.</summary>
    public const int SquareStep = 64;

    private const int SliceDepth = 8;

    /// <summary>Elements of a tile in shared memory.</summary>
    public static int TileElements<TTile>()
        where TTile : struct, IAttentionTile => TTile.Size * Stride<TTile>();

    /// <summary>Elements of the slices in shared memory.</summary>
    public static int SliceElements<TTile>()
        where TTile : struct, IAttentionTile => 4 * SliceDepth * Stride<TTile>();

    /// <summary>From one row of a tile to the next.</summary>
    public static int Stride<TTile>()
        where TTile : struct, IAttentionTile => TTile.Size + GemmStaging.Padding;

    /// <summary>The calling thread's first row.</summary>
    public static int Row => 4 * ((Group.IdxX >> 6) * 4 + ((Group.IdxX & 31) >> 3));

    /// <summary>The calling thread's first column.</summary>
    public static int Column => 4 * (((Group.IdxX >> 5) & 1) * 8 + (Group.IdxX & 7));

    /// <summary>The dot products of rows of x and rows of y.</summary>
    /// <param name="slices">Shared memory.</param>
    /// <param name="x">The tile's rows.</param>
    /// <param name="y">The tile's columns.</param>
    /// <param name="depth">Channels of both.</param>
    public static AttentionSums<T> Products<T, R, TTile>(ArrayView<T> slices, AttentionRows<T> x, AttentionRows<T> y, int depth)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var stride = Stride<TTile>();
        var above = SliceDepth * stride;
        var sums = Zero<T>();
        var half = 0;
        Group.Barrier();
        CopyChannels<T, TTile>(slices, 0, x, 0, depth);
        CopyChannels<T, TTile>(slices, above, y, 0, depth);
        AsyncCopy.Commit();
        for (var slice = 0; slice < depth; slice += SliceDepth)
        {
            AsyncCopy.Wait(0);
            if (x.Centers) CenterChannels<T, TTile>(slices, half, x, slice, depth);
            if (y.Centers) CenterChannels<T, TTile>(slices, half + above, y, slice, depth);
            Group.Barrier();
            var next = 2 * above - half;
            if (slice + SliceDepth < depth)
            {
                CopyChannels<T, TTile>(slices, next, x, slice + SliceDepth, depth);
                CopyChannels<T, TTile>(slices, next + above, y, slice + SliceDepth, depth);
            }
            AsyncCopy.Commit();
            for (var c = 0; c < SliceDepth; c++)
                sums = Outer<T, R, TTile>(slices, half + c * stride + Row, slices, half + above + c * stride + Column, sums);
            half = next;
        }
        return sums;
    }

    /// <summary>Adds the rows of z, weighted by the tile, to the rows of the target.</summary>
    /// <param name="slices">Shared memory.</param>
    /// <param name="tile">The tile in shared memory; its rows are z's, its columns the target's rows.</param>
    /// <param name="z">The rows.</param>
    /// <param name="target">What they are added to.</param>
    /// <param name="channels">Channels of both.</param>
    /// <param name="begins">Whether the target counts as zeros so far.</param>
    /// <param name="kept">Per row of the target, in shared memory: what is in it is multiplied by that first.</param>
    /// <param name="rescales">Whether it is (a constant).</param>
    public static void Accumulate<T, R, TTile>(
        ArrayView<T> slices, ArrayView<T> tile, AttentionRows<T> z, AttentionRows<T> target, int channels, bool begins, ArrayView<T> kept,
        bool rescales)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var stride = Stride<TTile>();
        for (var block = 0; block < channels; block += TTile.Size)
        {
            Group.Barrier();
            CopyRows<T, TTile>(slices, 0, z, 0, block, channels);
            AsyncCopy.Commit();
            var sums = Zero<T>();
            var half = 0;
            for (var slice = 0; slice < z.Count; slice += SliceDepth)
            {
                AsyncCopy.Wait(0);
                if (z.Centers) CenterRows<T, TTile>(slices, half, z, block, channels);
                Group.Barrier();
                var next = SliceDepth * stride - half;
                if (slice + SliceDepth < z.Count) CopyRows<T, TTile>(slices, next, z, slice + SliceDepth, block, channels);
                AsyncCopy.Commit();
                for (var i = 0; i < SliceDepth; i++)
                    sums = Outer<T, R, TTile>(tile, (slice + i) * stride + Row, slices, half + i * stride + Column, sums);
                half = next;
            }
            Store<T, R, TTile>(target, block + Column, channels, sums, begins, kept, rescales);
        }
    }

    /// <summary>Writes a thread's square to its place in a tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="at">The place of its first element.</param>
    /// <param name="stride">From row to row.</param>
    /// <param name="square">The square.</param>
    public static void StoreSquare<T>(ArrayView<T> tile, int at, int stride, Square4<T> square)
        where T : unmanaged
    {
        Tile4.Store(tile, at, square.R0);
        Tile4.Store(tile, at + stride, square.R1);
        Tile4.Store(tile, at + 2 * stride, square.R2);
        Tile4.Store(tile, at + 3 * stride, square.R3);
    }

    /// <summary>Writes a thread's elements to their places in a tile.</summary>
    public static void StoreTile<T, TTile>(ArrayView<T> tile, AttentionSums<T> sums)
        where T : unmanaged
        where TTile : struct, IAttentionTile
    {
        var stride = Stride<TTile>();
        var at = Row * stride + Column;
        StoreSquare(tile, at, stride, sums.S00);
        if (TTile.Size == SquareStep) return;
        StoreSquare(tile, at + SquareStep, stride, sums.S01);
        StoreSquare(tile, at + SquareStep * stride, stride, sums.S10);
        StoreSquare(tile, at + SquareStep * stride + SquareStep, stride, sums.S11);
    }

    private static AttentionSums<T> Zero<T>()
        where T : unmanaged, INumber<T>
    {
        AttentionSums<T> s;
        s.S00 = Tile4.Rows(Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero));
        s.S01 = s.S00;
        s.S10 = s.S00;
        s.S11 = s.S00;
        return s;
    }

    private static AttentionSums<T> Outer<T, R, TTile>(ArrayView<T> left, int a, ArrayView<T> above, int b, AttentionSums<T> s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        var a0 = Tile4.Load(left, a);
        var b0 = Tile4.Load(above, b);
        s.S00 = Tile4.Outer<T, R>(a0, b0, s.S00);
        if (TTile.Size > SquareStep)
        {
            var a1 = Tile4.Load(left, a + SquareStep);
            var b1 = Tile4.Load(above, b + SquareStep);
            s.S01 = Tile4.Outer<T, R>(a0, b1, s.S01);
            s.S10 = Tile4.Outer<T, R>(a1, b0, s.S10);
            s.S11 = Tile4.Outer<T, R>(a1, b1, s.S11);
        }
        return s;
    }

    /// <summary>Starts the copies of some channels of rows, transposed: slice[channel][row].</summary>
    private static void CopyChannels<T, TTile>(ArrayView<T> slices, int to, AttentionRows<T> rows, int first, int channels)
        where T : unmanaged
        where TTile : struct, IAttentionTile
    {
        var channel = Group.IdxX & (SliceDepth - 1);
        var row = Group.IdxX / SliceDepth;
        var from = (rows.First + row) * channels + first + channel;
        to += channel * Stride<TTile>() + row;
        // One number per slice to compare with: comparisons of rows alone would be made before the loop over slices, and kept in registers.
        var limit = first + channel < channels ? rows.Count - row : 0;
        for (var i = 0; i < TTile.Size; i += GemmStaging.Threads / SliceDepth)
            Copy(slices, to + i, rows.Map, from + i * channels, i < limit);
    }

    /// <summary>Starts the copies of a block of channels of some rows as they lie: slice[row][channel].</summary>
    private static void CopyRows<T, TTile>(ArrayView<T> slices, int to, AttentionRows<T> rows, int first, int block, int channels)
        where T : unmanaged
        where TTile : struct, IAttentionTile
    {
        if (TTile.Quads)
        {
            var row = Group.IdxX / (TTile.Size / 4);
            var channel = block + 4 * (Group.IdxX & (TTile.Size / 4 - 1));
            var from = 4 * ((rows.First + first + row) * (channels >> 2) + (channel >> 2));
            if (row < SliceDepth)
                AsyncCopy.Copy16(slices, to + row * Stride<TTile>() + channel - block, rows.Map, from, channel < channels && first + row < rows.Count);
        }
        else
        {
            var row = Group.IdxX / TTile.Size;
            var channel = Group.IdxX & (TTile.Size - 1);
            var from = (rows.First + first + row) * channels + block + channel;
            for (var i = 0; i < SliceDepth; i += GemmStaging.Threads / TTile.Size)
            {
                Copy(slices, to + (row + i) * Stride<TTile>() + channel, rows.Map, from + i * channels,
                    block + channel < channels && first + row + i < rows.Count);
            }
        }
    }

    /// <summary>Takes the means from what the calling thread itself has copied by <see cref="CopyChannels"/>.</summary>
    private static void CenterChannels<T, TTile>(ArrayView<T> slices, int to, AttentionRows<T> rows, int first, int channels)
        where T : unmanaged, INumber<T>
        where TTile : struct, IAttentionTile
    {
        var channel = Group.IdxX & (SliceDepth - 1);
        if (first + channel >= channels) return;
        var mean = rows.Means[rows.Mean + first + channel];
        to += channel * Stride<TTile>() + Group.IdxX / SliceDepth;
        for (var i = 0; i < TTile.Size; i += GemmStaging.Threads / SliceDepth)
            slices[to + i] -= mean;
    }

    /// <summary>Takes the means from what the calling thread itself has copied by <see cref="CopyRows"/>.</summary>
    private static void CenterRows<T, TTile>(ArrayView<T> slices, int to, AttentionRows<T> rows, int block, int channels)
        where T : unmanaged, INumber<T>
        where TTile : struct, IAttentionTile
    {
        if (TTile.Quads)
        {
            var row = Group.IdxX / (TTile.Size / 4);
            var channel = 4 * (Group.IdxX & (TTile.Size / 4 - 1));
            if (row >= SliceDepth || block + channel >= channels) return;
            to += row * Stride<TTile>() + channel;
            var mean = Tile4.Scaled(Tile4.Load(rows.Means, rows.Mean + block + channel), -T.One);
            Tile4.Store(slices, to, Tile4.Add(Tile4.Load(slices, to), mean));
        }
        else
        {
            var channel = Group.IdxX & (TTile.Size - 1);
            if (block + channel >= channels) return;
            var mean = rows.Means[rows.Mean + block + channel];
            to += Group.IdxX / TTile.Size * Stride<TTile>() + channel;
            for (var i = 0; i < SliceDepth; i += GemmStaging.Threads / TTile.Size)
                slices[to + i * Stride<TTile>()] -= mean;
        }
    }

    private static void Copy<T>(ArrayView<T> target, int to, ArrayView<T> source, int from, bool take)
        where T : unmanaged
    {
        if (Interop.SizeOf<T>() == sizeof(float)) AsyncCopy.Copy4(target, to, source, from, take);
        else AsyncCopy.Copy8(target, to, source, from, take);
    }

    /// <summary>
    /// Writes the sums, plus (some of) what is in the target. It is read behind the products, not in front of them, so that no places in it have to be
    /// kept in registers meanwhile.
    /// </summary>
    private static void Store<T, R, TTile>(
        AttentionRows<T> target, int column, int channels, AttentionSums<T> sums, bool begins, ArrayView<T> kept, bool rescales)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        StoreSquareOut<T, R, TTile>(target, Row, column, channels, sums.S00, begins, kept, rescales);
        if (TTile.Size == SquareStep) return;
        StoreSquareOut<T, R, TTile>(target, Row, column + SquareStep, channels, sums.S01, begins, kept, rescales);
        StoreSquareOut<T, R, TTile>(target, Row + SquareStep, column, channels, sums.S10, begins, kept, rescales);
        StoreSquareOut<T, R, TTile>(target, Row + SquareStep, column + SquareStep, channels, sums.S11, begins, kept, rescales);
    }

    private static void StoreSquareOut<T, R, TTile>(
        AttentionRows<T> target, int row, int column, int channels, Square4<T> square, bool begins, ArrayView<T> kept, bool rescales)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        if (!begins) square = Added<T, R, TTile>(target, row, column, channels, square, kept, rescales);
        StoreOut<T, TTile>(target, row, column, channels, square);
    }

    private static Square4<T> Added<T, R, TTile>(
        AttentionRows<T> target, int row, int column, int channels, Square4<T> sums, ArrayView<T> kept, bool rescales)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TTile : struct, IAttentionTile
    {
        // Four loads under way.
        var r0 = LoadRow<T, TTile>(target, row, column, channels);
        var r1 = LoadRow<T, TTile>(target, row + 1, column, channels);
        var r2 = LoadRow<T, TTile>(target, row + 2, column, channels);
        var r3 = LoadRow<T, TTile>(target, row + 3, column, channels);
        var factors = rescales ? Tile4.Load(kept, row) : Tile4.Of(T.One, T.One, T.One, T.One);
        Square4<T> s;
        s.R0 = rescales ? Tile4.Fma<T, R>(factors.V0, r0, sums.R0) : Tile4.Add(r0, sums.R0);
        s.R1 = rescales ? Tile4.Fma<T, R>(factors.V1, r1, sums.R1) : Tile4.Add(r1, sums.R1);
        s.R2 = rescales ? Tile4.Fma<T, R>(factors.V2, r2, sums.R2) : Tile4.Add(r2, sums.R2);
        s.R3 = rescales ? Tile4.Fma<T, R>(factors.V3, r3, sums.R3) : Tile4.Add(r3, sums.R3);
        return s;
    }

    private static Tile4<T> LoadRow<T, TTile>(AttentionRows<T> target, int row, int column, int channels)
        where T : unmanaged, INumber<T>
        where TTile : struct, IAttentionTile
    {
        var values = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        var at = At<TTile>(target.First + row, column, channels);
        // One condition, so that a load is one instruction under a predicate.
        var limit = row < target.Count ? channels : 0;
        if (TTile.Quads)
        {
            if (column < limit) values = Tile4.Load(target.Map, at);
        }
        else
        {
            if (column < limit) values.V0 = target.Map[at];
            if (column + 1 < limit) values.V1 = target.Map[at + 1];
            if (column + 2 < limit) values.V2 = target.Map[at + 2];
            if (column + 3 < limit) values.V3 = target.Map[at + 3];
        }
        return values;
    }

    private static void StoreOut<T, TTile>(AttentionRows<T> target, int row, int column, int channels, Square4<T> square)
        where T : unmanaged
        where TTile : struct, IAttentionTile
    {
        StoreRow<T, TTile>(target, row, column, channels, square.R0);
        StoreRow<T, TTile>(target, row + 1, column, channels, square.R1);
        StoreRow<T, TTile>(target, row + 2, column, channels, square.R2);
        StoreRow<T, TTile>(target, row + 3, column, channels, square.R3);
    }

    private static void StoreRow<T, TTile>(AttentionRows<T> target, int row, int column, int channels, Tile4<T> values)
        where T : unmanaged
        where TTile : struct, IAttentionTile
    {
        var at = At<TTile>(target.First + row, column, channels);
        var limit = row < target.Count ? channels : 0;
        if (TTile.Quads)
        {
            if (column < limit) Tile4.Store(target.Map, at, values);
        }
        else
        {
            if (column < limit) target.Map[at] = values.V0;
            if (column + 1 < limit) target.Map[at + 1] = values.V1;
            if (column + 2 < limit) target.Map[at + 2] = values.V2;
            if (column + 3 < limit) target.Map[at + 3] = values.V3;
        }
    }

    // A visible multiple of four where it is one: such accesses take 16 bytes.
    private static int At<TTile>(int row, int column, int channels)
        where TTile : struct, IAttentionTile =>
        TTile.Quads ? 4 * (row * (channels >> 2) + (column >> 2)) : row * channels + column;
}
