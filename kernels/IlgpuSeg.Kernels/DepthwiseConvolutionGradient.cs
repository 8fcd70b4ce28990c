// Gradients of the depth-wise convolution.
//
//   dx[n, iy, ix, c] = sum over ky, kx with iy = oy s + ky d - p of dy[n, oy, ox, c] * w[ky, kx, c]
//   dw[ky, kx, c]    = sum over n, oy, ox of x[n, oy s + ky d - p, ox s + kx d - p, c] * dy[n, oy, ox, c]
//
// dx: with stride 1 it is the forward kernel with the weights reversed and the padding d (k - 1) - p; else a kernel that gathers.
// dw: a thread sums four neighbouring taps of a kernel row over the pixels of a part of the output's lines (the parts depend on the sizes
//   only), two pixels at a time; then the parts are added in order.
// Memory: dx reads dy as the forward pass reads x. dw reads x and dy through the caches (taps / 4 times); the parts are in the workspace.
// Accumulation: in T; the parts are added in double.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

public static partial class DepthwiseConvolution
{
    private const int TapsPerThread = 4;

    /// <summary>Elements of x or dy in a part: they stay in the second-level cache while the kernel's rows pass over them.</summary>
    private const int PartLength = 1 << 15;

    /// <summary>Pixels of a part at least: the parts' sums must not weigh.</summary>
    private const int LeastPixels = 64;

    private const int MostPixels = 512;
    private const int MaxParts = 256;

    internal static void GatherKernel<T, R>(ArrayView<T> dy, ArrayView<T> weight, ArrayView<T> dx, DepthwiseArguments s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var line = Grid.IdxX / s.Width;
        var n = line / s.Height;
        var fy0 = line - n * s.Height + s.PaddingH;
        var fx0 = Grid.IdxX - line * s.Width + s.PaddingW;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var ky = 0; ky < s.KernelH; ky++)
            {
                var fy = fy0 - ky * s.DilationH;
                var oy = fy / s.StrideH;
                if (fy < 0 || oy >= s.OutHeight || oy * s.StrideH != fy) continue;
                for (var kx = 0; kx < s.KernelW; kx++)
                {
                    var fx = fx0 - kx * s.DilationW;
                    var ox = fx / s.StrideW;
                    if (fx >= 0 && ox < s.OutWidth && ox * s.StrideW == fx)
                    {
                        var o = ((n * s.OutHeight + oy) * s.OutWidth + ox) * s.Channels + c;
                        sum = R.Fma(dy[o], weight[(ky * s.KernelW + kx) * s.Channels + c], sum);
                    }
                }
            }
            dx[Grid.IdxX * s.Channels + c] = sum;
        }
    }

    internal static void WeightKernel<T, R>(
        ArrayView<T> x, ArrayView<T> dy, ArrayView<T> parts, int lines, int linesPerPart, DepthwiseArguments s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var c = Grid.IdxY * Group.DimX + Group.IdxX;
        if (c >= s.Channels) return;
        var ky = Grid.IdxX / s.Tiles;
        var kx = (Grid.IdxX - ky * s.Tiles) * TapsPerThread;
        var taps = s.KernelW - kx < TapsPerThread ? s.KernelW - kx : TapsPerThread;
        // Taps beyond the kernel's row repeat its last one, so that they stay inside the image wherever it does; they are not stored.
        var tap = s.DilationW * s.Channels;
        var o1 = taps > 1 ? tap : 0;
        var o2 = taps > 2 ? 2 * tap : o1;
        var o3 = taps > 3 ? 3 * tap : o2;
        var next = s.StrideW * s.Channels;
        var reach = (taps - 1) * s.DilationW;
        var ix0 = kx * s.DilationW - s.PaddingW;
        T w0 = T.Zero, w1 = T.Zero, w2 = T.Zero, w3 = T.Zero;
        T u0 = T.Zero, u1 = T.Zero, u2 = T.Zero, u3 = T.Zero;
        var last = (Grid.IdxZ + 1) * linesPerPart < lines ? (Grid.IdxZ + 1) * linesPerPart : lines;
        for (var line = Grid.IdxZ * linesPerPart; line < last; line++)
        {
            var n = line / s.OutHeight;
            var iy = (line - n * s.OutHeight) * s.StrideH - s.PaddingH + ky * s.DilationH;
            if (iy >= 0 && iy < s.Height)
            {
                var ix = ix0;
                var i = ((n * s.Height + iy) * s.Width + ix0) * s.Channels + c;
                var o = line * s.OutWidth * s.Channels + c;
                var ox = 0;
                while (ox < s.OutWidth)
                {
                    if (ix >= 0 && ix + reach + s.StrideW < s.Width && ox + 1 < s.OutWidth)
                    {
                        var g = dy[o];
                        var h = dy[o + s.Channels];
                        w0 = R.Fma(x[i], g, w0);
                        w1 = R.Fma(x[i + o1], g, w1);
                        w2 = R.Fma(x[i + o2], g, w2);
                        w3 = R.Fma(x[i + o3], g, w3);
                        u0 = R.Fma(x[i + next], h, u0);
                        u1 = R.Fma(x[i + next + o1], h, u1);
                        u2 = R.Fma(x[i + next + o2], h, u2);
                        u3 = R.Fma(x[i + next + o3], h, u3);
                        ox += 2;
                        ix += 2 * s.StrideW;
                        i += 2 * next;
                        o += 2 * s.Channels;
                    }
                    else
                    {
                        var g = dy[o];
                        if (Inside(ix, s.Width)) w0 = R.Fma(x[i], g, w0);
                        if (taps > 1 && Inside(ix + s.DilationW, s.Width)) w1 = R.Fma(x[i + tap], g, w1);
                        if (taps > 2 && Inside(ix + 2 * s.DilationW, s.Width)) w2 = R.Fma(x[i + 2 * tap], g, w2);
                        if (taps > 3 && Inside(ix + 3 * s.DilationW, s.Width)) w3 = R.Fma(x[i + 3 * tap], g, w3);
                        ox++;
                        ix += s.StrideW;
                        i += next;
                        o += s.Channels;
                    }
                }
            }
        }
        var to = ((Grid.IdxZ * s.KernelH + ky) * s.KernelW + kx) * s.Channels + c;
        parts[to] = w0 + u0;
        if (taps > 1) parts[to + s.Channels] = w1 + u1;
        if (taps > 2) parts[to + 2 * s.Channels] = w2 + u2;
        if (taps > 3) parts[to + 3 * s.Channels] = w3 + u3;
    }

    /// <summary>The gradient with respect to the input.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="dy">The output's gradient, [N, outH, outW, C].</param>
    /// <param name="weight">[kH, kW, C].</param>
    /// <param name="dx">The result, [N, H, W, C].</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, or a view is too short.</exception>
    public static void DataGradient<T, R>(KernelHost host, ArrayView<T> dy, ArrayView<T> weight, ArrayView<T> dx, in DepthwiseShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        Check("depth-wise convolution's data gradient", dx.Length, weight.Length, dy.Length, shape);
        var s = DepthwiseArguments.From(shape);
        if (shape.Window is { StrideH: 1, StrideW: 1 })
        {
            (s.Height, s.OutHeight) = (s.OutHeight, s.Height);
            (s.Width, s.OutWidth) = (s.OutWidth, s.Width);
            s.PaddingH = s.DilationH * (s.KernelH - 1) - s.PaddingH;
            s.PaddingW = s.DilationW * (s.KernelW - 1) - s.PaddingW;
            s.Reversed = 1;
            Launch<T, R, ActivationEpilogue<T, IdentityActivation<T>>>(
                host, dy, weight, ArrayView<T>.Empty, dx, s, new(dx, dx, dx, dx), shape.Batch);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, DepthwiseArguments>(GatherKernel<T, R>))(
            ChannelLoop.Config(host, shape.Batch * shape.Height * shape.Width, shape.Channels), dy, weight, dx, s);
    }

    /// <summary>Elements of workspace that <see cref="WeightGradient"/> needs.</summary>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range.</exception>
    public static int WeightGradientWorkspace(in DepthwiseShape shape)
    {
        shape.Validate();
        var parts = Parts(shape, out _);
        return parts > 1 ? Gemm.Elements("the workspace of a depth-wise convolution's weight gradient", parts, shape.WeightLength) : 0;
    }

    /// <summary>The gradient with respect to the weight.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="x">[N, H, W, C].</param>
    /// <param name="dy">The output's gradient, [N, outH, outW, C].</param>
    /// <param name="dw">The result, [kH, kW, C].</param>
    /// <param name="workspace">At least <see cref="WeightGradientWorkspace"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, or a view is too short.</exception>
    public static void WeightGradient<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> dy, ArrayView<T> dw, ArrayView<T> workspace, in DepthwiseShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        Check("depth-wise convolution's weight gradient", x.Length, dw.Length, dy.Length, shape);
        Gemm.Require("depth-wise convolution's weight gradient", "workspace", workspace.Length, WeightGradientWorkspace(shape));
        var parts = Parts(shape, out var linesPerPart);
        var s = DepthwiseArguments.From(shape);
        var lines = shape.Batch * shape.OutHeight;
        var sums = parts > 1 ? workspace : dw;
        if (DepthwiseBlock.Takes(host, s, shape.Batch, x, dy, sums))
        {
            DepthwiseBlock.WeightGradient<T, R>(host, x, dy, sums, parts, lines, linesPerPart, s);
        }
        else if (DepthwiseLines.Takes(s))
        {
            DepthwiseLines.WeightGradient<T, R>(host, x, dy, sums, parts, lines, linesPerPart, s);
        }
        else
        {
            s.Tiles = KernelHost.Blocks(s.KernelW, TapsPerThread);
            var grid = new Index3D(s.KernelH * s.Tiles, KernelHost.Blocks(s.Channels, host.Lanes), parts);
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, DepthwiseArguments>(
                WeightKernel<T, R>))(
                new KernelConfig(grid, new Index3D(host.Lanes, 1, 1)), x, dy, sums, lines, linesPerPart, s);
        }
        if (parts > 1) ColumnReduction.Finish<T, R>(host, workspace, dw, parts, shape.WeightLength);
    }

    /// <summary>Elements of workspace that <see cref="BiasGradient"/> needs.</summary>
    /// <param name="shape">The convolution's sizes.</param>
    public static int BiasGradientWorkspace(in DepthwiseShape shape) =>
        ColumnReduction.WorkspaceLength(shape.OutputLength / shape.Channels, shape.Channels);

    /// <summary>The gradient with respect to the bias.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="dy">The output's gradient, [N, outH, outW, C].</param>
    /// <param name="db">The result, [C].</param>
    /// <param name="workspace">At least <see cref="BiasGradientWorkspace"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">A view is too short.</exception>
    public static void BiasGradient<T, R>(
        KernelHost host, ArrayView<T> dy, ArrayView<T> db, ArrayView<T> workspace, in DepthwiseShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        const string Kernel = "depth-wise convolution's bias gradient";
        Gemm.Require(Kernel, "output", dy.Length, shape.OutputLength);
        Gemm.Require(Kernel, "result", db.Length, shape.Channels);
        Gemm.Require(Kernel, "workspace", workspace.Length, BiasGradientWorkspace(shape));
        ColumnReduction.Sum<T, R>(host, dy, workspace, db, shape.OutputLength / shape.Channels, shape.Channels);
    }

    /// <summary>The parts that the output's lines are summed in.</summary>
    private static int Parts(in DepthwiseShape shape, out int linesPerPart)
    {
        var lines = shape.Batch * shape.OutHeight;
        var pixels = Math.Clamp(PartLength / shape.Channels, LeastPixels, MostPixels);
        linesPerPart = Math.Max(KernelHost.Blocks(pixels, shape.OutWidth), KernelHost.Blocks(lines, MaxParts));
        return KernelHost.Blocks(lines, linesPerPart);
    }
}
