using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Average pooling to a given size.</summary>
public static class AdaptiveAvgPool2d
{
    private const string Op = "AdaptiveAvgPool2d";

    /// <summary>Result pixel i of an axis averages pixels floor(i * in / out) up to ceil((i + 1) * in / out).</summary>
    /// <param name="x">[N, H, W, C], Float32 or Float64.</param>
    /// <param name="outHeight">Rows of the result; may exceed H.</param>
    /// <param name="outWidth">Columns of the result; may exceed W.</param>
    /// <returns>[N, outHeight, outWidth, C].</returns>
    /// <exception cref="ShapeException">A size is below 1.</exception>
    public static Tensor Apply(Tensor x, int outHeight, int outWidth)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x], t => Apply(t[0]!, outHeight, outWidth));
        OpCheck.Rank(Op, "x", x, 4);
        OpCheck.FloatingPoint(Op, "x", x);
        if (outHeight < 1 || outWidth < 1 || x.Length == 0)
            throw new ShapeException(Op, $"operand and result need at least one pixel; the result is to be {outHeight} x {outWidth}", ("x", x.Shape));
        var shape = new WindowShape(x.H, x.W, outHeight, outWidth, x.C);
        return x.DType == DType.Float64 ? Run<double, Real64>(x, shape) : Run<float, Real32>(x, shape);
    }

    private static Tensor Run<T, R>(Tensor x, WindowShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var y = Tensor.Empty(new Shape(x.N, shape.OutHeight, shape.OutWidth, x.C), x.DType, x.Device);
        AdaptivePoolKernels.Forward<T, R>(x.Device.Kernels, x.View<T>(), y.View<T>(), x.N, shape);
        return Autograd.Record(Op, y, [x], Backward);

        Tensor?[] Backward(Tensor g)
        {
            var dx = Tensor.Empty(x.Shape, x.DType, x.Device);
            AdaptivePoolKernels.Backward<T, R>(x.Device.Kernels, g.View<T>(), dx.View<T>(), x.N, shape);
            return [dx];
        }
    }
}
