// Rows of a matrix picked by index, y[m] = x[index[m]], and the gradient: dx[r] = the sum of dy[m] over all m with index[m] = r.
//
// Memory: forward reads and writes each picked row once. Backward needs two integers per index: whether it is the first of
// its row, and the next index of the same row; dx, zeroed by the caller, is written once per picked row. Accumulation: the
// gradients of one row are added in the order of m by one thread per channel, so repeated indices need no atomics and give
// the same bits every time.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Picks rows, and scatters their gradients back.</summary>
public static class GatherKernels
{
    // Rows are indices.
    internal static void ForwardKernel<T>(ArrayView<T> x, ArrayView<int> index, ArrayView<T> y, int channels)
        where T : unmanaged, INumber<T>
    {
        var target = Grid.IdxX * channels;
        var source = index[Grid.IdxX] * channels;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
            y[target + c] = x[source + c];
    }

    // One thread per index; all threads walk the same positions, so the reads are uniform.
    internal static void LinkKernel(ArrayView<int> index, ArrayView<int> next, ArrayView<int> isFirst, int count)
    {
        var m = Grid.IdxX * Group.DimX + Group.IdxX;
        if (m >= count) return;
        var row = index[m];
        var first = 1;
        var following = count;
        for (var j = 0; j < count; j++)
        {
            if (index[j] == row)
            {
                if (j < m) first = 0;
                if (j > m && j < following) following = j;
            }
        }
        next[m] = following;
        isFirst[m] = first;
    }

    // Rows are indices.
    internal static void BackwardKernel<T>(
        ArrayView<T> dy, ArrayView<int> index, ArrayView<int> next, ArrayView<int> isFirst, ArrayView<T> dx, int count, int channels)
        where T : unmanaged, INumber<T>
    {
        if (isFirst[Grid.IdxX] == 0) return;
        var target = index[Grid.IdxX] * channels;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
        {
            var sum = T.Zero;
            for (var m = Grid.IdxX; m < count; m = next[m])
                sum += dy[m * channels + c];
            dx[target + c] = sum;
        }
    }

    /// <summary>y[m, c] = x[index[m], c].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, channels].</param>
    /// <param name="index">[count], each in 0..rows-1; count at least 1.</param>
    /// <param name="y">[count, channels].</param>
    /// <param name="channels">Channels, at least 1.</param>
    public static void Forward<T>(KernelHost host, ArrayView<T> x, ArrayView<int> index, ArrayView<T> y, int channels)
        where T : unmanaged, INumber<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<T>, int>(ForwardKernel))(
            ChannelLoop.Config(host, index.IntLength, channels), x, index, y, channels);

    /// <summary>dx[r, c] = the sum of dy[m, c] over the m with index[m] = r, for the rows that are picked at least once.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="dy">[count, channels].</param>
    /// <param name="index">[count].</param>
    /// <param name="links">A workspace of 2 * count integers.</param>
    /// <param name="dx">[rows, channels], all zeros.</param>
    /// <param name="channels">Channels, at least 1.</param>
    public static void Backward<T>(
        KernelHost host, ArrayView<T> dy, ArrayView<int> index, ArrayView<int> links, ArrayView<T> dx, int channels)
        where T : unmanaged, INumber<T>
    {
        var count = index.IntLength;
        var next = links.SubView(0, count);
        var isFirst = links.SubView(count, count);
        host.Load(static a => a.LoadStreamKernel<ArrayView<int>, ArrayView<int>, ArrayView<int>, int>(LinkKernel))(
            host.Linear(count), index, next, isFirst, count);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<T>, int, int>(
            BackwardKernel))(ChannelLoop.Config(host, count, channels), dy, index, next, isFirst, dx, count, channels);
    }
}
