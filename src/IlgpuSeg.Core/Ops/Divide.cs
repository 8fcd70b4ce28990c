using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The element-wise quotient.</summary>
public static class Divide
{
    /// <summary>a / b.</summary>
    /// <param name="a">Any shape, Float32 or Float64.</param>
    /// <param name="b">Of a's shape, dtype and device.</param>
    /// <returns>Of the same shape.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor Apply(Tensor a, Tensor b)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, a, b))
            return MixedPrecision.Run("Divide", PrecisionRule.Follow, [a, b], t => Apply(t[0]!, t[1]!));
        ElementwiseCheck.SameShape("Divide", a, b);
        return a.DType == DType.Float64 ? Run<double>(a, b) : Run<float>(a, b);
    }

    private static Tensor Run<T>(Tensor a, Tensor b)
        where T : unmanaged, INumber<T>
    {
        var y = Quotient(a, b);
        return Autograd.Record(
            "Divide", y, [a, b], g => [a.RequiresGrad ? Quotient(g, b) : null, b.RequiresGrad ? DivisorGradient(g) : null], b, y);

        static Tensor Quotient(Tensor p, Tensor q)
        {
            var quotient = Tensor.Empty(p.Shape, p.DType, p.Device);
            if (p.Length > 0) ArithmeticKernels.Divide(p.Device.Kernels, p.View<T>(), q.View<T>(), quotient.View<T>());
            return quotient;
        }

        Tensor DivisorGradient(Tensor g)
        {
            var gradient = Tensor.Empty(g.Shape, g.DType, g.Device);
            if (g.Length > 0)
                ArithmeticKernels.DivisorGradient(g.Device.Kernels, y.View<T>(), b.View<T>(), g.View<T>(), gradient.View<T>());
            return gradient;
        }
    }
}
