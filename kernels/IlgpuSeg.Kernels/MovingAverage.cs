// Exponential moving averages of many tensors at once: average = average + share * (value - average).
//
// Memory: one pass, averages read and written, values read. Accumulation: none.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The fused update of many averages.</summary>
public static class MovingAverageKernels
{
    // A: averages, B: values.
    internal static void StepKernel<T, R>(TensorList<T> list, T share, int run)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var t = TensorLists.Own(list);
        for (var i = TensorLists.First(t.FirstGroup, run); i < TensorLists.End(t.FirstGroup, t.Count, run); i += Group.DimX)
            t.A[i] = R.Fma(share, t.B[i] - t.A[i], t.A[i]);
    }

    /// <summary>One step.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="tensors">A: averages, changed in place; B: values.</param>
    /// <param name="share">The value's share, 1 - decay.</param>
    public static void Step<T, R>(KernelHost host, ReadOnlySpan<TensorEntry<T>> tensors, double share)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var kernel = host.Load(static a => a.LoadStreamKernel<TensorList<T>, T, int>(StepKernel<T, R>));
        TensorLists.ForEach(host, tensors, (config, list, _) => kernel(config, list, R.FromDouble(share), TensorLists.Run(host)));
    }
}
