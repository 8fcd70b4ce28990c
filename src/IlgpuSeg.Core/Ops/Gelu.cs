using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The Gaussian error linear unit, exact (with the error function).</summary>
public static class Gelu
{
    /// <summary>x * Phi(x), Phi the standard normal distribution function.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Gelu", PrecisionRule.Follow, [x], t => Apply(t[0]!));
        OpCheck.FloatingPoint("Gelu", "x", x);
        return x.DType == DType.Float64 ? Run<double, Real64>(x) : Run<float, Real32>(x);
    }

    private static Tensor Run<T, R>(Tensor x)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        GeluKernels.Forward<T, R>(x.Device.Kernels, x.View<T>(), y.View<T>());
        return Autograd.Record("Gelu", y, [x], Backward, x);

        Tensor?[] Backward(Tensor g)
        {
            var dx = Tensor.Empty(g.Shape, g.DType, g.Device);
            GeluKernels.Backward<T, R>(g.Device.Kernels, x.View<T>(), g.View<T>(), dx.View<T>());
            return [dx];
        }
    }
}
