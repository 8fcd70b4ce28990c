using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Average pooling with a square window; padding counts in the divisor.</summary>
public static class AvgPool2d
{
    private const string Op = "AvgPool2d";

    /// <summary>The mean of each window over the zero-padded map.</summary>
    /// <param name="x">[N, H, W, C], Float32 or Float64.</param>
    /// <param name="kernel">Rows and columns of a window, in pixels.</param>
    /// <param name="stride">Pixels from one window to the next.</param>
    /// <param name="padding">Zeros on every side, at most half the kernel.</param>
    /// <returns>[N, floor((H + 2 padding - kernel) / stride) + 1, likewise, C].</returns>
    /// <exception cref="ShapeException">No window fits.</exception>
    /// <exception cref="ArgumentException">Kernel, stride or padding is out of range.</exception>
    public static Tensor Apply(Tensor x, int kernel, int stride, int padding)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x], t => Apply(t[0]!, kernel, stride, padding));
        var shape = PoolCheck.Windows(Op, x, kernel, stride, padding);
        return x.DType == DType.Float64 ? Run<double, Real64>(x, shape) : Run<float, Real32>(x, shape);
    }

    private static Tensor Run<T, R>(Tensor x, WindowShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var y = Tensor.Empty(new Shape(x.N, shape.OutHeight, shape.OutWidth, x.C), x.DType, x.Device);
        AveragePoolKernels.Forward<T, R>(x.Device.Kernels, x.View<T>(), y.View<T>(), x.N, shape);
        return Autograd.Record(Op, y, [x], Backward);

        Tensor?[] Backward(Tensor g)
        {
            var dx = Tensor.Empty(x.Shape, x.DType, x.Device);
            AveragePoolKernels.Backward<T, R>(x.Device.Kernels, g.View<T>(), dx.View<T>(), x.N, shape);
            return [dx];
        }
    }
}

/// <summary>The shape rule of pooling with fixed windows.</summary>
internal static class PoolCheck
{
    /// <summary>The geometry, once operand and options are found to fit.</summary>
    public static WindowShape Windows(string op, Tensor x, int kernel, int stride, int padding)
    {
        OpCheck.Rank(op, "x", x, 4);
        OpCheck.FloatingPoint(op, "x", x);
        OpCheck.NotEmpty(op, "x", x, axes: 4);
        if (kernel < 1 || stride < 1 || padding < 0 || padding > kernel / 2)
            throw new ArgumentException($"{op}: needs kernel >= 1, stride >= 1 and 0 <= padding <= kernel / 2; got {kernel}, {stride}, {padding}.");
        if (x.H + 2 * padding < kernel || x.W + 2 * padding < kernel)
            throw new ShapeException(op, $"a window of {kernel} x {kernel} must fit into x with its padding of {padding}", ("x", x.Shape));
        var outHeight = (x.H + 2 * padding - kernel) / stride + 1;
        var outWidth = (x.W + 2 * padding - kernel) / stride + 1;
        return new WindowShape(x.H, x.W, outHeight, outWidth, x.C, kernel, stride, padding);
    }
}
