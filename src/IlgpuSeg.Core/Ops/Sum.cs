using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The sum of all elements, in a fixed order.</summary>
public static class Sum
{
    /// <summary>The sum of all elements; 0 where there are none.</summary>
    /// <param name="x">Any shape, floating-point.</param>
    /// <returns>[1].</returns>
    public static Tensor Apply(Tensor x) => ScaledSum("Sum", x, 1);

    internal static Tensor ScaledSum(string op, Tensor x, double factor)
    {
        if (MixedPrecision.Applies(PrecisionRule.Wide, x))
            return MixedPrecision.Run(op, PrecisionRule.Wide, [x], t => ScaledSum(op, t[0]!, factor));
        OpCheck.FloatingPoint(op, "x", x);
        return x.DType == DType.Float64 ? Run<double, Real64>(op, x, factor) : Run<float, Real32>(op, x, factor);
    }

    private static Tensor Run<T, R>(string op, Tensor x, double factor)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (shape, host) = (x.Shape, x.Device.Kernels);
        var sum = Tensor.Zeros([1], x.DType, x.Device);
        if (x.Length > 0)
        {
            using var workspace = Tensor.Empty([FlatReduction.WorkspaceLength(x.Count)], x.DType, x.Device);
            FlatReduction.Sum<T, R>(host, x.View<T>(), workspace.View<T>(), sum.View<T>());
            ElementwiseKernels.Scale(host, sum.View<T>(), R.FromDouble(factor), sum.View<T>());
        }
        return Autograd.Record(op, sum, [x], g =>
        {
            var dx = Tensor.Empty(shape, g.DType, g.Device);
            if (dx.Length > 0) FillKernels.FromElement(host, g.View<T>(), R.FromDouble(factor), dx.View<T>());
            return [dx];
        });
    }
}
