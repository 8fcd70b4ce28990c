// Bilinear resizing of [N, H, W, C] as PyTorch defines it. Result pixel o of an axis takes its value at the operand's position
//     align_corners:  o * (in - 1) / (out - 1)   (0 if out is 1)
//     otherwise:      (o + 1/2) * in / out - 1/2, at least 0
// between its floor and the next pixel (the last pixel has no next).
//
// Memory: forward gathers four pixels per result. Backward gathers too, first along columns into a workspace of
// [N, OutHeight, InWidth, C], then along rows: each pixel sums the results that it contributed to, so nothing is scattered and an
// up-sampling by k reads about 2k + 2k values per pixel rather than 4k^2. Accumulation: in T, in the results' order.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Bilinear resizing.</summary>
public static class ResizeKernels
{
    // Grid: (pixels of the result, blocks of channels).
    internal static void ForwardKernel<T, R>(ArrayView<T> x, ArrayView<T> y, T scaleY, T scaleX, int alignCorners, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.OutWidth;
        var image = line / s.OutHeight;
        var py = ResizeAxis.Position<T, R>(line - image * s.OutHeight, scaleY, alignCorners);
        var px = ResizeAxis.Position<T, R>(Grid.IdxX - line * s.OutWidth, scaleX, alignCorners);
        var y0 = ResizeAxis.Index<T, R>(py, s.InHeight);
        var x0 = ResizeAxis.Index<T, R>(px, s.InWidth);
        var fy = ResizeAxis.Fraction<T, R>(py, y0);
        var fx = ResizeAxis.Fraction<T, R>(px, x0);
        var right = x0 < s.InWidth - 1 ? s.Channels : 0;
        var below = y0 < s.InHeight - 1 ? s.InWidth * s.Channels : 0;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var at = ((image * s.InHeight + y0) * s.InWidth + x0) * s.Channels + c;
            var upper = R.Fma(fx, x[at + right], (T.One - fx) * x[at]);
            var lower = R.Fma(fx, x[at + below + right], (T.One - fx) * x[at + below]);
            y[Grid.IdxX * s.Channels + c] = R.Fma(fy, lower, (T.One - fy) * upper);
        }
    }

    // dx along columns. Grid: (rows of the result x columns of the operand, blocks of channels).
    internal static void GatherColumnsKernel<T, R>(ArrayView<T> dy, ArrayView<T> columns, T scale, int alignCorners, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.InWidth;
        var ix = Grid.IdxX - line * s.InWidth;
        var first = ResizeAxis.First<T, R>(ix, scale, alignCorners);
        var last = ResizeAxis.Last<T, R>(ix, scale, s.OutWidth, alignCorners);
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var ox = first; ox <= last; ox++)
            {
                var weight = ResizeAxis.Weight<T, R>(ox, ix, scale, s.InWidth, alignCorners);
                sum = R.Fma(weight, dy[(line * s.OutWidth + ox) * s.Channels + c], sum);
            }
            columns[Grid.IdxX * s.Channels + c] = sum;
        }
    }

    // dx along rows. Grid: (pixels of the operand, blocks of channels).
    internal static void GatherRowsKernel<T, R>(ArrayView<T> columns, ArrayView<T> dx, T scale, int alignCorners, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.InWidth;
        var ix = Grid.IdxX - line * s.InWidth;
        var image = line / s.InHeight;
        var iy = line - image * s.InHeight;
        var first = ResizeAxis.First<T, R>(iy, scale, alignCorners);
        var last = ResizeAxis.Last<T, R>(iy, scale, s.OutHeight, alignCorners);
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var oy = first; oy <= last; oy++)
            {
                var weight = ResizeAxis.Weight<T, R>(oy, iy, scale, s.InHeight, alignCorners);
                sum = R.Fma(weight, columns[((image * s.OutHeight + oy) * s.InWidth + ix) * s.Channels + c], sum);
            }
            dx[Grid.IdxX * s.Channels + c] = sum;
        }
    }

    /// <summary>y = x resized to the geometry's out size.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[images, InHeight, InWidth, Channels].</param>
    /// <param name="y">[images, OutHeight, OutWidth, Channels], written.</param>
    /// <param name="images">Images.</param>
    /// <param name="alignCorners">Which of PyTorch's two definitions.</param>
    /// <param name="s">The sizes.</param>
    public static void Forward<T, R>(KernelHost host, ArrayView<T> x, ArrayView<T> y, int images, bool alignCorners, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var scaleY = Scale<T, R>(s.InHeight, s.OutHeight, alignCorners);
        var scaleX = Scale<T, R>(s.InWidth, s.OutWidth, alignCorners);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, T, T, int, WindowShape>(ForwardKernel<T, R>))(
            ChannelLoop.Config(host, images * s.OutHeight * s.OutWidth, s.Channels), x, y, scaleY, scaleX, alignCorners ? 1 : 0, s);
    }

    /// <summary>Elements of the workspace that <see cref="Backward"/> needs.</summary>
    public static int WorkspaceLength(int images, WindowShape s) => checked(images * s.OutHeight * s.InWidth * s.Channels);

    /// <summary>The gradient of x.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dy">[images, OutHeight, OutWidth, Channels].</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="dx">[images, InHeight, InWidth, Channels], written.</param>
    /// <param name="images">Images.</param>
    /// <param name="alignCorners">As in the forward pass.</param>
    /// <param name="s">The sizes.</param>
    public static void Backward<T, R>(
        KernelHost host, ArrayView<T> dy, ArrayView<T> workspace, ArrayView<T> dx, int images, bool alignCorners, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var align = alignCorners ? 1 : 0;
        var scaleY = Scale<T, R>(s.InHeight, s.OutHeight, alignCorners);
        var scaleX = Scale<T, R>(s.InWidth, s.OutWidth, alignCorners);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, T, int, WindowShape>(GatherColumnsKernel<T, R>))(
            ChannelLoop.Config(host, images * s.OutHeight * s.InWidth, s.Channels), dy, workspace, scaleX, align, s);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, T, int, WindowShape>(GatherRowsKernel<T, R>))(
            ChannelLoop.Config(host, images * s.InHeight * s.InWidth, s.Channels), workspace, dx, scaleY, align, s);
    }

    // Divided in T, as PyTorch does: the positions then agree in the last bit.
    private static T Scale<T, R>(int input, int output, bool alignCorners)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (!alignCorners) return R.FromInt(input) / R.FromInt(output);
        return output > 1 ? R.FromInt(input - 1) / R.FromInt(output - 1) : T.Zero;
    }
}

/// <summary>Positions and weights along one axis of a bilinear resizing; callable inside kernels.</summary>
internal static class ResizeAxis
{
    /// <summary>Where result pixel o lies in the operand.</summary>
    public static T Position<T, R>(int o, T scale, int alignCorners)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var half = R.FromDouble(0.5);
        return alignCorners != 0
            ? scale * R.FromInt(o)
            : R.Max(scale * (R.FromInt(o) + half) - half, T.Zero);
    }

    /// <summary>The pixel at or before a position; rounding must not lead beyond the last.</summary>
    public static int Index<T, R>(T position, int size)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var index = R.ToInt(position);
        return index < size - 1 ? index : size - 1;
    }

    /// <summary>The weight of the next pixel.</summary>
    public static T Fraction<T, R>(T position, int index)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => R.Min(position - R.FromInt(index), T.One);

    /// <summary>What result pixel o takes of the operand's pixel i.</summary>
    public static T Weight<T, R>(int o, int i, T scale, int size, int alignCorners)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var position = Position<T, R>(o, scale, alignCorners);
        var index = Index<T, R>(position, size);
        var next = index < size - 1 ? index + 1 : index;
        var fraction = Fraction<T, R>(position, index);
        return (index == i ? T.One - fraction : T.Zero) + (next == i ? fraction : T.Zero);
    }

    /// <summary>A result pixel at or before the first that takes anything of the operand's pixel i.</summary>
    public static int First<T, R>(int i, T scale, int alignCorners)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (scale <= T.Zero) return 0;
        var first = Inverse<T, R>(i - 1, scale, alignCorners) - 1;
        return first > 0 ? first : 0;
    }

    /// <summary>A result pixel at or after the last that takes anything of the operand's pixel i.</summary>
    public static int Last<T, R>(int i, T scale, int results, int alignCorners)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (scale <= T.Zero) return results - 1;
        var last = Inverse<T, R>(i + 1, scale, alignCorners) + 1;
        return last < results - 1 ? last : results - 1;
    }

    // The result position that the operand's position i belongs to, truncated; First and Last leave room for that and for rounding.
    private static int Inverse<T, R>(int i, T scale, int alignCorners)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var half = alignCorners != 0 ? T.Zero : R.FromDouble(0.5);
        return R.ToInt((R.FromInt(i) + half) / scale - half);
    }
}
