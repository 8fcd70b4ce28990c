using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The rectified linear unit.</summary>
public static class Relu
{
    /// <summary>max(x, 0); the gradient at 0 is 0.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Relu", PrecisionRule.Follow, [x], t => Apply(t[0]!));
        OpCheck.FloatingPoint("Relu", "x", x);
        return x.DType == DType.Float64 ? Run<double>(x) : Run<float>(x);
    }

    private static Tensor Run<T>(Tensor x)
        where T : unmanaged, INumber<T>
    {
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        ReluKernels.Forward(x.Device.Kernels, x.View<T>(), y.View<T>());
        return Autograd.Record("Relu", y, [x], Backward, y);

        Tensor?[] Backward(Tensor g)
        {
            var dx = Tensor.Empty(g.Shape, g.DType, g.Device);
            ReluKernels.Backward(g.Device.Kernels, y.View<T>(), g.View<T>(), dx.View<T>());
            return [dx];
        }
    }
}
