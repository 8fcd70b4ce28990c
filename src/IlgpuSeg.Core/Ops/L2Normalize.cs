using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Rows brought to Euclidean length 1.</summary>
public static class L2Normalize
{
    private const string Op = "L2Normalize";

    /// <summary>y = x / max(|x|, eps) over the last axis.</summary>
    /// <param name="x">[..., C], floating-point.</param>
    /// <param name="eps">The smallest divisor, so that a row of zeros stays zero.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ShapeException">x has no axis or no element.</exception>
    public static Tensor Apply(Tensor x, double eps = 1e-12)
    {
        if (MixedPrecision.Applies(PrecisionRule.Wide, x))
            return MixedPrecision.Run(Op, PrecisionRule.Wide, [x], t => Apply(t[0]!, eps));
        OpCheck.FloatingPoint(Op, "x", x);
        if (x.Shape.Rank == 0 || x.Length == 0)
            throw new ShapeException(Op, "x must have at least one axis and one element", ("x", x.Shape));
        if (!(eps > 0))
            throw new ArgumentOutOfRangeException(nameof(eps), eps, $"{Op}: eps must be positive.");
        return x.DType == DType.Float64 ? Run<double, Real64>(x, eps) : Run<float, Real32>(x, eps);
    }

    private static Tensor Run<T, R>(Tensor x, double eps)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (rows, length) = (x.Count / x.C, x.C);
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        using var norms = Tensor.Empty([rows], x.DType, x.Device);
        L2NormalizeKernels.Forward<T, R>(x.Device.Kernels, x.View<T>(), y.View<T>(), norms.View<T>(), eps, rows, length);
        return Autograd.Record(Op, y, [x], g =>
        {
            var dx = Tensor.Empty(y.Shape, y.DType, y.Device);
            L2NormalizeKernels.Backward<T, R>(
                y.Device.Kernels, y.View<T>(), norms.View<T>(), g.View<T>(), dx.View<T>(), eps, rows, length);
            return [dx];
        }, y, norms);
    }
}
