// The depth-wise convolution of stride 1 with 3, 5 or 7 columns, as the network uses it, and its weight gradient.
//
// Work: pixels one dilation apart share their columns of the input: a thread keeps a window of them in registers, so that four outputs (or
//   the gradients of a line's weights) take one load of x per column instead of four. Columns outside the image count as zeros; their tests
//   are uniform over the lanes. The number of columns is a type argument: all loops over them are unrolled.
// Memory: as in DepthwiseConvolution.cs, at about a third of the loads.
// Accumulation: in T; forward ky, kx ascending, gradient line by line, each residue of the dilation from left to right.
using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The columns of a kernel, known when it is compiled.</summary>
internal interface IColumns
{
    /// <summary>3, 5 or 7.</summary>
    static abstract int Count { get; }

    /// <summary>Rows of the kernel whose weight gradients fit the registers of one thread, four channels each: 3 or 1.</summary>
    static abstract int GradientRows { get; }
}

/// <summary>Three columns.</summary>
internal readonly struct Columns3 : IColumns
{
    public static int Count => 3;

    public static int GradientRows => 3;
}

/// <summary>Five columns.</summary>
internal readonly struct Columns5 : IColumns
{
    public static int Count => 5;

    public static int GradientRows => 1;
}

/// <summary>Seven columns.</summary>
internal readonly struct Columns7 : IColumns
{
    public static int Count => 7;

    public static int GradientRows => 1;
}

/// <summary>Depth-wise convolution by windows along the lines of the image.</summary>
internal static class DepthwiseLines
{
    /// <summary>Pixels that a thread of the forward kernel computes, one dilation apart.</summary>
    private const int Pixels = 4;

    /// <summary>Threads of a group at most.</summary>
    private const int MaxLanes = 128;

    // Grid: X = (line, block of Pixels x dilation columns, column within the dilation); Y = blocks of channels.
    internal static void ForwardKernel<T, R, K, TEpilogue>(
        ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, DepthwiseArguments s, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where K : struct, IColumns
        where TEpilogue : struct, IEpilogue<T>
    {
        var sums = SharedMemory.Allocate<T>(Pixels * MaxLanes);
        var line = Grid.IdxX / s.Tiles;
        var tile = Grid.IdxX - line * s.Tiles;
        var block = tile / s.DilationW;
        var ox = tile + block * (Pixels - 1) * s.DilationW;
        if (ox >= s.OutWidth) return;
        var n = line / s.OutHeight;
        var iy0 = line - n * s.OutHeight - s.PaddingH;
        var ix = ox - s.PaddingW;
        var d = s.DilationW;
        var step = d * s.Channels;
        var weightStep = s.Reversed != 0 ? -s.Channels : s.Channels;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var y0 = s.HasBias != 0 ? bias[c] : T.Zero;
            T y1 = y0, y2 = y0, y3 = y0;
            for (var ky = 0; ky < s.KernelH; ky++)
            {
                var iy = iy0 + ky * s.DilationH;
                if ((uint)iy >= (uint)s.Height) continue;
                var i = ((n * s.Height + iy) * s.Width + ix) * s.Channels + c;
                var k = (s.Reversed != 0 ? (s.KernelH - ky) * s.KernelW - 1 : ky * s.KernelW) * s.Channels + c;
                var x0 = At(x, i, ix, s.Width);
                var x1 = At(x, i + step, ix + d, s.Width);
                var x2 = At(x, i + 2 * step, ix + 2 * d, s.Width);
                var x3 = At(x, i + 3 * step, ix + 3 * d, s.Width);
                var w = weight[k];
                y0 = R.Fma(x0, w, y0);
                y1 = R.Fma(x1, w, y1);
                y2 = R.Fma(x2, w, y2);
                y3 = R.Fma(x3, w, y3);
                var x4 = At(x, i + 4 * step, ix + 4 * d, s.Width);
                w = weight[k + weightStep];
                y0 = R.Fma(x1, w, y0);
                y1 = R.Fma(x2, w, y1);
                y2 = R.Fma(x3, w, y2);
                y3 = R.Fma(x4, w, y3);
                var x5 = At(x, i + 5 * step, ix + 5 * d, s.Width);
                w = weight[k + 2 * weightStep];
                y0 = R.Fma(x2, w, y0);
                y1 = R.Fma(x3, w, y1);
                y2 = R.Fma(x4, w, y2);
                y3 = R.Fma(x5, w, y3);
                if (K.Count == 3) continue;
                var x6 = At(x, i + 6 * step, ix + 6 * d, s.Width);
                w = weight[k + 3 * weightStep];
                y0 = R.Fma(x3, w, y0);
                y1 = R.Fma(x4, w, y1);
                y2 = R.Fma(x5, w, y2);
                y3 = R.Fma(x6, w, y3);
                var x7 = At(x, i + 7 * step, ix + 7 * d, s.Width);
                w = weight[k + 4 * weightStep];
                y0 = R.Fma(x4, w, y0);
                y1 = R.Fma(x5, w, y1);
                y2 = R.Fma(x6, w, y2);
                y3 = R.Fma(x7, w, y3);
                if (K.Count == 5) continue;
                var x8 = At(x, i + 8 * step, ix + 8 * d, s.Width);
                w = weight[k + 5 * weightStep];
                y0 = R.Fma(x5, w, y0);
                y1 = R.Fma(x6, w, y1);
                y2 = R.Fma(x7, w, y2);
                y3 = R.Fma(x8, w, y3);
                var x9 = At(x, i + 9 * step, ix + 9 * d, s.Width);
                w = weight[k + 6 * weightStep];
                y0 = R.Fma(x6, w, y0);
                y1 = R.Fma(x7, w, y1);
                y2 = R.Fma(x8, w, y2);
                y3 = R.Fma(x9, w, y3);
            }
            var o = (line * s.OutWidth + ox) * s.Channels + c;
            if (TEpilogue.IsIdentity)
            {
                y[o] = y0;
                if (ox + d < s.OutWidth) y[o + step] = y1;
                if (ox + 2 * d < s.OutWidth) y[o + 2 * step] = y2;
                if (ox + 3 * d < s.OutWidth) y[o + 3 * step] = y3;
            }
            else
            {
                // One copy of the epilogue, not four (as in GemmTile): the sums pass through the group's memory, every thread's its own.
                sums[Group.IdxX] = y0;
                sums[Group.DimX + Group.IdxX] = y1;
                sums[2 * Group.DimX + Group.IdxX] = y2;
                sums[3 * Group.DimX + Group.IdxX] = y3;
                var column = Epilogue.Column<T, TEpilogue>(e, c);
                var at = Group.IdxX;
                var end = ox + Pixels * d < s.OutWidth ? ox + Pixels * d : s.OutWidth;
                for (var p = ox; p < end; p += d)
                {
                    y[o] = Epilogue.Value<T, TEpilogue>(e, column, o, sums[at]);
                    o += step;
                    at += Group.DimX;
                }
            }
        }
    }

    // Grid: X = kernel rows, Y = blocks of channels, Z = parts of the output's lines.
    internal static void WeightKernel<T, R, K>(
        ArrayView<T> x, ArrayView<T> dy, ArrayView<T> parts, int lines, int linesPerPart, DepthwiseArguments s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where K : struct, IColumns
    {
        var c = Grid.IdxY * Group.DimX + Group.IdxX;
        if (c >= s.Channels) return;
        var ky = Grid.IdxX;
        var d = s.DilationW;
        var step = d * s.Channels;
        T w0 = T.Zero, w1 = T.Zero, w2 = T.Zero, w3 = T.Zero, w4 = T.Zero, w5 = T.Zero, w6 = T.Zero;
        T x2 = T.Zero, x3 = T.Zero, x4 = T.Zero, x5 = T.Zero;
        var last = (Grid.IdxZ + 1) * linesPerPart < lines ? (Grid.IdxZ + 1) * linesPerPart : lines;
        for (var line = Grid.IdxZ * linesPerPart; line < last; line++)
        {
            var n = line / s.OutHeight;
            var iy = line - n * s.OutHeight - s.PaddingH + ky * s.DilationH;
            if ((uint)iy >= (uint)s.Height) continue;
            for (var phase = 0; phase < d; phase++)
            {
                var ix = phase - s.PaddingW;
                var i = ((n * s.Height + iy) * s.Width + ix) * s.Channels + c;
                var o = (line * s.OutWidth + phase) * s.Channels + c;
                var x0 = At(x, i, ix, s.Width);
                var x1 = At(x, i + step, ix + d, s.Width);
                if (K.Count > 3)
                {
                    x2 = At(x, i + 2 * step, ix + 2 * d, s.Width);
                    x3 = At(x, i + 3 * step, ix + 3 * d, s.Width);
                }
                if (K.Count > 5)
                {
                    x4 = At(x, i + 4 * step, ix + 4 * d, s.Width);
                    x5 = At(x, i + 5 * step, ix + 5 * d, s.Width);
                }
                // The window's last column: where the next pixel's new column is read.
                i += (K.Count - 1) * step;
                ix += (K.Count - 1) * d;
                for (var ox = phase; ox < s.OutWidth; ox += d)
                {
                    var g = dy[o];
                    var next = At(x, i, ix, s.Width);
                    w0 = R.Fma(x0, g, w0);
                    w1 = R.Fma(x1, g, w1);
                    x0 = x1;
                    if (K.Count == 3)
                    {
                        w2 = R.Fma(next, g, w2);
                        x1 = next;
                    }
                    else
                    {
                        w2 = R.Fma(x2, g, w2);
                        w3 = R.Fma(x3, g, w3);
                        x1 = x2;
                        x2 = x3;
                        if (K.Count == 5)
                        {
                            w4 = R.Fma(next, g, w4);
                            x3 = next;
                        }
                        else
                        {
                            w4 = R.Fma(x4, g, w4);
                            w5 = R.Fma(x5, g, w5);
                            w6 = R.Fma(next, g, w6);
                            x3 = x4;
                            x4 = x5;
                            x5 = next;
                        }
                    }
                    i += step;
                    ix += d;
                    o += step;
                }
            }
        }
        var to = (Grid.IdxZ * s.KernelH + ky) * s.KernelW * s.Channels + c;
        parts[to] = w0;
        parts[to + s.Channels] = w1;
        parts[to + 2 * s.Channels] = w2;
        if (K.Count > 3)
        {
            parts[to + 3 * s.Channels] = w3;
            parts[to + 4 * s.Channels] = w4;
        }
        if (K.Count > 5)
        {
            parts[to + 5 * s.Channels] = w5;
            parts[to + 6 * s.Channels] = w6;
        }
    }

    /// <summary>A column of the image, zero outside of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T At<T>(ArrayView<T> x, int i, int ix, int width)
        where T : unmanaged, INumber<T>
    {
        var value = T.Zero;
        if ((uint)ix < (uint)width) value = x[i];
        return value;
    }

    /// <summary>Whether these kernels take a convolution: not those whose lines are shorter than a thread's pixels would spread.</summary>
    public static bool Takes(in DepthwiseArguments s) =>
        s is { StrideH: 1, StrideW: 1, KernelW: 3 or 5 or 7 } && (s.DilationW == 1 || s.OutWidth >= (Pixels - 1) * s.DilationW - 1);

    /// <summary>Launches the forward kernel.</summary>
    public static void Forward<T, R, TEpilogue>(
        KernelHost host, ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, DepthwiseArguments s,
        EpilogueOperands<T> epilogue, int batch)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        s.Tiles = KernelHost.Blocks(s.OutWidth, Pixels * s.DilationW) * s.DilationW;
        var config = ChannelLoop.Widest(host, batch * s.OutHeight * s.Tiles, s.Channels);
        var kernel = s.KernelW switch
        {
            3 => LoadForward<T, R, Columns3, TEpilogue>(host),
            5 => LoadForward<T, R, Columns5, TEpilogue>(host),
            _ => LoadForward<T, R, Columns7, TEpilogue>(host),
        };
        kernel(config, x, weight, bias, y, s, epilogue);
    }

    /// <summary>Launches the weight gradient's kernel.</summary>
    public static void WeightGradient<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> dy, ArrayView<T> parts, int count, int lines, int linesPerPart, DepthwiseArguments s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var lanes = s.Channels >= host.ProductLanes ? host.ProductLanes : host.Lanes;
        var grid = new Index3D(s.KernelH, KernelHost.Blocks(s.Channels, lanes), count);
        var kernel = s.KernelW switch
        {
            3 => LoadWeight<T, R, Columns3>(host),
            5 => LoadWeight<T, R, Columns5>(host),
            _ => LoadWeight<T, R, Columns7>(host),
        };
        kernel(new KernelConfig(grid, new Index3D(lanes, 1, 1)), x, dy, parts, lines, linesPerPart, s);
    }

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, DepthwiseArguments, EpilogueOperands<T>>
        LoadForward<T, R, K, TEpilogue>(KernelHost host)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where K : struct, IColumns
        where TEpilogue : struct, IEpilogue<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, DepthwiseArguments,
            EpilogueOperands<T>>(ForwardKernel<T, R, K, TEpilogue>));

    private static Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, DepthwiseArguments> LoadWeight<T, R, K>(
        KernelHost host)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where K : struct, IColumns =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, DepthwiseArguments>(
            WeightKernel<T, R, K>));
}
