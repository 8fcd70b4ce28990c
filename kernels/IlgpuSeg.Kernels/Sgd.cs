// Stochastic gradient descent with momentum and weight decay, as PyTorch defines it:
//
//   v = momentum * v + (g + decay * w);   w = w - rate * v
//
// A velocity of zeros makes the first step v = g + decay * w.
// Memory: one pass, w and v read and written, g read. Accumulation: none.
using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>The fused update of one parameter.</summary>
public static class SgdKernels
{
    internal static void StepKernel<T, R>(
        ArrayView<T> weight, ArrayView<T> gradient, ArrayView<T> velocity, T rate, T momentum, T decay, int count)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var i = Grid.IdxX * Group.DimX + Group.IdxX;
        if (i >= count) return;
        var w = weight[i];
        var v = R.Fma(momentum, velocity[i], R.Fma(decay, w, gradient[i]));
        velocity[i] = v;
        weight[i] = R.Fma(-rate, v, w);
    }

    /// <summary>One step on one parameter.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="weight">The parameter, changed in place; at least 1 element.</param>
    /// <param name="gradient">Its gradient.</param>
    /// <param name="velocity">Its velocity, changed in place.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="momentum">The velocity's factor.</param>
    /// <param name="decay">The weight decay, added to the gradient.</param>
    public static void Step<T, R>(
        KernelHost host, ArrayView<T> weight, ArrayView<T> gradient, ArrayView<T> velocity, double rate, double momentum, double decay)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        host.Load(static a => a.LoadStreamKernel<ArrayView<T>, ArrayView<T>, ArrayView<T>, T, T, T, int>(StepKernel<T, R>))(
            host.Linear(weight.IntLength), weight, gradient, velocity, R.FromDouble(rate), R.FromDouble(momentum), R.FromDouble(decay),
            weight.IntLength);
}
