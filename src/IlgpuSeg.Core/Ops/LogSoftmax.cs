using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The logarithm of softmax over the last axis, computed without the softmax, whose small values would lose their logarithm.</summary>
public static class LogSoftmax
{
    private const string Op = "LogSoftmax";

    /// <summary>x - log sum exp(x), over each row.</summary>
    /// <param name="x">[..., K], floating-point, K at least 1.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ShapeException">x has no axis or an empty last one.</exception>
    public static Tensor Apply(Tensor x)
    {
        if (MixedPrecision.Applies(PrecisionRule.Wide, x))
            return MixedPrecision.Run(Op, PrecisionRule.Wide, [x], t => Apply(t[0]!));
        OpCheck.FloatingPoint(Op, "x", x);
        if (x.Shape.Rank == 0 || x.Length == 0)
            throw new ShapeException(Op, "x must have at least one axis and one element", ("x", x.Shape));
        return x.DType == DType.Float64 ? Run<double, Real64>(x) : Run<float, Real32>(x);
    }

    private static Tensor Run<T, R>(Tensor x)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (rows, length) = (x.Count / x.C, x.C);
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        LogSoftmaxKernels.Forward<T, R>(x.Device.Kernels, x.View<T>(), y.View<T>(), rows, length);
        return Autograd.Record(Op, y, [x], g =>
        {
            var dx = Tensor.Empty(y.Shape, y.DType, y.Device);
            LogSoftmaxKernels.Backward<T, R>(y.Device.Kernels, y.View<T>(), g.View<T>(), dx.View<T>(), rows, length);
            return [dx];
        }, y);
    }
}
