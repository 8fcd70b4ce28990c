// Concatenation along channels, and its gradient: copies between a [rows, channels] matrix and a range of columns of a wider one.
//
// Memory: every element is read and written once. Accumulation: none.
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Copies of channel ranges.</summary>
public static class ConcatKernels
{
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
        where T : unmanaged =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int, int, int, int>(CopyKernel))(
            ChannelLoop.Config(host, rows, count), source, target, sourceChannels, sourceOffset, targetChannels, targetOffset, count);
}
