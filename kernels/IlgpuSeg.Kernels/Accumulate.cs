// sum[i] += addend[i]: the accumulation of gradients.
//
// Memory: one read of each array and one write; no temporaries. Accumulates in T (bfloat16: each sum in float, then
// rounded), in the order of the calls.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>In-place addition.</summary>
public static class AccumulateKernels
{
    private static void AddKernel<T>(ArrayView<T> sum, ArrayView<T> addend, int run, int count)
        where T : unmanaged, INumber<T>
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, count); i += Group.DimX)
            sum[i] += addend[i];
    }

    internal static void AddNarrowKernel(ArrayView<BFloat16> sum, ArrayView<BFloat16> addend, int run, int count)
    {
        for (var i = ElementLoop.First(run); i < ElementLoop.End(run, count); i += Group.DimX)
            sum[i] = BFloat16.Round(BFloat16.Widen(sum[i]) + BFloat16.Widen(addend[i]));
    }

    /// <summary>sum += addend.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="sum">The sum, changed in place.</param>
    /// <param name="addend">As many elements.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Add<T>(KernelHost host, ArrayView<T> sum, ArrayView<T> addend)
        where T : unmanaged, INumber<T>
    {
        if (sum.Length != addend.Length)
            throw new ArgumentException($"Accumulate: {sum.Length} and {addend.Length} elements cannot be added.");
        if (sum.Length == 0) return;
        if (ElementBlock.Takes(host, sum, addend, sum))
        {
            ElementBlock.Run<T, SumMap<T>>(host, sum, addend, T.Zero, sum);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, int, int>(AddKernel<T>))(
            ElementLoop.Config(host, sum.IntLength), sum, addend, ElementLoop.Run(host), sum.IntLength);
    }

    /// <summary>sum += addend, each sum rounded to bfloat16.</summary>
    /// <param name="host">The device's kernels.</param>
    /// <param name="sum">The sum, changed in place.</param>
    /// <param name="addend">As many elements.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Add(KernelHost host, ArrayView<BFloat16> sum, ArrayView<BFloat16> addend)
    {
        if (sum.Length != addend.Length)
            throw new ArgumentException($"Accumulate: {sum.Length} and {addend.Length} elements cannot be added.");
        if (sum.Length == 0) return;
        if (BFloat16Block.Takes(host, sum, addend))
        {
            BFloat16Block.Add(host, sum, addend);
            return;
        }
        host.Load(static a => a.LoadStreamKernel<ArrayView<BFloat16>, ArrayView<BFloat16>, int, int>(AddNarrowKernel))(
            ElementLoop.Config(host, sum.IntLength), sum, addend, ElementLoop.Run(host), sum.IntLength);
    }
}
