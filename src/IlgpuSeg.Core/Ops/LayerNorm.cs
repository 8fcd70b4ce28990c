using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Layer normalisation over the last axis (Ba, Kiros and Hinton).</summary>
public static class LayerNorm
{
    private const string Op = "LayerNorm";

    /// <summary>(x - mean) / sqrt(var + eps) * weight + bias with the mean and biased variance of each position's channels.</summary>
    /// <param name="x">[..., C], Float32 or Float64.</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="eps">Added to the variance.</param>
    /// <returns>Of x's shape.</returns>
    /// <exception cref="ShapeException">weight or bias is not [C].</exception>
    public static Tensor Apply(Tensor x, Tensor weight, Tensor bias, double eps = 1e-6)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x, weight, bias))
            return MixedPrecision.Run(Op, PrecisionRule.Follow, [x, weight, bias], t => Apply(t[0]!, t[1]!, t[2]!, eps));
        OpCheck.SameDevice(Op, x, weight, bias);
        OpCheck.SameDType(Op, x, weight, bias);
        OpCheck.FloatingPoint(Op, "x", x);
        OpCheck.NotEmpty(Op, "x", x, axes: 1);
        if (weight.Shape != new Shape(x.C) || bias.Shape != new Shape(x.C))
        {
            throw new ShapeException(
                Op, "weight and bias must hold one value for each channel of x, [C]", ("x", x.Shape), ("weight", weight.Shape), ("bias", bias.Shape));
        }
        return x.DType == DType.Float64 ? Run<double, Real64>(x, weight, bias, eps) : Run<float, Real32>(x, weight, bias, eps);
    }

    private static Tensor Run<T, R>(Tensor x, Tensor weight, Tensor bias, double eps)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var rows = x.Count / x.C;
        var host = x.Device.Kernels;
        var y = Tensor.Empty(x.Shape, x.DType, x.Device);
        var mean = Tensor.Empty(new Shape(rows), x.DType, x.Device);
        var inverseDeviation = Tensor.Empty(new Shape(rows), x.DType, x.Device);
        LayerNormKernels.Forward<T, R>(
            host, x.View<T>(), weight.View<T>(), bias.View<T>(), y.View<T>(), mean.View<T>(), inverseDeviation.View<T>(), eps, rows, x.C);
        return Autograd.Record(Op, y, [x, weight, bias], Backward, x, weight, mean, inverseDeviation);

        Tensor?[] Backward(Tensor g)
        {
            Tensor? dx = null, dweight = null, dbias = null;
            if (x.RequiresGrad)
            {
                dx = Tensor.Empty(x.Shape, x.DType, x.Device);
                LayerNormKernels.Backward<T, R>(
                    host, x.View<T>(), g.View<T>(), weight.View<T>(), mean.View<T>(), inverseDeviation.View<T>(), dx.View<T>(), rows, x.C);
            }
            if (weight.RequiresGrad || bias.RequiresGrad)
            {
                dweight = Tensor.Empty(weight.Shape, x.DType, x.Device);
                dbias = Tensor.Empty(weight.Shape, x.DType, x.Device);
                using var workspace = Tensor.Empty(new Shape(LayerNormKernels.WorkspaceLength(rows, x.C)), x.DType, x.Device);
                LayerNormKernels.ParameterGradients<T, R>(
                    host, x.View<T>(), g.View<T>(), mean.View<T>(), inverseDeviation.View<T>(), workspace.View<T>(),
                    dweight.View<T>(), dbias.View<T>(), rows, x.C);
            }
            return [dx, dweight, dbias];
        }
    }
}
