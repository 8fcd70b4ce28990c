// Gradients of the convolution.
//
//   dx[n, iy, ix, i] = sum over ky, kx, o with iy = oy s + ky d - p of dy[n, oy, ox, o] * w[ky, kx, i, o]
//   dw[ky, kx, i, o] = sum over n, oy, ox of x[n, oy s + ky d - p, ox s + kx d - p, i] * dy[n, oy, ox, o]
//   db[o]            = sum over n, oy, ox of dy[n, oy, ox, o]
//
// dx gathers: the input pixels fall into stride x stride phases; within a phase every pixel meets the same taps, so a phase is a
//   convolution of dy (with a border of zeros) with those taps in reverse, written at every stride-th pixel. Nothing is scattered.
// dw is a product of (taps x input channels) by (pixels) by (output channels). Its depth, the pixels, is cut by a rule that reads only the
//   sizes and the form of products: into splits whose sums go to the workspace and are added in order, and into steps that add to their split one after the other.
// Memory: dy (x for dw) once more for the border, panels of w (dy for dw), the splits' sums; all in the workspace.
// Accumulation: in T; the splits of dw, and the parts of db, are added in double.
using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels;

public static partial class Convolution
{
    /// <summary>Pixels of one step of the weight gradient: their panel of dy stays in the first-level cache.</summary>
    private const int PixelsPerStep = 512;

    /// <summary>The splits' sums take at most this many elements.</summary>
    private const int SplitLimit = 1 << 20;

    /// <summary>The same on GPUs, whose many multiprocessors all want a part of a small weight's gradient.</summary>
    private const int BlockSplitLimit = 1 << 22;

    /// <summary>Elements of workspace that <see cref="DataGradient"/> needs.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range.</exception>
    public static int DataGradientWorkspace(KernelHost host, in ConvolutionShape shape)
    {
        shape.Validate();
        if (TakesWinogradBack(host, shape, out var minimal)) return Total(Winograd.Workspace(host, minimal, turned: true));
        var pad = OutputBorder(shape);
        var panels = 0;
        for (var py = 0; py < Math.Min(shape.Window.StrideH, shape.Height); py++)
        {
            for (var px = 0; px < Math.Min(shape.Window.StrideW, shape.Width); px++)
            {
                var phase = Phase(shape, pad, py, px, out var right);
                panels = Math.Max(panels, Gemm.Workspace(host, phase, right, shape.Groups));
            }
        }
        return Total(pad.Length, panels);
    }

    /// <summary>The gradient with respect to the input.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="dy">The output's gradient, [N, outH, outW, Cout].</param>
    /// <param name="weight">[kH, kW, Cin / groups, Cout].</param>
    /// <param name="dx">The result, [N, H, W, Cin].</param>
    /// <param name="workspace">At least <see cref="DataGradientWorkspace"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, or a view is too short.</exception>
    public static void DataGradient<T, R>(
        KernelHost host, ArrayView<T> dy, ArrayView<T> weight, ArrayView<T> dx, ArrayView<T> workspace, in ConvolutionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var needed = DataGradientWorkspace(host, shape);
        Check("convolution's data gradient", dx.Length, weight.Length, dy.Length, workspace.Length, needed, shape);
        if (TakesWinogradBack(host, shape, out var minimal))
        {
            Winograd.Run<T, R, ActivationEpilogue<T, IdentityActivation<T>>>(
                host, dy, weight, ArrayView<T>.Empty, dx, workspace, minimal, turned: true, default);
            return;
        }
        var pad = OutputBorder(shape);
        var image = pad.Apply(host, dy, workspace);
        var panels = workspace.After(pad.Length);
        for (var py = 0; py < Math.Min(shape.Window.StrideH, shape.Height); py++)
        {
            for (var px = 0; px < Math.Min(shape.Window.StrideW, shape.Width); px++)
            {
                var phase = Phase(shape, pad, py, px, out var right);
                Gemm.Run<T, R>(host, image, weight, ArrayView<T>.Empty, dx, panels, phase, right, shape.Groups);
            }
        }
    }

    /// <summary>Elements of workspace that <see cref="WeightGradient"/> needs.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range.</exception>
    public static int WeightGradientWorkspace(KernelHost host, in ConvolutionShape shape)
    {
        shape.Validate();
        if (TakesWinograd(host, shape, out var minimal)) return Total(Winograd.WeightGradientWorkspace(host, minimal));
        var pad = Border(shape);
        var product = PatchesTransposed(host, shape, pad, out var splits);
        var parts = splits > 1 ? (long)splits * shape.WeightLength : 0;
        return Total(pad.Length, parts, Gemm.Workspace(host, product, Pixels(shape, group: 0), splits));
    }

    /// <summary>The gradient with respect to the weight.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="x">[N, H, W, Cin].</param>
    /// <param name="dy">The output's gradient, [N, outH, outW, Cout].</param>
    /// <param name="dw">The result, [kH, kW, Cin / groups, Cout].</param>
    /// <param name="workspace">At least <see cref="WeightGradientWorkspace"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, or a view is too short.</exception>
    public static void WeightGradient<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> dy, ArrayView<T> dw, ArrayView<T> workspace, in ConvolutionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var needed = WeightGradientWorkspace(host, shape);
        Check("convolution's weight gradient", x.Length, dw.Length, dy.Length, workspace.Length, needed, shape);
        if (TakesWinograd(host, shape, out var minimal))
        {
            Winograd.WeightGradient<T, R>(host, x, dy, dw, workspace, minimal);
            return;
        }
        var pad = Border(shape);
        var image = pad.Apply(host, x, workspace);
        var product = PatchesTransposed(host, shape, pad, out var splits);
        var parts = splits > 1 ? workspace.SubView(pad.Length, splits * shape.WeightLength) : dw;
        var panels = workspace.After(splits > 1 ? pad.Length + parts.IntLength : pad.Length);
        // Steps serve the CPU's caches; block tiles stream through the depth.
        var step = host.Products == ProductTiles.Blocks ? product.Split : StepLength(product.SegmentLength);
        for (var group = 0; group < shape.Groups; group++)
        {
            product.AStart = group * shape.GroupInChannels;
            product.CStart = group * shape.GroupOutChannels;
            for (var start = 0; start < product.Split; start += step)
            {
                product.DepthStart = start;
                product.DepthCount = step;
                product.Accumulate = start > 0 ? 1 : 0;
                Gemm.Run<T, R>(
                    host, image, dy, ArrayView<T>.Empty, parts, panels, product, Pixels(shape, group), splits, packed: start > 0);
            }
        }
        if (splits > 1) ColumnReduction.Finish<T, R>(host, parts, dw, splits, shape.WeightLength);
    }

    /// <summary>Elements of workspace that <see cref="BiasGradient"/> needs.</summary>
    /// <param name="shape">The convolution's sizes.</param>
    public static int BiasGradientWorkspace(in ConvolutionShape shape) =>
        ColumnReduction.WorkspaceLength(shape.OutPixels, shape.OutChannels);

    /// <summary>The gradient with respect to the bias.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="dy">The output's gradient, [N, outH, outW, Cout].</param>
    /// <param name="db">The result, [Cout].</param>
    /// <param name="workspace">At least <see cref="BiasGradientWorkspace"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">A view is too short.</exception>
    public static void BiasGradient<T, R>(
        KernelHost host, ArrayView<T> dy, ArrayView<T> db, ArrayView<T> workspace, in ConvolutionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        Gemm.Require("convolution's bias gradient", "output", dy.Length, shape.OutputLength);
        Gemm.Require("convolution's bias gradient", "result", db.Length, shape.OutChannels);
        Gemm.Require("convolution's bias gradient", "workspace", workspace.Length, BiasGradientWorkspace(shape));
        ColumnReduction.Sum<T, R>(host, dy, workspace, db, shape.OutPixels, shape.OutChannels);
    }

    /// <summary>Whether minimal filtering computes dx, and how: a convolution of dy.</summary>
    private static bool TakesWinogradBack(KernelHost host, in ConvolutionShape s, out WinogradConvolution minimal)
    {
        minimal = new(
            s.Batch, s.OutHeight, s.OutWidth, s.OutChannels, s.Height, s.Width, s.InChannels, 2 - s.Window.PaddingH, 2 - s.Window.PaddingW);
        return Takes(host, s, minimal);
    }

    /// <summary>The border around dy that puts every output pixel that an input pixel could meet inside it.</summary>
    private static ConvolutionPad OutputBorder(in ConvolutionShape s)
    {
        var w = s.Window;
        return new(
            s.Batch, s.OutHeight, s.OutWidth, s.OutChannels,
            Before(w.KernelH, w.StrideH, w.PaddingH, w.DilationH), After(s.Height, s.OutHeight, w.StrideH, w.PaddingH),
            Before(w.KernelW, w.StrideW, w.PaddingW, w.DilationW), After(s.Width, s.OutWidth, w.StrideW, w.PaddingW));

        static int Before(int kernel, int stride, int padding, int dilation)
        {
            var reach = (kernel - 1) * dilation - padding;
            return reach <= 0 ? 0 : (reach + stride - 1) / stride;
        }

        static int After(int size, int outSize, int stride, int padding) =>
            Math.Max(0, (size - 1 + padding) / stride - (outSize - 1));
    }

    /// <summary>The product for the input pixels (py + i strideH, px + j strideW); without any tap, it writes zeros.</summary>
    private static GemmShape Phase(in ConvolutionShape s, in ConvolutionPad pad, int py, int px, out GemmRight right)
    {
        var w = s.Window;
        var y = TapsOfPhase.Find(py, w.KernelH, w.StrideH, w.PaddingH, w.DilationH);
        var x = TapsOfPhase.Find(px, w.KernelW, w.StrideW, w.PaddingW, w.DilationW);
        var rows = (s.Height - py + w.StrideH - 1) / w.StrideH;
        var columns = (s.Width - px + w.StrideW - 1) / w.StrideW;
        var line = pad.PaddedWidth * s.OutChannels;
        var tap = s.GroupInChannels * s.OutChannels;
        var depth = y.Count * x.Count * s.GroupOutChannels;
        var run = x.OutputStep == 1 && s.Groups == 1 ? Math.Max(x.Count, 1) : 1;
        right = new GemmRight
        {
            DepthInner = s.GroupOutChannels,
            DepthMid = Math.Max(x.Count, 1),
            Start = (y.Last * w.KernelW + x.Last) * tap,
            Outer = -y.TapStep * w.KernelW * tap,
            Mid = -x.TapStep * tap,
            Inner = 1,
            Column = s.OutChannels,
            Batch = s.Groups > 1 ? s.GroupOutChannels : 0,
        };
        return new GemmShape
        {
            Rows = s.Batch * rows * columns,
            Columns = s.GroupInChannels,
            Depth = depth,
            RowsInner = columns,
            RowsMid = rows,
            AStart = (y.Output + pad.Top) * line + (x.Output + pad.Left) * s.OutChannels,
            AOuter = pad.PaddedHeight * line,
            AMid = line,
            AInner = s.OutChannels,
            AStep = 1,
            SegmentLength = run * s.GroupOutChannels,
            SegmentsInner = Math.Max(x.Count / run, 1),
            SegmentOuter = y.OutputStep * line,
            SegmentInner = x.OutputStep * s.OutChannels,
            CStart = (py * s.Width + px) * s.InChannels,
            COuter = s.Height * s.Width * s.InChannels,
            CMid = w.StrideH * s.Width * s.InChannels,
            CInner = w.StrideW * s.InChannels,
            DepthCount = depth,
            ABatch = s.GroupOutChannels,
            CBatch = s.GroupInChannels,
        };
    }

    /// <summary>Rows are weights (tap, input channel), the depth is the pixels in lines of an image.</summary>
    private static GemmShape PatchesTransposed(KernelHost host, in ConvolutionShape s, in ConvolutionPad pad, out int splits)
    {
        var w = s.Window;
        var channels = s.InChannels;
        var line = pad.PaddedWidth * channels;
        var shape = new GemmShape
        {
            Rows = w.Taps * s.GroupInChannels,
            Columns = s.GroupOutChannels,
            Depth = s.OutPixels,
            RowsInner = s.GroupInChannels,
            RowsMid = w.KernelW,
            AOuter = w.DilationH * line,
            AMid = w.DilationW * channels,
            AInner = 1,
            AStep = w.StrideW * channels,
            SegmentLength = s.OutWidth,
            SegmentsInner = s.OutHeight,
            SegmentOuter = pad.PaddedHeight * line,
            SegmentInner = w.StrideH * line,
            COuter = w.KernelW * s.GroupInChannels * s.OutChannels,
            CMid = s.GroupInChannels * s.OutChannels,
            CInner = s.OutChannels,
            CBatch = s.WeightLength,
        };
        if (w.IsPointwise)
        {
            // All pixels lie side by side: segments of any length do.
            shape.SegmentLength = Math.Min(PixelsPerStep, s.OutPixels);
            shape.SegmentsInner = int.MaxValue;
            shape.SegmentInner = shape.SegmentLength * channels;
        }
        var step = StepLength(shape.SegmentLength);
        var steps = KernelHost.Blocks(shape.Depth, step);
        splits = Math.Clamp((host.Products == ProductTiles.Blocks ? BlockSplitLimit : SplitLimit) / s.WeightLength, 1, steps);
        shape.Split = KernelHost.Blocks(steps, splits) * step;
        splits = KernelHost.Blocks(shape.Depth, shape.Split);
        return shape;
    }

    /// <summary>About <see cref="PixelsPerStep"/> pixels, in whole segments.</summary>
    private static int StepLength(int segment) => Math.Max(1, PixelsPerStep / segment) * segment;

    private static GemmRight Pixels(in ConvolutionShape s, int group) =>
        GemmRight.Matrix(s.OutPixels, s.OutChannels) with { Start = group * s.GroupOutChannels };

    /// <summary>
    /// The taps that the input pixels phase, phase + stride, .. meet along one axis, from the last to the first, and the output pixels
    /// that they meet there: pixel phase + t stride meets, through the j-th of these taps, output Output + t + j OutputStep.
    /// </summary>
    private readonly record struct TapsOfPhase(int Count, int Last, int TapStep, int Output, int OutputStep)
    {
        public static TapsOfPhase Find(int phase, int kernel, int stride, int padding, int dilation)
        {
            var first = 0;
            while (first < kernel && (phase + padding - first * dilation) % stride != 0) first++;
            var common = Gcd(stride, dilation);
            var tapStep = stride / common;
            if (first >= kernel) return new(0, 0, tapStep, 0, dilation / common);
            var count = (kernel - 1 - first) / tapStep + 1;
            var last = first + (count - 1) * tapStep;
            return new(count, last, tapStep, (phase + padding - last * dilation) / stride, dilation / common);
        }

        private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
    }
}
