// Bilinear resizing of [N, H, W, C] as PyTorch defines it. Result pixel o of an axis takes its value at the operand's position
//     align_corners:  o * (in - 1) / (out - 1)   (0 if out is 1)
//     otherwise:      (o + 1/2) * in / out - 1/2, at least 0
// between its floor and the next pixel (the last pixel has no next).
//
// Memory: forward gathers four pixels per result. Backward gathers too, first along columns into a workspace of
// [N, OutHeight, InWidth, C], then along rows: each pixel sums the results that it contributed to, so nothing is scattered and an
// up-sampling by k reads about 2k + 2k values per pixel rather than 4k^2. Which results those are, and their weights, is worked out
// once per row and column, into tables in the workspace. Accumulation: in T, in the results' order.
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
            y[Grid.IdxX * s.Channels + c] = ResizeAxis.Between<T, R>(x[at], x[at + right], x[at + below], x[at + below + right], fy, fx);
        }
    }

    // For each pixel of one axis of the operand: the results that take something of it, ranges[i] .. ranges[size + i], and how much
    // each of them takes, weights[i * span + k] for result ranges[i] + k. One thread per pixel.
    internal static void AxisKernel<T, R>(
        ArrayView<int> ranges, ArrayView<T> weights, T scale, int alignCorners, int size, int results, int span)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= size) return;
        var first = ResizeAxis.First<T, R>(i, scale, alignCorners);
        var last = ResizeAxis.Last<T, R>(i, scale, results, alignCorners);
        var count = 0;
        var start = first;
        for (var o = first; o <= last; o++)
        {
            var weight = ResizeAxis.Weight<T, R>(o, i, scale, size, alignCorners);
            // Only the ends of the range, which is taken with some room, can be zero.
            if (weight > T.Zero && count < span)
            {
                start = count == 0 ? o : start;
                weights[i * span + count] = weight;
                count++;
            }
        }
        ranges[i] = start;
        ranges[size + i] = start + count;
    }

    // dx along columns. Grid: (rows of the result x columns of the operand, blocks of channels).
    internal static void GatherColumnsKernel<T, R>(
        ArrayView<T> dy, ArrayView<T> columns, ArrayView<int> ranges, ArrayView<T> weights, int span, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.InWidth;
        var ix = Grid.IdxX - line * s.InWidth;
        var first = ranges[ix];
        var count = ranges[s.InWidth + ix] - first;
        var start = (line * s.OutWidth + first) * s.Channels;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var k = 0; k < count; k++)
                sum = R.Fma(weights[ix * span + k], dy[start + k * s.Channels + c], sum);
            columns[Grid.IdxX * s.Channels + c] = sum;
        }
    }

    // dx along rows. Grid: (pixels of the operand, blocks of channels).
    internal static void GatherRowsKernel<T, R>(
        ArrayView<T> columns, ArrayView<T> dx, ArrayView<int> ranges, ArrayView<T> weights, int span, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.InWidth;
        var ix = Grid.IdxX - line * s.InWidth;
        var image = line / s.InHeight;
        var iy = line - image * s.InHeight;
        var first = ranges[iy];
        var count = ranges[s.InHeight + iy] - first;
        var start = ((image * s.OutHeight + first) * s.InWidth + ix) * s.Channels;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var k = 0; k < count; k++)
                sum = R.Fma(weights[iy * span + k], columns[start + k * s.InWidth * s.Channels + c], sum);
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
        if (ResizeBlock.Takes(host, x, y, s))
        {
            ResizeBlock.Forward<T, R>(host, x, y, scaleY, scaleX, alignCorners, images, s);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, T, T, int, WindowShape>(ForwardKernel<T, R>))(
            ChannelLoop.Config(host, images * s.OutHeight * s.OutWidth, s.Channels), x, y, scaleY, scaleX, alignCorners ? 1 : 0, s);
    }

    /// <summary>Elements of the workspace that <see cref="Backward"/> needs.</summary>
    public static int WorkspaceLength(int images, bool alignCorners, WindowShape s) => checked(
        images * s.OutHeight * s.InWidth * s.Channels + s.InHeight * Span(s.InHeight, s.OutHeight, alignCorners)
        + s.InWidth * Span(s.InWidth, s.OutWidth, alignCorners));

    /// <summary>Elements of the integer workspace that <see cref="Backward"/> needs.</summary>
    public static int RangesLength(WindowShape s) => 2 * (s.InHeight + s.InWidth);

    /// <summary>The gradient of x.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dy">[images, OutHeight, OutWidth, Channels].</param>
    /// <param name="workspace">At least <see cref="WorkspaceLength"/> elements.</param>
    /// <param name="ranges">At least <see cref="RangesLength"/> elements; a workspace.</param>
    /// <param name="dx">[images, InHeight, InWidth, Channels], written.</param>
    /// <param name="images">Images.</param>
    /// <param name="alignCorners">As in the forward pass.</param>
    /// <param name="s">The sizes.</param>
    public static void Backward<T, R>(
        KernelHost host, ArrayView<T> dy, ArrayView<T> workspace, ArrayView<int> ranges, ArrayView<T> dx, int images, bool alignCorners,
        WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var gather = ResizeGather<T, R>.Create(host, workspace, ranges, images, alignCorners, s);
        if (ResizeBlock.Takes(host, dy, gather.Columns, s))
            ResizeBlock.Gather<T, R>(host, dy, gather.Columns, gather.RangesX, gather.WeightsX, gather.SpanX, isColumns: true, images, s);
        else
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<int>, ArrayView<T>, int, WindowShape>(
                GatherColumnsKernel<T, R>))(
                ChannelLoop.Config(host, images * s.OutHeight * s.InWidth, s.Channels), dy, gather.Columns, gather.RangesX, gather.WeightsX,
                gather.SpanX, s);
        gather.Rows(host, dx);
    }

    internal static void Axis<T, R>(
        KernelHost host, ArrayView<int> ranges, ArrayView<T> weights, bool alignCorners, int size, int results)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<T>, T, int, int, int, int>(AxisKernel<T, R>))(
            host.Linear(size), ranges, weights, Scale<T, R>(size, results, alignCorners), alignCorners ? 1 : 0, size, results,
            Span(size, results, alignCorners));

    // The most results that take something of one pixel: those less than one pixel away on either side, and one for rounding.
    internal static int Span(int size, int results, bool alignCorners)
    {
        var scale = Scale<double, Real64>(size, results, alignCorners);
        return scale > 0 ? (int)Math.Min(results, Math.Floor(2 / scale) + 2) : results;
    }

    // Divided in T, as PyTorch does: the positions then agree in the last bit.
    internal static T Scale<T, R>(int input, int output, bool alignCorners)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (!alignCorners) return R.FromInt(input) / R.FromInt(output);
        return output > 1 ? R.FromInt(input - 1) / R.FromInt(output - 1) : T.Zero;
    }
}

/// <summary>The tables and the workspace of a gradient that gathers, and its second pass, along rows.</summary>
internal sealed record ResizeGather<T, R>(
    ArrayView<T> Columns, ArrayView<int> RangesX, ArrayView<T> WeightsX, int SpanX, ArrayView<int> RangesY, ArrayView<T> WeightsY, int SpanY,
    int Images, WindowShape Shape)
    where T : unmanaged, INumber<T>
    where R : struct, IReal<T>
{
    /// <summary>Lays out the workspace and fills the tables.</summary>
    public static ResizeGather<T, R> Create(
        KernelHost host, ArrayView<T> workspace, ArrayView<int> ranges, int images, bool alignCorners, WindowShape s)
    {
        var columnsLength = images * s.OutHeight * s.InWidth * s.Channels;
        var (spanX, spanY) = (ResizeKernels.Span(s.InWidth, s.OutWidth, alignCorners), ResizeKernels.Span(s.InHeight, s.OutHeight, alignCorners));
        var weightsX = workspace.SubView(columnsLength, s.InWidth * spanX);
        var weightsY = workspace.SubView(columnsLength + s.InWidth * spanX, s.InHeight * spanY);
        var rangesX = ranges.SubView(0, 2 * s.InWidth);
        var rangesY = ranges.SubView(2 * s.InWidth, 2 * s.InHeight);
        ResizeKernels.Axis<T, R>(host, rangesX, weightsX, alignCorners, s.InWidth, s.OutWidth);
        ResizeKernels.Axis<T, R>(host, rangesY, weightsY, alignCorners, s.InHeight, s.OutHeight);
        return new(workspace.SubView(0, columnsLength), rangesX, weightsX, spanX, rangesY, weightsY, spanY, images, s);
    }

    /// <summary>dx from what the first pass has left in <see cref="Columns"/>.</summary>
    public void Rows(KernelHost host, ArrayView<T> dx)
    {
        if (ResizeBlock.Takes(host, Columns, dx, Shape))
            ResizeBlock.Gather<T, R>(host, Columns, dx, RangesY, WeightsY, SpanY, isColumns: false, Images, Shape);
        else
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<int>, ArrayView<T>, int, WindowShape>(
                ResizeKernels.GatherRowsKernel<T, R>))(
                ChannelLoop.Config(host, Images * Shape.InHeight * Shape.InWidth, Shape.Channels), Columns, dx, RangesY, WeightsY, SpanY, Shape);
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

    /// <summary>The value between four neighbours.</summary>
    /// <param name="upperLeft">The pixel at the position's floor.</param>
    /// <param name="upperRight">Its next in the row.</param>
    /// <param name="lowerLeft">Its next in the column.</param>
    /// <param name="lowerRight">The next of both.</param>
    /// <param name="fy">The lower ones' weight.</param>
    /// <param name="fx">The right ones' weight.</param>
    public static T Between<T, R>(T upperLeft, T upperRight, T lowerLeft, T lowerRight, T fy, T fx)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var upper = R.Fma(fx, upperRight, (T.One - fx) * upperLeft);
        var lower = R.Fma(fx, lowerRight, (T.One - fx) * lowerLeft);
        return R.Fma(fy, lower, (T.One - fy) * upper);
    }

    /// <summary>What result pixel o takes of the operand's pixel i.</summary>
    public static T Weight<T, R>(int o, int i, T scale, int size, int alignCorners)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        // The two corners of the forward pass as one function, a tent around pixel i. Where rounding or the lower edge of the last
        // pixel leads beyond it, both corners are that pixel, and the whole weight goes to it.
        var position = R.Min(Position<T, R>(o, scale, alignCorners), R.FromInt(size - 1));
        return R.Max(T.One - R.Abs(position - R.FromInt(i)), T.Zero);
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
