using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The product with one learned number.</summary>
public static class ScalarScale
{
    /// <summary>s[0] * x.</summary>
    /// <param name="x">Any shape, Float32 or Float64.</param>
    /// <param name="s">[1], of x's dtype and device.</param>
    /// <returns>Of x's shape.</returns>
    /// <exception cref="ShapeException">s does not have the shape [1].</exception>
    public static Tensor Apply(Tensor x, Tensor s)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x, s))
            return MixedPrecision.Run("ScalarScale", PrecisionRule.Follow, [x, s], t => Apply(t[0]!, t[1]!));
        ElementwiseCheck.Factor("ScalarScale", x, "s", s, "s must have the shape [1]", new Shape(1));
        return x.DType == DType.Float64 ? Run<double, Real64>(x, s) : Run<float, Real32>(x, s);
    }

    private static Tensor Run<T, R>(Tensor x, Tensor s)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        return Autograd.Record("ScalarScale", Product<T>(x, s), [x, s], Backward, x, s);

        Tensor?[] Backward(Tensor g)
        {
            if (!s.RequiresGrad) return [Product<T>(g, s), null];
            var ds = Tensor.Empty(s.Shape, s.DType, s.Device);
            using var workspace = Tensor.Empty(new Shape(FlatReduction.WorkspaceLength(x.Count)), x.DType, x.Device);
            FlatReduction.Dot<T, R>(x.Device.Kernels, g.View<T>(), x.View<T>(), workspace.View<T>(), ds.View<T>());
            return [x.RequiresGrad ? Product<T>(g, s) : null, ds];
        }
    }

    private static Tensor Product<T>(Tensor x, Tensor s)
        where T : unmanaged, INumber<T>
    {
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        ElementwiseKernels.ScaleByElement(x.Device.Kernels, x.View<T>(), s.View<T>(), y.View<T>());
        return y;
    }
}
