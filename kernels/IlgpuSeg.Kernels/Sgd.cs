// Stochastic gradient descent with momentum and weight decay over many parameters at once, as PyTorch defines it:
//
//   g = scale * g + decay * w;   v = momentum * v + g;   w = w - rate * v           (Nesterov: w = w - rate * (g + momentum * v))
//
// with a decay per parameter and one scale for all (what clipping leaves of the gradients; it stays on the device). A velocity of zeros makes the
// first step v = g. Memory: one pass, w and v read and written, g read. Accumulation: none.
using System.Numerics;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>What a step of gradient descent has in common for all parameters.</summary>
/// <typeparam name="T">The element type.</typeparam>
[StructLayout(LayoutKind.Sequential)]
public struct SgdRates<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>The learning rate.</summary>
    public T Rate;

    /// <summary>The velocity's factor.</summary>
    public T Momentum;

    /// <summary>1 to look ahead along the velocity, else 0.</summary>
    public int Nesterov;
}

/// <summary>The fused update of many parameters.</summary>
public static class SgdKernels
{
    // A: weights, B: gradients, C: velocities, factor: weight decay.
    internal static void StepKernel<T, R>(TensorList<T> list, ArrayView<T> scale, SgdRates<T> rates, int run)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var t = TensorLists.Own(list);
        var share = scale[0];
        for (var i = TensorLists.First(t.FirstGroup, run); i < TensorLists.End(t.FirstGroup, t.Count, run); i += Group.DimX)
        {
            var w = t.A[i];
            var g = R.Fma(t.Factor, w, t.B[i] * share);
            var v = R.Fma(rates.Momentum, t.C[i], g);
            t.C[i] = v;
            var direction = rates.Nesterov == 1 ? R.Fma(rates.Momentum, v, g) : v;
            t.A[i] = R.Fma(-rates.Rate, direction, w);
        }
    }

    /// <summary>One step.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="parameters">A: weights, changed in place; B: gradients; C: velocities, changed in place; factor: weight decay.</param>
    /// <param name="scale">One element, the gradients' factor.</param>
    /// <param name="rates">The rates.</param>
    public static void Step<T, R>(KernelHost host, ReadOnlySpan<TensorEntry<T>> parameters, ArrayView<T> scale, SgdRates<T> rates)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var kernel = host.Load(static a => a.LoadStreamKernel<TensorList<T>, ArrayView<T>, SgdRates<T>, int>(StepKernel<T, R>));
        TensorLists.ForEach(host, parameters, (config, list, _) => kernel(config, list, scale, rates, TensorLists.Run(host)));
    }
}
