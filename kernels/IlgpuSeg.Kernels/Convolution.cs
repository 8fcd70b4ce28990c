// y[n, oy, ox, o] = bias[o] + sum over ky, kx, i of x[n, oy s + ky d - p, ox s + kx d - p, i] * w[ky, kx, i, o]
//
// With groups, i runs over the input channels of o's group only: a batch of products, each on its own slice of the channels.
// As an implicit matrix product of (pixels x patch) by (patch x output channels): the patches are read in place from x (from a copy with a
// border of zeros if there is padding), never unfolded. On CPUs 3 x 3 with stride 1 goes by Winograd.cs where that is shorter. Memory: x, w and y once, the padded copy and w's panels in the workspace.
// Accumulation: in T, ky, kx, i ascending. The gradients are in ConvolutionGradient.cs.
using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels;

/// <summary>Two-dimensional convolution of channels-last images, and its gradients.</summary>
public static partial class Convolution
{
    /// <summary>Elements of workspace that the forward convolution needs.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range.</exception>
    public static int ForwardWorkspace(KernelHost host, in ConvolutionShape shape)
    {
        shape.Validate();
        if (TakesWinograd(host, shape, out var minimal)) return Total(Winograd.Workspace(host, minimal, turned: false));
        var pad = Border(shape);
        return Total(pad.Length, Gemm.Workspace(host, Patches(shape, pad), Weight(shape), shape.Groups));
    }

    /// <summary>The convolution.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="x">[N, H, W, Cin].</param>
    /// <param name="weight">[kH, kW, Cin / groups, Cout].</param>
    /// <param name="bias">[Cout], or an empty view.</param>
    /// <param name="y">The result, [N, outH, outW, Cout].</param>
    /// <param name="workspace">At least <see cref="ForwardWorkspace"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, or a view is too short.</exception>
    public static void Forward<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, ArrayView<T> workspace,
        in ConvolutionShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        Forward<T, R, ActivationEpilogue<T, IdentityActivation<T>>>(host, x, weight, bias, y, workspace, shape, default);

    /// <summary>The convolution and what follows it element by element, y = epilogue(convolution(x)).</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="x">[N, H, W, Cin].</param>
    /// <param name="weight">[kH, kW, Cin / groups, Cout].</param>
    /// <param name="bias">[Cout], or an empty view.</param>
    /// <param name="y">The result, [N, outH, outW, Cout].</param>
    /// <param name="workspace">At least <see cref="ForwardWorkspace"/> elements.</param>
    /// <param name="shape">The convolution's sizes.</param>
    /// <param name="epilogue">What the epilogue reads; its other tensor is [N, outH, outW, Cout] and may be y.</param>
    /// <exception cref="ArgumentException">The sizes are out of range, or a view is too short.</exception>
    public static void Forward<T, R, TEpilogue>(
        KernelHost host, ArrayView<T> x, ArrayView<T> weight, ArrayView<T> bias, ArrayView<T> y, ArrayView<T> workspace,
        in ConvolutionShape shape, EpilogueOperands<T> epilogue)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        Check("convolution", x.Length, weight.Length, y.Length, workspace.Length, ForwardWorkspace(host, shape), shape);
        y = y.SubView(0, shape.OutputLength);
        if (TakesWinograd(host, shape, out var minimal))
        {
            Winograd.Run<T, R, TEpilogue>(host, x, weight, bias, y, workspace, minimal, turned: false, epilogue);
            return;
        }
        var pad = Border(shape);
        var image = pad.Apply(host, x, workspace);
        Gemm.Run<T, R, TEpilogue>(
            host, image, weight, bias, y, workspace.After(pad.Length), Patches(shape, pad), Weight(shape),
            epilogue, shape.Groups);
    }

    /// <summary>The border that puts every tap of every output pixel inside the image.</summary>
    private static ConvolutionPad Border(in ConvolutionShape s) => new(
        s.Batch, s.Height, s.Width, s.InChannels, s.Window.PaddingH, s.Window.PaddingH, s.Window.PaddingW, s.Window.PaddingW);

    /// <summary>Rows are output pixels, the depth is the patch.</summary>
    private static GemmShape Patches(in ConvolutionShape s, in ConvolutionPad pad)
    {
        var w = s.Window;
        var channels = s.InChannels;
        var line = pad.PaddedWidth * channels;
        if (w.IsPointwise && s.Groups == 1) return GemmShape.Matrix(s.OutPixels, s.OutChannels, channels);
        // Without dilation and groups, the columns of a kernel's row lie side by side in the image: one segment.
        var run = w.DilationW == 1 && s.Groups == 1 ? w.KernelW : 1;
        var depth = w.Taps * s.GroupInChannels;
        return new GemmShape
        {
            Rows = s.OutPixels,
            Columns = s.GroupOutChannels,
            Depth = depth,
            RowsInner = s.OutWidth,
            RowsMid = s.OutHeight,
            AOuter = pad.PaddedHeight * line,
            AMid = w.StrideH * line,
            AInner = w.StrideW * channels,
            AStep = 1,
            SegmentLength = run * s.GroupInChannels,
            SegmentsInner = w.KernelW / run,
            SegmentOuter = w.DilationH * line,
            SegmentInner = w.DilationW * channels,
            COuter = s.OutHeight * s.OutWidth * s.OutChannels,
            CMid = s.OutWidth * s.OutChannels,
            CInner = s.OutChannels,
            DepthCount = depth,
            ABatch = s.GroupInChannels,
            CBatch = s.GroupOutChannels,
            ColumnBatch = s.GroupOutChannels,
        };
    }

    /// <summary>Whether minimal filtering computes it, and how.</summary>
    private static bool TakesWinograd(KernelHost host, in ConvolutionShape s, out WinogradConvolution minimal)
    {
        minimal = new(s.Batch, s.Height, s.Width, s.InChannels, s.OutHeight, s.OutWidth, s.OutChannels, s.Window.PaddingH, s.Window.PaddingW);
        return Takes(host, s, minimal);
    }

    private static bool Takes(KernelHost host, in ConvolutionShape s, in WinogradConvolution minimal)
    {
        var hasFilter = s.Groups == 1
            && s.Window is { KernelH: 3, KernelW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PaddingH: <= 2, PaddingW: <= 2 };
        return hasFilter && host.MinimalFiltering switch
        {
            MinimalFiltering.WhereItPays => !host.UsesBlocks && minimal.Pays,
            MinimalFiltering.Everywhere => true,
            _ => false,
        };
    }

    private static GemmRight Weight(in ConvolutionShape s) => GemmRight.Matrix(
        s.Window.Taps * s.GroupInChannels, s.OutChannels, batch: s.Groups > 1 ? s.GroupOutChannels : 0);

    private static int Total(params ReadOnlySpan<long> lengths)
    {
        long total = 0;
        foreach (var length in lengths) total += length;
        if (total > int.MaxValue)
            throw new ArgumentException($"A convolution would need {total:N0} elements of workspace, more than {int.MaxValue:N0}.");
        return (int)total;
    }

    private static void Check(string kernel, long x, long weight, long y, long workspace, long neededWorkspace, in ConvolutionShape shape)
    {
        Gemm.Require(kernel, "input", x, shape.InputLength);
        Gemm.Require(kernel, "weight", weight, shape.WeightLength);
        Gemm.Require(kernel, "output", y, shape.OutputLength);
        Gemm.Require(kernel, "workspace", workspace, neededWorkspace);
    }
}
