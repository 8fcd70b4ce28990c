// Weighted sums over many positions of each sample, and dot products of rows, for GPUs: what attention's kernels let one thread do, by many.
//
//   y[n, c] = sum over p of w[n, p] x[n, p, c]             a group of 32 x 32 threads per sample and 32 channels: lanes run along the channels, warps
//                                                          over every 32nd position, four loads under way each
//   y[r]    = f[r] * sum over c of a[r, c] b[r / rows, c]  a warp per row
//
// Memory: operands are read once. Accumulation: sums over positions in double, 32 of them apart, then added in order; dot products in T, fused, by
// lanes, then by pairs of lanes. No atomics.
using System.Numerics;
using IlgpuSeg.KernelRuntime;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Reductions of maps [samples, positions, channels] on GPUs.</summary>
internal static class PositionBlock
{
    /// <summary>Channels of a group.</summary>
    private const int Lanes = 32;

    /// <summary>Threads of a group that share a channel.</summary>
    private const int Parts = 32;

    private const int Unrolled = 4;

    /// <summary>Fewer positions are left to one thread per channel.</summary>
    private const int ManyPositions = 256;

    // Grid: X = samples x blocks of channels.
    [GroupBounds(Lanes * Parts, 1)]
    internal static void SumKernel<T, R>(
        ArrayView<T> x, ArrayView<T> weights, ArrayView<T> y, int positions, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var partial = SharedMemory.Allocate<double>(Lanes * Parts);
        var blocks = (channels + Lanes - 1) / Lanes;
        var sample = Grid.IdxX / blocks;
        var part = Group.IdxX / Lanes;
        var c = (Grid.IdxX - sample * blocks) * Lanes + (Group.IdxX & (Lanes - 1));
        // Lanes beyond the last channel read that one; what they sum is not stored.
        var channel = c < channels ? c : channels - 1;
        var first = sample * positions;
        var sum = 0.0;
        for (var p = part; p < positions; p += Unrolled * Parts)
        {
            for (var i = 0; i < Unrolled; i++)
            {
                var position = p + i * Parts;
                var value = T.Zero;
                var weight = T.Zero;
                if (position < positions)
                {
                    value = x[(first + position) * channels + channel];
                    weight = weights[first + position];
                }
                sum += R.ToDouble(value) * R.ToDouble(weight);
            }
        }
        partial[Group.IdxX] = sum;
        Group.Barrier();
        if (part > 0 || c >= channels) return;
        for (var i = 1; i < Parts; i++)
            sum += partial[i * Lanes + Group.IdxX];
        y[sample * channels + c] = R.FromDouble(sum);
    }

    internal static void DotKernel<T, [CataloguedWith(typeof(Real32))] R>(
        ArrayView<T> a, ArrayView<T> b, ArrayView<T> factors, ArrayView<T> y, int rows, int channels, int rowsPerB, int scaled)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var row = WarpRows.Row;
        if (row >= rows) return;
        var other = row / rowsPerB * channels;
        var sum = T.Zero;
        for (var c = Warp.LaneIdx; c < channels; c += Warp.WarpSize)
            sum = R.Fma(a[row * channels + c], b[other + c], sum);
        sum = WarpRows.Sum(sum);
        if (Warp.LaneIdx != 0) return;
        y[row] = scaled != 0 ? sum * factors[row] : sum;
    }

    /// <summary>Whether a device sums so many positions this way.</summary>
    public static bool Takes(KernelHost host, int positions) => host.UsesBlocks && positions >= ManyPositions;

    /// <summary>y[n, c] = sum over p of weights[n, p] * x[n, p, c].</summary>
    public static void Sum<T, R>(
        KernelHost host, ArrayView<T> x, ArrayView<T> weights, ArrayView<T> y, int samples, int positions, int channels)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var groups = Gemm.Elements("the grid of a sum over positions", samples, KernelHost.Blocks(channels, Lanes));
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int>(SumKernel<T, R>))(
            new KernelConfig(groups, Lanes * Parts), x, weights, y, positions, channels);
    }

    /// <summary>y[r] = the dot product of a[r] and b[r / rowsPerB], times factors[r] unless there are none.</summary>
    public static void Dot<T, R>(
        KernelHost host, ArrayView<T> a, ArrayView<T> b, ArrayView<T> factors, ArrayView<T> y, int rows, int channels, int rowsPerB)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static d => d.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, int, int>(DotKernel<T, R>))(
            WarpRows.Config(host, rows), a, b, factors.Length > 0 ? factors : a, y, rows, channels, rowsPerB, factors.Length > 0 ? 1 : 0);
}
