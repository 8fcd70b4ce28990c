using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The element-wise sum.</summary>
public static class Add
{
    /// <summary>a + b.</summary>
    /// <param name="a">Any shape, Float32 or Float64.</param>
    /// <param name="b">Of a's shape, dtype and device.</param>
    /// <returns>Of the same shape.</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static Tensor Apply(Tensor a, Tensor b)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, a, b))
            return MixedPrecision.Run("Add", PrecisionRule.Follow, [a, b], t => Apply(t[0]!, t[1]!));
        ElementwiseCheck.SameShape("Add", a, b);
        return a.DType == DType.Float64 ? Run<double>(a, b) : Run<float>(a, b);
    }

    private static Tensor Run<T>(Tensor a, Tensor b)
        where T : unmanaged, INumber<T>
    {
        var y = Tensor.Empty(a.Shape, a.DType, a.Device);
        ElementwiseKernels.Add(a.Device.Kernels, a.View<T>(), b.View<T>(), y.View<T>());
        return Autograd.Record("Add", y, [a, b], g => [g, g]);
    }
}
