using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>What <see cref="Softmax"/> and <see cref="LogSoftmax"/> share.</summary>
internal static class RowSoftmax
{
    public static Tensor Apply(string op, Tensor x, bool logarithm)
    {
        if (MixedPrecision.Applies(PrecisionRule.Wide, x))
            return MixedPrecision.Run(op, PrecisionRule.Wide, [x], t => Apply(op, t[0]!, logarithm));
        OpCheck.FloatingPoint(op, "x", x);
        if (x.Shape.Rank == 0 || x.Length == 0)
            throw new ShapeException(op, "x must have at least one axis and one element", ("x", x.Shape));
        return x.DType == DType.Float64 ? Run<double, Real64>(op, x, logarithm) : Run<float, Real32>(op, x, logarithm);
    }

    private static Tensor Run<T, R>(string op, Tensor x, bool logarithm)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        logarithm ? Run<T, R, LogSoftmaxForm<T, R>>(op, x) : Run<T, R, SoftmaxForm<T, R>>(op, x);

    private static Tensor Run<T, R, TForm>(string op, Tensor x)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TForm : struct, ISoftmaxForm<T>
    {
        var (rows, length) = (x.Count / x.C, x.C);
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        SoftmaxKernels.Forward<T, R, TForm>(x.Device.Kernels, x.View<T>(), y.View<T>(), rows, length);
        return Autograd.Record(op, y, [x], g =>
        {
            var dx = Tensor.Empty(y.Shape, y.DType, y.Device);
            SoftmaxKernels.Backward<T, TForm>(y.Device.Kernels, y.View<T>(), g.View<T>(), dx.View<T>(), rows, length);
            return [dx];
        }, y);
    }
}
