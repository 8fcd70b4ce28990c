using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Bilinear resizing with PyTorch's two definitions.</summary>
public static class ResizeBilinear
{
    private const string Op = "ResizeBilinear";

    /// <summary>x sampled at outHeight x outWidth evenly spaced points.</summary>
    /// <param name="x">[N, H, W, C], Float32 or Float64.</param>
    /// <param name="outHeight">Rows of the result.</param>
    /// <param name="outWidth">Columns of the result.</param>
    /// <param name="alignCorners">Whether the corner pixels' centres (true) or their outer edges (false) fall on each other.</param>
    /// <returns>[N, outHeight, outWidth, C].</returns>
    /// <exception cref="ShapeException">A size is below 1.</exception>
    public static Tensor Apply(Tensor x, int outHeight, int outWidth, bool alignCorners)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x], t => Apply(t[0]!, outHeight, outWidth, alignCorners));
        OpCheck.Rank(Op, "x", x, 4);
        OpCheck.FloatingPoint(Op, "x", x);
        if (outHeight < 1 || outWidth < 1 || x.Length == 0)
            throw new ShapeException(Op, $"operand and result need at least one pixel; the result is to be {outHeight} x {outWidth}", ("x", x.Shape));
        var shape = new WindowShape(x.H, x.W, outHeight, outWidth, x.C);
        return x.DType == DType.Float64 ? Run<double, Real64>(x, alignCorners, shape) : Run<float, Real32>(x, alignCorners, shape);
    }

    private static Tensor Run<T, R>(Tensor x, bool alignCorners, WindowShape shape)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var y = Tensor.Empty(new Shape(x.N, shape.OutHeight, shape.OutWidth, x.C), x.DType, x.Device);
        ResizeKernels.Forward<T, R>(x.Device.Kernels, x.View<T>(), y.View<T>(), x.N, alignCorners, shape);
        return Autograd.Record(Op, y, [x], Backward);

        Tensor?[] Backward(Tensor g)
        {
            var dx = Tensor.Empty(x.Shape, x.DType, x.Device);
            using var workspace = Tensor.Empty(new Shape(ResizeKernels.WorkspaceLength(x.N, alignCorners, shape)), x.DType, x.Device);
            using var ranges = Tensor.Empty(new Shape(ResizeKernels.RangesLength(shape)), DType.Int32, x.Device);
            ResizeKernels.Backward<T, R>(
                x.Device.Kernels, g.View<T>(), workspace.View<T>(), ranges.View<int>(), dx.View<T>(), x.N, alignCorners, shape);
            return [dx];
        }
    }
}
