using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The element-wise difference.</summary>
public static class Subtract
{
    /// <summary>a - b.</summary>
    /// <param name="a">Any shape, Float32 or Float64.</param>
    /// <param name="b">Of a's shape, dtype and device.</param>
    /// <returns>Of the same shape.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor Apply(Tensor a, Tensor b)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, a, b))
            return MixedPrecision.Run("Subtract", PrecisionRule.Follow, [a, b], t => Apply(t[0]!, t[1]!));
        ElementwiseCheck.SameShape("Subtract", a, b);
        return a.DType == DType.Float64 ? Run<double, Real64>(a, b) : Run<float, Real32>(a, b);
    }

    private static Tensor Run<T, R>(Tensor a, Tensor b)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var y = Tensor.Empty(a.Shape, a.DType, a.Device);
        if (y.Length > 0) ArithmeticKernels.Subtract(a.Device.Kernels, a.View<T>(), b.View<T>(), y.View<T>());
        return Autograd.Record("Subtract", y, [a, b], g => [g, b.RequiresGrad ? Negative(g) : null]);

        static Tensor Negative(Tensor g)
        {
            var negative = Tensor.Empty(g.Shape, g.DType, g.Device);
            if (g.Length > 0) ElementwiseKernels.Scale(g.Device.Kernels, g.View<T>(), R.FromInt(-1), negative.View<T>());
            return negative;
        }
    }
}
