using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The sum with a constant.</summary>
public static class Shift
{
    /// <summary>x + constant.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <param name="constant">The constant, rounded to x's dtype.</param>
    /// <returns>Of x's shape.</returns>
    public static Tensor Apply(Tensor x, double constant)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run("Shift", PrecisionRule.Follow, [x], t => Apply(t[0]!, constant));
        OpCheck.FloatingPoint("Shift", "x", x);
        return x.DType == DType.Float64 ? Run(x, constant) : Run(x, (float)constant);
    }

    private static Tensor Run<T>(Tensor x, T constant)
        where T : unmanaged, INumber<T>
    {
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        if (x.Length > 0) ElementMapKernels.Shift(x.Device.Kernels, x.View<T>(), constant, y.View<T>());
        return Autograd.Record("Shift", y, [x], g => [g]);
    }
}
