// Sums, means and centring of maps [samples, positions, channels] over the positions of each sample.
//
// Memory: each kernel reads and writes its map once. Accumulation: over positions in order, in double, one thread per channel (on a GPU 64, which
// share out the positions and are added in a tree).
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Reductions over positions, centring.</summary>
public static class PositionKernels
{
    // Grid: (samples, blocks of channels). y[n, c] = factor * sum over p of x[n, p, c].
    internal static void SumKernel<T, R>(ArrayView<T> x, ArrayView<T> y, double factor, int positions, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var c = Grid.IdxY * Group.DimX + Group.IdxX;
        if (c >= channels) return;
        var first = Grid.IdxX * positions * channels + c;
        var sum = 0.0;
        for (var p = 0; p < positions; p++)
            sum += R.ToDouble(x[first + p * channels]);
        y[Grid.IdxX * channels + c] = R.FromDouble(sum * factor);
    }

    // The same with 64 threads for each channel. Grid: (blocks of channels, samples).
    internal static void SumBlockKernel<T, R>(ArrayView<T> x, ArrayView<T> y, double factor, int positions, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var shared = SharedMemory.Allocate<double>(ColumnBlock.Threads);
        var c = ColumnBlockSums.FinishColumn;
        var first = Grid.IdxY * positions * channels + c;
        var sum = 0.0;
        if (c < channels)
        {
            for (var p = ColumnBlockSums.FinishSlot; p < positions; p += ColumnBlockSums.FinishSlots)
                sum += R.ToDouble(x[first + p * channels]);
        }
        sum = ColumnBlockSums.CombineFinish(shared, sum);
        if (ColumnBlockSums.FinishSlot == 0 && c < channels) y[Grid.IdxY * channels + c] = R.FromDouble(sum * factor);
    }

    // Rows are positions of all samples.
    internal static void CenterKernel<T>(ArrayView<T> x, ArrayView<T> means, ArrayView<T> y, int positions, int channels)
        where T : unmanaged, INumber<T>
    {
        var row = Grid.IdxX * channels;
        var mean = Grid.IdxX / positions * channels;
        for (var c = ChannelLoop.First; c < channels; c += ChannelLoop.Step)
            y[row + c] = x[row + c] - means[mean + c];
    }

    /// <summary>y[n, c] = the sum of x[n, p, c] over p.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[samples, positions, channels].</param>
    /// <param name="y">[samples, channels].</param>
    /// <param name="samples">Samples, at least 1.</param>
    /// <param name="positions">Positions, at least 1.</param>
    /// <param name="channels">Channels, at least 1.</param>
    public static void Sum<T, R>(KernelHost host, ArrayView<T> x, ArrayView<T> y, int samples, int positions, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> => ScaledSum<T, R>(host, x, y, 1, samples, positions, channels);

    /// <summary>y[n, p, c] = x[n, p, c] - the mean of x[n, :, c].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[samples, positions, channels].</param>
    /// <param name="means">A workspace of samples * channels elements.</param>
    /// <param name="y">[samples, positions, channels]; may be x.</param>
    /// <param name="samples">Samples, at least 1.</param>
    /// <param name="positions">Positions, at least 1.</param>
    /// <param name="channels">Channels, at least 1.</param>
    public static void Center<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> means, ArrayView<T> y, int samples, int positions, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        ScaledSum<T, R>(host, x, means, 1.0 / positions, samples, positions, channels);
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(CenterKernel))(
            ChannelLoop.Config(host, samples * positions, channels), x, means, y, positions, channels);
    }

    private static void ScaledSum<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> y, double factor, int samples, int positions, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if (host.UsesBlocks)
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, double, int, int>(SumBlockKernel<T, R>))(
                ColumnBlockSums.FinishConfig(channels, samples), x, y, factor, positions, channels);
        else
            host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, double, int, int>(SumKernel<T, R>))(
                host.Rows(samples, channels), x, y, factor, positions, channels);
    }
}
