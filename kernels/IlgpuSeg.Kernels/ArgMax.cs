// The class of each pixel: the index of its largest logit, the lowest index where several are equal.
//
// Memory: the logits are read once, one integer per pixel is written. Accumulation: none.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>Index of the largest element of each row.</summary>
public static class ArgMaxKernels
{
    internal static void ForwardKernel<T>(ArrayView<T> x, ArrayView<int> y, int rows, int length)
        where T : unmanaged, INumber<T>
    {
        var row = Grid.IdxX * Group.DimX + Group.IdxX;
        if (row >= rows) return;
        var first = row * length;
        var largest = x[first];
        var at = 0;
        for (var i = 1; i < length; i++)
        {
            var value = x[first + i];
            if (value > largest)
            {
                largest = value;
                at = i;
            }
        }
        y[row] = at;
    }

    /// <summary>y[r] = the index of the largest element of x[r, :].</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="x">[rows, length].</param>
    /// <param name="y">[rows], at least 1.</param>
    /// <param name="length">Elements of a row, at least 1.</param>
    public static void Forward<T>(KernelHost host, ArrayView<T> x, ArrayView<int> y, int length)
        where T : unmanaged, INumber<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<int>, int, int>(ForwardKernel))(
            host.Linear(y.IntLength), x, y, y.IntLength, length);
}
