// y[i] = factor * s[0]: one number spread over an array, which is the gradient of a sum.
//
// Memory: one write per element. Accumulation: none.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Arrays of one value.</summary>
public static class FillKernels
{
    internal static void FromElementKernel<T>(ArrayView<T> s, T factor, ArrayView<T> y, int n)
        where T : unmanaged, INumber<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= n) return;
        y[i] = factor * s[0];
    }

    /// <summary>y = factor * s[0] everywhere.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="s">One element on the device.</param>
    /// <param name="factor">A factor.</param>
    /// <param name="y">At least 1 element.</param>
    public static void FromElement<T>(KernelHost host, ArrayView<T> s, T factor, ArrayView<T> y)
        where T : unmanaged, INumber<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, T, ArrayView<T>, int>(FromElementKernel))(
            host.Linear(y.IntLength), s, factor, y, y.IntLength);
}
