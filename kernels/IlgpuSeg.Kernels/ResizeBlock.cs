// Bilinear resizing and its gradient for GPUs, where channels are a multiple of four: a thread takes four channels of a pixel by accesses of 16
// bytes, which also spreads the pixel's address and weights over them; a group takes as many pixels as it has threads for.
//
// Memory and accumulation: as in Resize.cs, with the same operations for each element.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Resizing four channels at a time: the GPU's form of <see cref="ResizeKernels"/>.</summary>
internal static class ResizeBlock
{
    // Rows are pixels of the result, channels quads; so are those of the shape.
    internal static void ForwardKernel<T, R>(
        ArrayView<Tile4<T>> x, ArrayView<Tile4<T>> y, T scaleY, T scaleX, int alignCorners, int rows, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = ChannelLoop.Row;
        if (row >= rows) return;
        var line = row / s.OutWidth;
        var image = line / s.OutHeight;
        var py = ResizeAxis.Position<T, R>(line - image * s.OutHeight, scaleY, alignCorners);
        var px = ResizeAxis.Position<T, R>(row - line * s.OutWidth, scaleX, alignCorners);
        var y0 = ResizeAxis.Index<T, R>(py, s.InHeight);
        var x0 = ResizeAxis.Index<T, R>(px, s.InWidth);
        var fy = ResizeAxis.Fraction<T, R>(py, y0);
        var fx = ResizeAxis.Fraction<T, R>(px, x0);
        var right = x0 < s.InWidth - 1 ? s.Channels : 0;
        var below = y0 < s.InHeight - 1 ? s.InWidth * s.Channels : 0;
        var origin = ((image * s.InHeight + y0) * s.InWidth + x0) * s.Channels;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var at = origin + c;
            var (a, b, d, e) = (x[at], x[at + right], x[at + below], x[at + below + right]);
            y[row * s.Channels + c] = Tile4.Of(
                ResizeAxis.Between<T, R>(a.V0, b.V0, d.V0, e.V0, fy, fx), ResizeAxis.Between<T, R>(a.V1, b.V1, d.V1, e.V1, fy, fx),
                ResizeAxis.Between<T, R>(a.V2, b.V2, d.V2, e.V2, fy, fx), ResizeAxis.Between<T, R>(a.V3, b.V3, d.V3, e.V3, fy, fx));
        }
    }

    // One axis of the gradient: y[row, c] = the sum over k of weights[i, k] x[start + k * step + c], where i is the row's place on the axis. Along
    // columns (isColumns = 1) rows are rows of the result x columns of the operand, along rows pixels of the operand.
    internal static void GatherKernel<T, R>(
        ArrayView<Tile4<T>> x, ArrayView<Tile4<T>> y, ArrayView<int> ranges, ArrayView<T> weights, int span, int isColumns, int rows, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = ChannelLoop.Row;
        if (row >= rows) return;
        var line = row / s.InWidth;
        var ix = row - line * s.InWidth;
        var image = line / s.InHeight;
        var iy = line - image * s.InHeight;
        var i = isColumns == 1 ? ix : iy;
        var first = ranges[i];
        var count = ranges[(isColumns == 1 ? s.InWidth : s.InHeight) + i] - first;
        var step = isColumns == 1 ? s.Channels : s.InWidth * s.Channels;
        var start = (isColumns == 1 ? line * s.OutWidth + first : (image * s.OutHeight + first) * s.InWidth + ix) * s.Channels;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = Tile4.Of(T.Zero, T.Zero, T.Zero, T.Zero);
            for (var k = 0; k < count; k++)
                sum = Tile4.Fma<T, R>(weights[i * span + k], x[start + k * step + c], sum);
            y[row * s.Channels + c] = sum;
        }
    }

    /// <summary>Whether four channels may be read and written at once.</summary>
    public static bool Takes<T>(KernelHost host, ArrayView<T> x, ArrayView<T> y, WindowShape s)
        where T : unmanaged, INumber<T> => host.UsesBlocks && ColumnBlock.TakesQuads(s.Channels, x, y);

    /// <summary>y = x resized; as <see cref="ResizeKernels.Forward"/>.</summary>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> y, T scaleY, T scaleX, bool alignCorners, int images, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var rows = images * s.OutHeight * s.OutWidth;
        host.Load(static a => a.LoadStreamKernel<ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, T, T, int, int, WindowShape>(ForwardKernel<T, R>))(
            ChannelLoop.Shared(host, rows, s.Channels / 4), ColumnBlock.Quads(x), ColumnBlock.Quads(y), scaleY, scaleX, alignCorners ? 1 : 0, rows,
            s with { Channels = s.Channels / 4 });
    }

    /// <summary>One axis of the gradient.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">What is gathered: the result's gradient, or what the columns' pass has left.</param>
    /// <param name="y">Written.</param>
    /// <param name="ranges">The axis's ranges.</param>
    /// <param name="weights">The axis's weights.</param>
    /// <param name="span">Weights of a place.</param>
    /// <param name="isColumns">Whether this is the columns' pass.</param>
    /// <param name="images">Images.</param>
    /// <param name="s">The sizes.</param>
    public static void Gather<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> y, ArrayView<int> ranges, ArrayView<T> weights, int span, bool isColumns, int images,
        WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var rows = images * (isColumns ? s.OutHeight : s.InHeight) * s.InWidth;
        host.Load(static a => a.LoadStreamKernel<ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, ArrayView<int>, ArrayView<T>, int, int, int, WindowShape>(
            GatherKernel<T, R>))(
            ChannelLoop.Shared(host, rows, s.Channels / 4), ColumnBlock.Quads(x), ColumnBlock.Quads(y), ranges, weights, span, isColumns ? 1 : 0,
            rows, s with { Channels = s.Channels / 4 });
    }
}
