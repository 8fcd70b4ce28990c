// Max pooling of [N, H, W, C] with a fixed square window and no padding; windows that would leave the operand are dropped (floor).
//
// Memory: forward stores beside each result the position of its maximum in the image's plane (row * width + column), the first in
// the window's order among equals, a NaN before anything, as PyTorch does. Backward gathers: each pixel of the operand looks up the
// windows that hold it. Accumulation: in T, in the windows' order.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Max pooling.</summary>
public static class MaxPoolKernels
{
    // Grid: (pixels of the result, blocks of channels).
    internal static void ForwardKernel<T>(ArrayView<T> x, ArrayView<T> y, ArrayView<int> positions, WindowShape s)
        where T : unmanaged, INumber<T>
    {
        var line = Grid.IdxX / s.OutWidth;
        var image = line / s.OutHeight;
        var top = (line - image * s.OutHeight) * s.Stride;
        var left = (Grid.IdxX - line * s.OutWidth) * s.Stride;
        var plane = image * s.InHeight * s.InWidth;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var position = top * s.InWidth + left;
            var best = x[(plane + position) * s.Channels + c];
            for (var ky = 0; ky < s.Kernel; ky++)
            {
                for (var kx = 0; kx < s.Kernel; kx++)
                {
                    var candidate = (top + ky) * s.InWidth + left + kx;
                    var value = x[(plane + candidate) * s.Channels + c];
#pragma warning disable CS1718 // Unequal to itself: NaN. One that was found keeps its place against everything but a later NaN.
                    var better = value > best || value != value;
#pragma warning restore CS1718
                    best = better ? value : best;
                    position = better ? candidate : position;
                }
            }
            y[Grid.IdxX * s.Channels + c] = best;
            positions[Grid.IdxX * s.Channels + c] = position;
        }
    }

    // Grid: (pixels of the operand, blocks of channels).
    internal static void BackwardKernel<T>(ArrayView<T> dy, ArrayView<int> positions, ArrayView<T> dx, WindowShape s)
        where T : unmanaged, INumber<T>
    {
        var line = Grid.IdxX / s.InWidth;
        var image = line / s.InHeight;
        var iy = line - image * s.InHeight;
        var ix = Grid.IdxX - line * s.InWidth;
        var own = iy * s.InWidth + ix;
        var firstY = WindowRange.First(iy, s.Kernel, s.Stride);
        var lastY = WindowRange.Last(iy, s.Stride, s.OutHeight);
        var firstX = WindowRange.First(ix, s.Kernel, s.Stride);
        var lastX = WindowRange.Last(ix, s.Stride, s.OutWidth);
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var oy = firstY; oy <= lastY; oy++)
            {
                var row = (image * s.OutHeight + oy) * s.OutWidth;
                for (var ox = firstX; ox <= lastX; ox++)
                {
                    var at = (row + ox) * s.Channels + c;
                    sum += positions[at] == own ? dy[at] : T.Zero;
                }
            }
            dx[Grid.IdxX * s.Channels + c] = sum;
        }
    }

    /// <summary>y = the maximum of each window.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[images, InHeight, InWidth, Channels].</param>
    /// <param name="y">[images, OutHeight, OutWidth, Channels], written.</param>
    /// <param name="positions">Of y's shape, written: where each maximum lies in its image's plane.</param>
    /// <param name="images">Images.</param>
    /// <param name="s">The geometry, without padding; every window lies inside the operand.</param>
    public static void Forward<T>(KernelHost host, ArrayView<T> x, ArrayView<T> y, ArrayView<int> positions, int images, WindowShape s)
        where T : unmanaged, INumber<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<int>, WindowShape>(ForwardKernel))(
            ChannelLoop.Config(host, images * s.OutHeight * s.OutWidth, s.Channels), x, y, positions, s);

    /// <summary>dx = the sum of dy over the windows whose maximum the pixel is.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dy">[images, OutHeight, OutWidth, Channels].</param>
    /// <param name="positions">From the forward pass.</param>
    /// <param name="dx">[images, InHeight, InWidth, Channels], written.</param>
    /// <param name="images">Images.</param>
    /// <param name="s">The geometry.</param>
    public static void Backward<T>(KernelHost host, ArrayView<T> dy, ArrayView<int> positions, ArrayView<T> dx, int images, WindowShape s)
        where T : unmanaged, INumber<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<T>, WindowShape>(BackwardKernel))(
            ChannelLoop.Config(host, images * s.InHeight * s.InWidth, s.Channels), dy, positions, dx, s);
}
