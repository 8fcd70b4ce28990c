// Concatenation along channels, and its gradient: copies between a [rows, channels] matrix and a range of columns of a wider one.
//
// Memory: every element is read and written once. Accumulation: none.
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Copies of channel ranges.</summary>
public static class ConcatKernels
{
    // Rows that a thread of the GPU's form copies.
    private const int ThreadRows = 4;

    // The GPU's form: a thread copies four columns of four rows (ColumnBlock.cs). Channels and offsets count quads.
    internal static void CopyBlockKernel<T>(
        ArrayView<Tile4<T>> source, ArrayView<Tile4<T>> target, int sourceChannels, int sourceOffset, int targetChannels, int targetOffset,
        ColumnCut cut)
        where T : unmanaged
    {
        var p = ColumnBlock.Place<TogetherLoad>(cut);
        var from = p.Row * sourceChannels + sourceOffset + p.Column / 4;
        var to = p.Row * targetChannels + targetOffset + p.Column / 4;
        var fromStep = p.Step * sourceChannels;
        var toStep = p.Step * targetChannels;
        var r = p.Row;
        for (; r + 3 * p.Step < p.End; r += 4 * p.Step)
        {
            var a = source[from];
            var b = source[from + fromStep];
            var c = source[from + 2 * fromStep];
            var d = source[from + 3 * fromStep];
            target[to] = a;
            target[to + toStep] = b;
            target[to + 2 * toStep] = c;
            target[to + 3 * toStep] = d;
            from += 4 * fromStep;
            to += 4 * toStep;
        }
        for (; r < p.End; r += p.Step)
        {
            target[to] = source[from];
            from += fromStep;
            to += toStep;
        }
    }

    // Grid: (rows, blocks of channels).
    internal static void CopyKernel<T>(
        ArrayView<T> source, ArrayView<T> target, int sourceChannels, int sourceOffset, int targetChannels, int targetOffset, int count)
        where T : unmanaged
    {
        for (var c = ChannelLoop.First; c < count; c += ChannelLoop.Step)
            target[Grid.IdxX * targetChannels + targetOffset + c] = source[Grid.IdxX * sourceChannels + sourceOffset + c];
    }

    /// <summary>whole[:, offset .. offset + channels] = part.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="part">[rows, channels].</param>
    /// <param name="whole">[rows, wholeChannels]; the other columns keep their values.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="channels">Channels of the part.</param>
    /// <param name="wholeChannels">Channels of the whole.</param>
    /// <param name="offset">The part's first channel in the whole.</param>
    public static void Insert<T>(
        KernelHost host, ArrayView<T> part, ArrayView<T> whole, int rows, int channels, int wholeChannels, int offset)
        where T : unmanaged => Copy(host, part, whole, rows, channels, 0, wholeChannels, offset, channels);

    /// <summary>part = whole[:, offset .. offset + channels].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="whole">[rows, wholeChannels].</param>
    /// <param name="part">[rows, channels], written.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="channels">Channels of the part.</param>
    /// <param name="wholeChannels">Channels of the whole.</param>
    /// <param name="offset">The part's first channel in the whole.</param>
    public static void Extract<T>(
        KernelHost host, ArrayView<T> whole, ArrayView<T> part, int rows, int channels, int wholeChannels, int offset)
        where T : unmanaged => Copy(host, whole, part, rows, wholeChannels, offset, channels, 0, channels);

    private static void Copy<T>(
        KernelHost host, ArrayView<T> source, ArrayView<T> target, int rows, int sourceChannels, int sourceOffset, int targetChannels,
        int targetOffset, int count)
        where T : unmanaged
    {
        if (host.UsesBlocks && Unsafe.SizeOf<T>() >= sizeof(float) && ((sourceChannels | sourceOffset | targetChannels | targetOffset) & 3) == 0
            && ColumnBlock.TakesQuads(count, source, target))
        {
            var cut = ColumnBlock.CutForRows(rows, count, ThreadRows);
            host.Load(static a => a.LoadStreamKernel<ArrayView<Tile4<T>>, ArrayView<Tile4<T>>, int, int, int, int, ColumnCut>(CopyBlockKernel))(
                ColumnBlock.Config(cut), ColumnBlock.Quads(source), ColumnBlock.Quads(target), sourceChannels / 4, sourceOffset / 4,
                targetChannels / 4, targetOffset / 4, cut);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int, int, int, int>(CopyKernel))(
            ChannelLoop.Config(host, rows, count), source, target, sourceChannels, sourceOffset, targetChannels, targetOffset, count);
    }
}
