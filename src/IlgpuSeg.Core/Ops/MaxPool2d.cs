using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Max pooling with a square window and no padding.</summary>
public static class MaxPool2d
{
    private const string Op = "MaxPool2d";

    /// <summary>The maximum of each window; its gradient goes to the first maximum in row order.</summary>
    /// <param name="x">[N, H, W, C], Float32 or Float64.</param>
    /// <param name="kernel">Rows and columns of a window, in pixels.</param>
    /// <param name="stride">Pixels from one window to the next.</param>
    /// <returns>[N, floor((H - kernel) / stride) + 1, likewise, C].</returns>
    /// <exception cref="ShapeException">No window fits.</exception>
    /// <exception cref="ArgumentException">Kernel or stride is below 1.</exception>
    public static Tensor Apply(Tensor x, int kernel, int stride)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x], t => Apply(t[0]!, kernel, stride));
        var shape = PoolCheck.Windows(Op, x, kernel, stride, 0);
        return x.DType == DType.Float64 ? Run<double>(x, shape) : Run<float>(x, shape);
    }

    private static Tensor Run<T>(Tensor x, WindowShape shape)
        where T : unmanaged, INumber<T>
    {
        var y = Tensor.Empty(new Shape(x.N, shape.OutHeight, shape.OutWidth, x.C), x.DType, x.Device);
        var positions = Tensor.Empty(y.Shape, DType.Int32, x.Device);
        MaxPoolKernels.Forward(x.Device.Kernels, x.View<T>(), y.View<T>(), positions.View<int>(), x.N, shape);
        return Autograd.Record(Op, y, [x], Backward, positions);

        Tensor?[] Backward(Tensor g)
        {
            var dx = Tensor.Empty(x.Shape, x.DType, x.Device);
            MaxPoolKernels.Backward(x.Device.Kernels, g.View<T>(), positions.View<int>(), dx.View<T>(), x.N, shape);
            return [dx];
        }
    }
}
