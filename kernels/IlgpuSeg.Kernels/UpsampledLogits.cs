// Cross-entropy of logits that are up-sampled bilinearly to the labels' size, without the up-sampled logits: each logit is
// interpolated where it is needed, by Resize.cs's formula and to the same bits.
//
//   loss, dlogits     as in CrossEntropyWeighted.cs (class weights of 1 and no smoothing make it CrossEntropy.cs)
//   dx[i]           = sum over the pixels p that took something of i, of their weight times dlogits[p]
//
// The gradient gathers, first along columns, then along rows (Resize.cs): a thread of the first pass owns one column of x in one line of the
// labels, and computes the softmax of the pixels that took something of it anew from their maxima and log-sums.
//
// Memory: four numbers per pixel of the labels' size, and a workspace of [N, H, w, classes] in backward; nothing of [N, H, W, classes].
// Accumulation: a pixel's classes in order in T; gradients in the pixels' order in T.
using System.Numerics;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>How logits are up-sampled and classes count.</summary>
/// <typeparam name="T">The element type.</typeparam>
[StructLayout(LayoutKind.Sequential)]
public struct UpsampledEntropy<T>
    where T : unmanaged
{
    /// <summary>Rows of the logits per row of the labels, as the up-sampling defines it.</summary>
    public T ScaleY;

    /// <summary>The same for columns.</summary>
    public T ScaleX;

    /// <summary>As in <see cref="SmoothingShares{T}"/>.</summary>
    public T Own;

    /// <summary>As in <see cref="SmoothingShares{T}"/>.</summary>
    public T Others;

    /// <summary>As in <see cref="SmoothingShares{T}"/>.</summary>
    public T TotalWeight;

    /// <summary>Fills the struct up to a multiple of eight bytes.</summary>
    public T Unused;

    /// <summary>Which of PyTorch's two definitions.</summary>
    public int AlignCorners;

    /// <summary>The id of ignored pixels.</summary>
    public int Ignored;
}

/// <summary>Where a pixel lies among the logits.</summary>
/// <typeparam name="T">The element type.</typeparam>
internal struct UpsampledPixel<T>
    where T : unmanaged
{
    /// <summary>The upper left logit's first class.</summary>
    public int At;

    /// <summary>From there to the right one; 0 in the last column.</summary>
    public int Right;

    /// <summary>From there to the lower one; 0 in the last row.</summary>
    public int Below;

    /// <summary>The lower ones' weight.</summary>
    public T FractionY;

    /// <summary>The right ones' weight.</summary>
    public T FractionX;
}

/// <summary>Losses of logits that are up-sampled on the way.</summary>
public static class UpsampledLogitsKernels
{
    // One thread per pixel of the labels.
    internal static void LossKernel<T, R>(
        ArrayView<T> x, ArrayView<int> labels, ArrayView<T> classWeights, ArrayView<T> peaks, ArrayView<T> logSums, ArrayView<T> losses,
        ArrayView<T> pixelWeights, UpsampledEntropy<T> e, int pixels, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var p = Grid.IdxX * Group.DimX + Group.IdxX;
        if (p >= pixels) return;
        var line = p / s.OutWidth;
        var at = Locate<T, R>(line, p - line * s.OutWidth, e.ScaleY, e.ScaleX, e.AlignCorners, s);
        var peak = Interpolate<T, R>(x, at, 0);
        for (var c = 1; c < s.Channels; c++)
            peak = R.Max(peak, Interpolate<T, R>(x, at, c));
        var sum = T.Zero;
        var weighted = T.Zero;
        for (var c = 0; c < s.Channels; c++)
        {
            var value = Interpolate<T, R>(x, at, c) - peak;
            sum += R.Exp(value);
            weighted = R.Fma(classWeights[c], value, weighted);
        }
        var logSum = R.Log(sum);
        var label = labels[p];
        var loss = T.Zero;
        var weight = T.Zero;
        if (CrossEntropyKernels.IsCounted(label, s.Channels, e.Ignored))
        {
            weight = classWeights[label];
            loss = e.Own * weight * (logSum - (Interpolate<T, R>(x, at, label) - peak)) + e.Others * (e.TotalWeight * logSum - weighted);
        }
        peaks[p] = peak;
        logSums[p] = logSum;
        losses[p] = loss;
        pixelWeights[p] = weight;
    }

    // Rows are (lines of the labels x columns of x), channels classes. scale[0] is the loss's gradient divided by the sum of the pixels' weights.
    internal static void GatherColumnsKernel<T, R>(
        ArrayView<T> x, ArrayView<int> labels, ArrayView<T> classWeights, ArrayView<T> peaks, ArrayView<T> logSums, ArrayView<T> scale,
        ArrayView<T> columns, ArrayView<int> ranges, ArrayView<T> weights, UpsampledEntropy<T> e, int span, int rows, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = ChannelLoop.Row;
        if (row >= rows) return;
        var line = row / s.InWidth;
        var ix = row - line * s.InWidth;
        var first = ranges[ix];
        var count = ranges[s.InWidth + ix] - first;
        for (var c = ChannelLoop.First; c < s.Channels; c += ChannelLoop.Step)
        {
            var target = e.Others * classWeights[c];
            var sum = T.Zero;
            for (var k = 0; k < count; k++)
            {
                var p = line * s.OutWidth + first + k;
                var label = labels[p];
                // The same answer for the whole row.
                if (CrossEntropyKernels.IsCounted(label, s.Channels, e.Ignored))
                {
                    var at = Locate<T, R>(line, first + k, e.ScaleY, e.ScaleX, e.AlignCorners, s);
                    var hit = e.Own * classWeights[label];
                    var value = R.Fma(e.Others, e.TotalWeight, hit) * R.Exp(Interpolate<T, R>(x, at, c) - peaks[p] - logSums[p]) - target;
                    if (c == label) value -= hit;
                    sum = R.Fma(weights[ix * span + k], value, sum);
                }
            }
            columns[row * s.Channels + c] = sum * scale[0];
        }
    }

    private static UpsampledPixel<T> Locate<T, R>(int line, int column, T scaleY, T scaleX, int alignCorners, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var image = line / s.OutHeight;
        var py = ResizeAxis.Position<T, R>(line - image * s.OutHeight, scaleY, alignCorners);
        var px = ResizeAxis.Position<T, R>(column, scaleX, alignCorners);
        var y0 = ResizeAxis.Index<T, R>(py, s.InHeight);
        var x0 = ResizeAxis.Index<T, R>(px, s.InWidth);
        UpsampledPixel<T> pixel;
        pixel.At = ((image * s.InHeight + y0) * s.InWidth + x0) * s.Channels;
        pixel.Right = x0 < s.InWidth - 1 ? s.Channels : 0;
        pixel.Below = y0 < s.InHeight - 1 ? s.InWidth * s.Channels : 0;
        pixel.FractionY = ResizeAxis.Fraction<T, R>(py, y0);
        pixel.FractionX = ResizeAxis.Fraction<T, R>(px, x0);
        return pixel;
    }

    private static T Interpolate<T, R>(ArrayView<T> x, UpsampledPixel<T> pixel, int c)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var at = pixel.At + c;
        return ResizeAxis.Between<T, R>(
            x[at], x[at + pixel.Right], x[at + pixel.Below], x[at + pixel.Below + pixel.Right], pixel.FractionY, pixel.FractionX);
    }

    /// <summary>The weighted loss of each pixel, and its class's weight; both 0 where the label is ignored or no class.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">The logits before the up-sampling, [images, InHeight, InWidth, Channels].</param>
    /// <param name="labels">[images, OutHeight, OutWidth].</param>
    /// <param name="classWeights">[Channels].</param>
    /// <param name="peaks">[labels], receives the largest logit of each pixel.</param>
    /// <param name="logSums">[labels], receives log sum exp(logit - peak).</param>
    /// <param name="losses">[labels], receives the losses.</param>
    /// <param name="pixelWeights">[labels], receives the weights of the pixels' classes.</param>
    /// <param name="shares">The shares of the own and of all classes.</param>
    /// <param name="ignored">The id of ignored pixels.</param>
    /// <param name="alignCorners">Which of PyTorch's two definitions of the up-sampling.</param>
    /// <param name="s">The sizes.</param>
    public static void Loss<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<int> labels, ArrayView<T> classWeights, ArrayView<T> peaks, ArrayView<T> logSums,
        ArrayView<T> losses, ArrayView<T> pixelWeights, SmoothingShares<T> shares, int ignored, bool alignCorners, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            ArrayView<T>, UpsampledEntropy<T>, int, WindowShape>(LossKernel<T, R>))(
            host.Linear(labels.IntLength), x, labels, classWeights, peaks, logSums, losses, pixelWeights,
            Entropy<T, R>(shares, ignored, alignCorners, s), labels.IntLength, s);

    /// <summary>The gradient of the logits before the up-sampling.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">As in <see cref="Loss"/>.</param>
    /// <param name="labels">As in <see cref="Loss"/>.</param>
    /// <param name="classWeights">As in <see cref="Loss"/>.</param>
    /// <param name="peaks">From <see cref="Loss"/>.</param>
    /// <param name="logSums">From <see cref="Loss"/>.</param>
    /// <param name="scale">One element: the gradient of the loss divided by the sum of the pixels' weights.</param>
    /// <param name="workspace">At least <see cref="ResizeKernels.WorkspaceLength"/> elements.</param>
    /// <param name="ranges">At least <see cref="ResizeKernels.RangesLength"/> elements; a workspace.</param>
    /// <param name="dx">[images, InHeight, InWidth, Channels], written.</param>
    /// <param name="shares">As in <see cref="Loss"/>.</param>
    /// <param name="ignored">The id of ignored pixels.</param>
    /// <param name="alignCorners">As in <see cref="Loss"/>.</param>
    /// <param name="s">The sizes.</param>
    public static void Backward<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<int> labels, ArrayView<T> classWeights, ArrayView<T> peaks, ArrayView<T> logSums,
        ArrayView<T> scale, ArrayView<T> workspace, ArrayView<int> ranges, ArrayView<T> dx, SmoothingShares<T> shares, int ignored,
        bool alignCorners, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var images = labels.IntLength / (s.OutHeight * s.OutWidth);
        var rows = images * s.OutHeight * s.InWidth;
        var gather = ResizeGather<T, R>.Create(host, workspace, ranges, images, alignCorners, s);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            ArrayView<T>, ArrayView<int>, ArrayView<T>, UpsampledEntropy<T>, int, int, WindowShape>(GatherColumnsKernel<T, R>))(
            ChannelLoop.Shared(host, rows, s.Channels), x, labels, classWeights, peaks, logSums, scale, gather.Columns, gather.RangesX,
            gather.WeightsX, Entropy<T, R>(shares, ignored, alignCorners, s), gather.SpanX, rows, s);
        gather.Rows(host, dx);
    }

    private static UpsampledEntropy<T> Entropy<T, R>(SmoothingShares<T> shares, int ignored, bool alignCorners, WindowShape s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => new()
        {
            ScaleY = ResizeKernels.Scale<T, R>(s.InHeight, s.OutHeight, alignCorners),
            ScaleX = ResizeKernels.Scale<T, R>(s.InWidth, s.OutWidth, alignCorners),
            Own = shares.Own,
            Others = shares.Others,
            TotalWeight = shares.TotalWeight,
            AlignCorners = alignCorners ? 1 : 0,
            Ignored = ignored,
        };
}
