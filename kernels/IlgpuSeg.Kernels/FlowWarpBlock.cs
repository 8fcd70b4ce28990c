// Warping and its gradient for GPUs.
//
// Forward and gather take four channels of a pixel in a thread, by accesses of 16 bytes, where channels are a multiple of four; a group takes as
// many pixels as it has threads for. The lists of FlowWarp.cs (result pixels of each cell, ascending) are made by a thread for every pixel that puts
// itself in front of its cell's list, in whatever order they come; then a thread for every cell sorts its list by merging, in place. The sorted
// lists are the same whatever that order was, and so is the gradient.
//
// Memory and accumulation: as in FlowWarp.cs, with the same operations for each element; lists need no tails.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The GPU's form of <see cref="FlowWarpKernels"/>.</summary>
internal static class FlowWarpBlock
{
    // heads are [images, cells] and start as zeros, next is [images, pixels]; both hold pixel + 1, with 0 for none.
    internal static void LinkKernel(ArrayView<int> cells, ArrayView<int> heads, ArrayView<int> next, int pixels, WarpShape s)
    {
        var p = Grid.IdxX * Group.DimX + Group.IdxX;
        if (p >= pixels) return;
        var cell = cells[p];
        if (cell < 0) return;
        var image = p / s.OutPixels;
        next[p] = Atomic.Exchange(ref heads[image * s.Cells + cell], p - image * s.OutPixels + 1);
    }

    internal static void SortKernel(ArrayView<int> heads, ArrayView<int> next, int lists, WarpShape s)
    {
        var list = Grid.IdxX * Group.DimX + Group.IdxX;
        if (list >= lists) return;
        // next of link is at pixels + link.
        var pixels = list / s.Cells * s.OutPixels - 1;
        var head = heads[list];
        if (head == 0) return;
        var merges = 2;
        for (var length = 1; merges > 1; length *= 2)
        {
            var left = head;
            var tail = 0;
            merges = 0;
            while (left != 0)
            {
                merges++;
                var right = left;
                var inLeft = 0;
                while (inLeft < length && right != 0)
                {
                    inLeft++;
                    right = next[pixels + right];
                }
                var inRight = length;
                while (inLeft > 0 || (inRight > 0 && right != 0))
                {
                    var takesLeft = inLeft > 0 && (inRight == 0 || right == 0 || left < right);
                    var link = takesLeft ? left : right;
                    var following = next[pixels + link];
                    if (takesLeft) inLeft--;
                    else inRight--;
                    left = takesLeft ? following : left;
                    right = takesLeft ? right : following;
                    if (tail == 0) head = link;
                    else next[pixels + tail] = link;
                    tail = link;
                }
                left = right;
            }
            next[pixels + tail] = 0;
        }
        heads[list] = head;
    }

    // Rows are pixels of the result, channels quads; so are those of the shape.
    internal static void ForwardKernel<T, R>(
        ArrayView<Tile4<T>> x, ArrayView<int> cells, ArrayView<T> fractionsX, ArrayView<T> fractionsY, ArrayView<Tile4<T>> y, int rows, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var p = ChannelLoop.Row;
        if (p >= rows) return;
        var cell = cells[p];
        var y0 = cell / (s.InWidth + 1) - 1;
        var x0 = cell % (s.InWidth + 1) - 1;
        var top = cell >= 0 && y0 >= 0;
        var bottom = cell >= 0 && y0 < s.InHeight - 1;
        var left = x0 >= 0;
        var right = x0 < s.InWidth - 1;
        var fx = fractionsX[p];
        var fy = fractionsY[p];
        var origin = ((p / s.OutPixels * s.InHeight + y0) * s.InWidth + x0) * s.Channels;
        var below = s.InWidth * s.Channels;
        var zero = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var at = origin + c;
            var (a, b, d, e) = (zero, zero, zero, zero);
            if (top && left) a = x[at];
            if (top && right) b = x[at + s.Channels];
            if (bottom && left) d = x[at + below];
            if (bottom && right) e = x[at + below + s.Channels];
            var sum = zero;
            if (top && left) sum = Scale((T.One - fx) * (T.One - fy), a);
            if (top && right) sum = Tile4.Fma<T, R>(fx * (T.One - fy), b, sum);
            if (bottom && left) sum = Tile4.Fma<T, R>((T.One - fx) * fy, d, sum);
            if (bottom && right) sum = Tile4.Fma<T, R>(fx * fy, e, sum);
            y[p * s.Channels + c] = sum;
        }
    }

    // Rows are pixels of x, channels quads; so are those of the shape.
    internal static void GatherKernel<T, R>(
        ArrayView<Tile4<T>> dy, ArrayView<T> fractionsX, ArrayView<T> fractionsY, ArrayView<int> heads, ArrayView<int> next, ArrayView<Tile4<T>> dx,
        int rows, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = ChannelLoop.Row;
        if (row >= rows) return;
        var line = row / s.InWidth;
        var ix = row - line * s.InWidth;
        var image = line / s.InHeight;
        var iy = line - image * s.InHeight;
        var lists = image * s.Cells;
        var pixels = image * s.OutPixels;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
            for (var corner = 0; corner < 4; corner++)
            {
                // This pixel is the corner (down, right) of the cell.
                var down = corner / 2;
                var right = corner % 2;
                var link = heads[lists + (iy - down + 1) * (s.InWidth + 1) + ix - right + 1];
                while (link != 0)
                {
                    var p = pixels + link - 1;
                    var weightX = right != 0 ? fractionsX[p] : T.One - fractionsX[p];
                    var weightY = down != 0 ? fractionsY[p] : T.One - fractionsY[p];
                    sum = Tile4.Fma<T, R>(weightX * weightY, dy[p * s.Channels + c], sum);
                    link = next[p];
                }
            }
            dx[row * s.Channels + c] = sum;
        }
    }

    private static Tile4<T> Scale<T>(T factor, Tile4<T> x)
        where T : unmanaged, INumber<T> => Tile4.Of(factor * x.V0, factor * x.V1, factor * x.V2, factor * x.V3);

    /// <summary>Links the result pixels of each cell in ascending order.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="cells">[images, pixels], from <see cref="FlowWarpKernels.Points"/>.</param>
    /// <param name="heads">[images, cells], zeros; receives the lists' first pixels.</param>
    /// <param name="next">[images, pixels], receives the pixels' followers.</param>
    /// <param name="s">The sizes.</param>
    public static void Link(KernelHost host, ArrayView<int> cells, ArrayView<int> heads, ArrayView<int> next, WarpShape s)
    {
        var (pixels, lists) = (s.Images * s.OutPixels, s.Images * s.Cells);
        host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<int>, int, WarpShape>(LinkKernel))(
            host.Linear(pixels), cells, heads, next, pixels, s);
        host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, int, WarpShape>(SortKernel))(
            host.Linear(lists), heads, next, lists, s);
    }

    /// <summary>y = x at the points; as <see cref="FlowWarpKernels.Forward"/>, of quads.</summary>
    public static void Forward<T, R>(KernelHost host, ArrayView<T> x, WarpPoints<T> points, ArrayView<T> y, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var rows = s.Images * s.OutPixels;
        host.Load(static a => a.LoadStreamKernel<ArrayView<Tile4<T>>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<Tile4<T>>, int, WarpShape>(
            ForwardKernel<T, R>))(
            ChannelLoop.Shared(host, rows, s.Channels / 4), ColumnBlock.Quads(x), points.Cells, points.FractionsX, points.FractionsY,
            ColumnBlock.Quads(y), rows, s with { Channels = s.Channels / 4 });
    }

    /// <summary>The gradient of x from the lists of <see cref="Link"/>, of quads.</summary>
    public static void Gather<T, R>(
        KernelHost host, ArrayView<T> dy, WarpPoints<T> points, ArrayView<int> heads, ArrayView<int> next, ArrayView<T> dx, WarpShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var rows = s.Images * s.InHeight * s.InWidth;
        host.Load(static a => a.LoadStreamKernel<ArrayView<Tile4<T>>, ArrayView<T>, ArrayView<T>, ArrayView<int>, ArrayView<int>,
            ArrayView<Tile4<T>>, int, WarpShape>(GatherKernel<T, R>))(
            ChannelLoop.Shared(host, rows, s.Channels / 4), ColumnBlock.Quads(dy), points.FractionsX, points.FractionsY, heads, next,
            ColumnBlock.Quads(dx), rows, s with { Channels = s.Channels / 4 });
    }
}
