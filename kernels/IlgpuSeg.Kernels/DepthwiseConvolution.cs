// y[n, oy, ox, c] = epilogue(bias[c] + sum over ky, kx of x[n, oy s + ky d - p, ox s + kx d - p, c] * w[ky, kx, c])
//
// Work: a thread computes, channel by channel, four neighbouring pixels of a line, so that a weight is loaded once for four multiply-adds;
//   lanes run over channels. A tile whose window lies inside the image takes a loop without tests; at the border every pixel is tested per tap
//   (the tests are uniform over the lanes).
// Memory: x is read through the caches (taps / stride^2 times), w once per tile, y written once; no workspace.
// Accumulation: in T, ky, kx ascending. The gradients are in DepthwiseConvolutionGradient.cs.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The sizes of a depth-wise convolution of [Batch, Height, Width, Channels] with [kH, kW, Channels].</summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows of an input image.</param>
/// <param name="Width">Columns of an input image.</param>
/// <param name="Channels">Channels of input and output.</param>
/// <param name="Window">The kernel's extents and steps.</param>
public readonly record struct DepthwiseShape(int Batch, int Height, int Width, int Channels, ConvolutionWindow Window)
{
    /// <summary>Rows of an output image.</summary>
    public int OutHeight => Window.OutputH(Height);

    /// <summary>Columns of an output image.</summary>
    public int OutWidth => Window.OutputW(Width);

    /// <summary>Elements of the input.</summary>
    public int InputLength => Batch * Height * Width * Channels;

    /// <summary>Elements of the output.</summary>
    public int OutputLength => Batch * OutHeight * OutWidth * Channels;

    /// <summary>Elements of the weight.</summary>
    public int WeightLength => Window.Taps * Channels;

    /// <summary>Requires a valid window, a non-empty output, and arrays that 32-bit indices reach.</summary>
    /// <exception cref="ArgumentException">A size is out of its range; the message names it.</exception>
    public void Validate() => new ConvolutionShape(Batch, Height, Width, Channels, Channels, Window).ValidateImages();
}

/// <summary>What the depth-wise kernels read.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DepthwiseArguments
{
    public int Height;
    public int Width;
    public int Channels;
    public int OutHeight;
    public int OutWidth;
    public int KernelH;
    public int KernelW;
    public int StrideH;
    public int StrideW;
    public int PaddingH;
    public int PaddingW;
    public int DilationH;
    public int DilationW;

    /// <summary>Tiles (of pixels or taps) in a line.</summary>
    public int Tiles;

    /// <summary>1 if the kernel's elements are taken in reverse order.</summary>
    public int Reversed;

    /// <summary>1 if a bias per channel is added.</summary>
    public int HasBias;

    public static DepthwiseArguments From(in DepthwiseShape s) => new()
    {
        Height = s.Height,
        Width = s.Width,
        Channels = s.Channels,
        OutHeight = s.OutHeight,
        OutWidth = s.OutWidth,
        KernelH = s.Window.KernelH,
        KernelW = s.Window.KernelW,
        StrideH = s.Window.StrideH,
        StrideW = s.Window.StrideW,
        PaddingH = s.Window.PaddingH,
        PaddingW = s.Window.PaddingW,
        DilationH = s.Window.DilationH,
        DilationW = s.Window.DilationW,
    };
}

/// <summary>Depth-wise two-dimensional convolution of channels-last images, and its gradients.</summary>
public static partial class DepthwiseConvolution
{
    /// <summary>Pixels that a thread of the forward kernel computes.</summary>
    private const int PixelsPerThread = 4;

    internal static void ForwardKernel<T, R, TEpilogue>(
        ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, DepthwiseArguments s, EpilogueOperands<T> e)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var line = Grid.IdxX / s.Tiles;
        var ox = (Grid.IdxX - line * s.Tiles) * PixelsPerThread;
        var n = line / s.OutHeight;
        var iy0 = (line - n * s.OutHeight) * s.StrideH - s.PaddingH;
        var ix0 = ox * s.StrideW - s.PaddingW;
        var pixels = s.OutWidth - ox < PixelsPerThread ? s.OutWidth - ox : PixelsPerThread;
        var inside = pixels == PixelsPerThread && ix0 >= 0
            && ix0 + (PixelsPerThread - 1) * s.StrideW + (s.KernelW - 1) * s.DilationW < s.Width;
        var next = s.StrideW * s.Channels;
        var tap = s.DilationW * s.Channels;
        var weightStep = s.Reversed != 0 ? -s.Channels : s.Channels;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var y0 = s.HasBias != 0 ? bias[c] : T.Zero;
            T y1 = y0, y2 = y0, y3 = y0;
            for (var ky = 0; ky < s.KernelH; ky++)
            {
                var iy = iy0 + ky * s.DilationH;
                if (iy < 0 || iy >= s.Height) continue;
                var i = ((n * s.Height + iy) * s.Width + ix0) * s.Channels + c;
                var iw = (s.Reversed != 0 ? (s.KernelH - ky) * s.KernelW - 1 : ky * s.KernelW) * s.Channels + c;
                if (inside)
                {
                    for (var kx = 0; kx < s.KernelW; kx++)
                    {
                        var w = weight[iw];
                        y0 = R.Fma(x[i], w, y0);
                        y1 = R.Fma(x[i + next], w, y1);
                        y2 = R.Fma(x[i + 2 * next], w, y2);
                        y3 = R.Fma(x[i + 3 * next], w, y3);
                        i += tap;
                        iw += weightStep;
                    }
                }
                else
                {
                    var ix = ix0;
                    for (var kx = 0; kx < s.KernelW; kx++)
                    {
                        var w = weight[iw];
                        if (Inside(ix, s.Width)) y0 = R.Fma(x[i], w, y0);
                        if (pixels > 1 && Inside(ix + s.StrideW, s.Width)) y1 = R.Fma(x[i + next], w, y1);
                        if (pixels > 2 && Inside(ix + 2 * s.StrideW, s.Width)) y2 = R.Fma(x[i + 2 * next], w, y2);
                        if (pixels > 3 && Inside(ix + 3 * s.StrideW, s.Width)) y3 = R.Fma(x[i + 3 * next], w, y3);
                        ix += s.DilationW;
                        i += tap;
                        iw += weightStep;
                    }
                }
            }
            var o = (line * s.OutWidth + ox) * s.Channels + c;
            var column = Epilogue.Column<T, TEpilogue>(e, c);
            y[o] = Epilogue.Value<T, TEpilogue>(e, column, o, y0);
            o += s.Channels;
            if (pixels > 1) y[o] = Epilogue.Value<T, TEpilogue>(e, column, o, y1);
            o += s.Channels;
            if (pixels > 2) y[o] = Epilogue.Value<T, TEpilogue>(e, column, o, y2);
            o += s.Channels;
            if (pixels > 3) y[o] = Epilogue.Value<T, TEpilogue>(e, column, o, y3);
        }
    }

    /// <summary>The depth-wise convolution.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="x">[N, H, W, C].</param>
    /// <param name="weight">[kH, kW, C].</param>
    /// <param name="bias">[C], or an empty view.</param>
    /// <param name="y">The result, [N, outH, outW, C].</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, or a view is too short.</exception>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, in DepthwiseShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        Forward<T, R, ActivationEpilogue<T, IdentityActivation<T>>>(host, x, weight, bias, y, shape, default);

    /// <summary>The depth-wise convolution and what follows it element by element, y = epilogue(convolution(x)).</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="x">[N, H, W, C].</param>
    /// <param name="weight">[kH, kW, C].</param>
    /// <param name="bias">[C], or an empty view.</param>
    /// <param name="y">The result, [N, outH, outW, C].</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <param name="epilogue">What the epilogue reads; its other tensor is [N, outH, outW, C] and may be y.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, or a view is too short.</exception>
    public static void Forward<T, R, TEpilogue>(
        KernelHost host, ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, in DepthwiseShape shape,
        EpilogueOperands<T> epilogue)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        Check("depth-wise convolution", x.Length, weight.Length, y.Length, shape);
        if (bias.Length != 0) Gemm.Require("depth-wise convolution", "bias", bias.Length, shape.Channels);
        var arguments = DepthwiseArguments.From(shape);
        arguments.HasBias = bias.Length != 0 ? 1 : 0;
        epilogue = epilogue.Complete("depth-wise convolution", TEpilogue.Uses, shape.Channels, shape.OutputLength, y);
        Launch<T, R, TEpilogue>(host, x, weight, bias, y, arguments, epilogue, shape.Batch);
    }

    /// <summary>Launches the forward kernel that suits the window.</summary>
    private static void Launch<T, R, TEpilogue>(
        KernelHost host, ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, DepthwiseArguments arguments,
        EpilogueOperands<T> epilogue, int batch)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        // An absent bias still needs a valid view as argument; the kernel does not read it.
        if (bias.Length == 0) bias = weight;
        if (DepthwiseBlock.Takes(host, arguments, batch, x, y, weight) && DepthwiseBlock.Takes(host, arguments, batch, bias, epilogue.Other, y))
        {
            DepthwiseBlock.Forward<T, R, TEpilogue>(host, x, weight, bias, y, arguments, epilogue, batch);
            return;
        }
        if (DepthwiseLines.Takes(arguments))
        {
            DepthwiseLines.Forward<T, R, TEpilogue>(host, x, weight, bias, y, arguments, epilogue, batch);
            return;
        }
        arguments.Tiles = KernelHost.Blocks(arguments.OutWidth, PixelsPerThread);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, DepthwiseArguments,
            EpilogueOperands<T>>(ForwardKernel<T, R, TEpilogue>))(
            ChannelLoop.Config(host, batch * arguments.OutHeight * arguments.Tiles, arguments.Channels), x, weight, bias, y, arguments,
            epilogue);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Inside(int index, int extent) => index >= 0 && index < extent;

    private static void Check(string kernel, long x, long weight, long y, in DepthwiseShape shape)
    {
        shape.Validate();
        Gemm.Require(kernel, "input", x, shape.InputLength);
        Gemm.Require(kernel, "weight", weight, shape.WeightLength);
        Gemm.Require(kernel, "output", y, shape.OutputLength);
    }
}
