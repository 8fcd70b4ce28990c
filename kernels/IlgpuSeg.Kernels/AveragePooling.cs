// Average pooling of [N, H, W, C]: with a fixed square window, where padding counts in the divisor (PyTorch's
// count_include_pad), and adaptive, where result pixel i averages the operand's pixels floor(i * in / out) to
// ceil((i + 1) * in / out), so that windows may overlap.
//
// Memory: one group per pixel and block of channels; forward gathers a window, backward gathers the windows that hold the pixel, so
// each result is written once, by one thread. Accumulation: in T, row by row in the window's order.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Average pooling with a fixed window.</summary>
public static class AveragePoolKernels
{
    // Grid: (pixels of the result, blocks of channels).
    internal static void ForwardKernel<T, R>(ArrayView<T> x, ArrayView<T> y, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.OutWidth;
        var image = line / s.OutHeight;
        var top = (line - image * s.OutHeight) * s.Stride - s.Padding;
        var left = (Grid.IdxX - line * s.OutWidth) * s.Stride - s.Padding;
        var firstY = top < 0 ? 0 : top;
        var lastY = top + s.Kernel > s.InHeight ? s.InHeight : top + s.Kernel;
        var firstX = left < 0 ? 0 : left;
        var lastX = left + s.Kernel > s.InWidth ? s.InWidth : left + s.Kernel;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var iy = firstY; iy < lastY; iy++)
            {
                var row = (image * s.InHeight + iy) * s.InWidth;
                for (var ix = firstX; ix < lastX; ix++)
                    sum += x[(row + ix) * s.Channels + c];
            }
            y[Grid.IdxX * s.Channels + c] = sum / R.FromInt(s.Kernel * s.Kernel);
        }
    }

    // Grid: (pixels of the operand, blocks of channels).
    internal static void BackwardKernel<T, R>(ArrayView<T> dy, ArrayView<T> dx, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.InWidth;
        var image = line / s.InHeight;
        var py = line - image * s.InHeight + s.Padding;
        var px = Grid.IdxX - line * s.InWidth + s.Padding;
        var firstY = WindowRange.First(py, s.Kernel, s.Stride);
        var lastY = WindowRange.Last(py, s.Stride, s.OutHeight);
        var firstX = WindowRange.First(px, s.Kernel, s.Stride);
        var lastX = WindowRange.Last(px, s.Stride, s.OutWidth);
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var oy = firstY; oy <= lastY; oy++)
            {
                var row = (image * s.OutHeight + oy) * s.OutWidth;
                for (var ox = firstX; ox <= lastX; ox++)
                    sum += dy[(row + ox) * s.Channels + c];
            }
            dx[Grid.IdxX * s.Channels + c] = sum / R.FromInt(s.Kernel * s.Kernel);
        }
    }

    /// <summary>y = the mean of each window, padding included.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[images, InHeight, InWidth, Channels].</param>
    /// <param name="y">[images, OutHeight, OutWidth, Channels], written.</param>
    /// <param name="images">Images.</param>
    /// <param name="s">The geometry; every window starts inside the padded operand.</param>
    public static void Forward<T, R>(KernelHost host, ArrayView<T> x, ArrayView<T> y, int images, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, WindowShape>(ForwardKernel<T, R>))(
            ChannelLoop.Config(host, images * s.OutHeight * s.OutWidth, s.Channels), x, y, s);

    /// <summary>dx = the sum of dy over the windows that hold the pixel, divided by the window's size.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dy">[images, OutHeight, OutWidth, Channels].</param>
    /// <param name="dx">[images, InHeight, InWidth, Channels], written.</param>
    /// <param name="images">Images.</param>
    /// <param name="s">The geometry.</param>
    public static void Backward<T, R>(KernelHost host, ArrayView<T> dy, ArrayView<T> dx, int images, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, WindowShape>(BackwardKernel<T, R>))(
            ChannelLoop.Config(host, images * s.InHeight * s.InWidth, s.Channels), dy, dx, s);
}

/// <summary>Average pooling to a given size.</summary>
public static class AdaptivePoolKernels
{
    // Grid: (pixels of the result, blocks of channels).
    internal static void ForwardKernel<T, R>(ArrayView<T> x, ArrayView<T> y, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.OutWidth;
        var image = line / s.OutHeight;
        var oy = line - image * s.OutHeight;
        var ox = Grid.IdxX - line * s.OutWidth;
        var firstY = Start(oy, s.InHeight, s.OutHeight);
        var endY = End(oy, s.InHeight, s.OutHeight);
        var firstX = Start(ox, s.InWidth, s.OutWidth);
        var endX = End(ox, s.InWidth, s.OutWidth);
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var iy = firstY; iy < endY; iy++)
            {
                var row = (image * s.InHeight + iy) * s.InWidth;
                for (var ix = firstX; ix < endX; ix++)
                    sum += x[(row + ix) * s.Channels + c];
            }
            y[Grid.IdxX * s.Channels + c] = sum / R.FromInt((endY - firstY) * (endX - firstX));
        }
    }

    // The windows that hold pixel i are those that a pooling from out to in pixels would average. Grid: (pixels of the operand,
    // blocks of channels).
    internal static void BackwardKernel<T, R>(ArrayView<T> dy, ArrayView<T> dx, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.InWidth;
        var image = line / s.InHeight;
        var iy = line - image * s.InHeight;
        var ix = Grid.IdxX - line * s.InWidth;
        var firstY = Start(iy, s.OutHeight, s.InHeight);
        var endY = End(iy, s.OutHeight, s.InHeight);
        var firstX = Start(ix, s.OutWidth, s.InWidth);
        var endX = End(ix, s.OutWidth, s.InWidth);
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var oy = firstY; oy < endY; oy++)
            {
                var row = (image * s.OutHeight + oy) * s.OutWidth;
                var rows = End(oy, s.InHeight, s.OutHeight) - Start(oy, s.InHeight, s.OutHeight);
                for (var ox = firstX; ox < endX; ox++)
                {
                    var columns = End(ox, s.InWidth, s.OutWidth) - Start(ox, s.InWidth, s.OutWidth);
                    sum += dy[(row + ox) * s.Channels + c] / R.FromInt(rows * columns);
                }
            }
            dx[Grid.IdxX * s.Channels + c] = sum;
        }
    }

    /// <summary>y = the mean of each adaptive window.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[images, InHeight, InWidth, Channels].</param>
    /// <param name="y">[images, OutHeight, OutWidth, Channels], written.</param>
    /// <param name="images">Images.</param>
    /// <param name="s">The geometry; size * size of an axis fits 32 bits.</param>
    public static void Forward<T, R>(KernelHost host, ArrayView<T> x, ArrayView<T> y, int images, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, WindowShape>(ForwardKernel<T, R>))(
            ChannelLoop.Config(host, images * s.OutHeight * s.OutWidth, s.Channels), x, y, s);

    /// <summary>dx = the sum of dy / window size over the windows that hold the pixel.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dy">[images, OutHeight, OutWidth, Channels].</param>
    /// <param name="dx">[images, InHeight, InWidth, Channels], written.</param>
    /// <param name="images">Images.</param>
    /// <param name="s">The geometry.</param>
    public static void Backward<T, R>(KernelHost host, ArrayView<T> dy, ArrayView<T> dx, int images, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, WindowShape>(BackwardKernel<T, R>))(
            ChannelLoop.Config(host, images * s.InHeight * s.InWidth, s.Channels), dy, dx, s);

    private static int Start(int i, int size, int windows) => i * size / windows;

    private static int End(int i, int size, int windows) => ((i + 1) * size + windows - 1) / windows;
}

/// <summary>Which fixed windows hold a pixel; callable inside kernels.</summary>
internal static class WindowRange
{
    /// <summary>The first window that holds position p of the padded axis.</summary>
    public static int First(int p, int kernel, int stride) => p < kernel ? 0 : (p - kernel) / stride + 1;

    /// <summary>The last one; below <see cref="First"/> where none does.</summary>
    public static int Last(int p, int stride, int windows) => p / stride < windows - 1 ? p / stride : windows - 1;
}
