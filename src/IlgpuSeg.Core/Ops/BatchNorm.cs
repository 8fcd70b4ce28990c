using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Batch normalisation over all axes but the channels (Ioffe and Szegedy), with PyTorch's conventions.</summary>
public static class BatchNorm
{
    private const string Op = "BatchNorm";

    /// <summary>(x - mean) / sqrt(var + eps) * weight + bias, per channel.</summary>
    /// <param name="x">[..., C], Float32 or Float64.</param>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="runningMean">[C]; in training moved towards the batch's mean, in inference the mean.</param>
    /// <param name="runningVar">[C]; in training moved towards the batch's unbiased variance, in inference the variance.</param>
    /// <param name="training">Whether to normalise with the batch's mean and biased variance.</param>
    /// <param name="momentum">The weight of the batch in the running statistics.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <returns>Of x's shape.</returns>
    /// <exception cref="ShapeException">A parameter is not [C], or training has a single value per channel.</exception>
    public static Tensor Apply(
        Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVar, bool training, double momentum = 0.1, double eps = 1e-5)
    {
        OpCheck.SameDevice(Op, x, weight, bias, runningMean, runningVar);
        OpCheck.SameDType(Op, x, weight, bias, runningMean, runningVar);
        OpCheck.FloatingPoint(Op, "x", x);
        foreach (var (name, parameter) in new[] { ("weight", weight), ("bias", bias), ("runningMean", runningMean), ("runningVar", runningVar) })
        {
            if (parameter.Shape != new Shape(x.C))
                throw new ShapeException(Op, $"{name} must hold one value for each channel of x, [C]", ("x", x.Shape), (name, parameter.Shape));
        }
        if (training && x.Count == x.C)
            throw new ShapeException(Op, "training needs more than one value per channel (a larger batch or map) to have a variance", ("x", x.Shape));
        var statistics = new Running(runningMean, runningVar, momentum, eps);
        return (x.DType, training) switch
        {
            (DType.Float64, true) => Train<double, Real64>(x, weight, bias, statistics),
            (DType.Float64, false) => Infer<double, Real64>(x, weight, bias, statistics),
            (_, true) => Train<float, Real32>(x, weight, bias, statistics),
            _ => Infer<float, Real32>(x, weight, bias, statistics),
        };
    }

    private static Tensor Train<T, R>(Tensor x, Tensor weight, Tensor bias, Running running)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var rows = x.Count / x.C;
        var mean = Like(weight);
        var inverseDeviation = Like(weight);
        using (var workspace = Workspace(x))
        {
            BatchNormKernels.BatchStatistics<T, R>(
                x.Device.Kernels, x.View<T>(), workspace.View<T>(), mean.View<T>(), inverseDeviation.View<T>(),
                running.Mean.View<T>(), running.Var.View<T>(), running.Momentum, running.Eps, rows, x.C);
        }
        running.Mean.MarkChanged();
        running.Var.MarkChanged();
        var y = Normalize<T, R>(x, mean, inverseDeviation, weight, bias);
        return Autograd.Record(Op, y, [x, weight, bias], Backward, x, weight, mean, inverseDeviation);

        Tensor?[] Backward(Tensor g)
        {
            var (dweight, dbias) = ParameterGradients<T, R>(x, g, mean, inverseDeviation);
            if (!x.RequiresGrad) return [null, dweight, dbias];
            var dx = Like(x);
            BatchNormKernels.Backward<T, R>(
                x.Device.Kernels, x.View<T>(), g.View<T>(), mean.View<T>(), inverseDeviation.View<T>(), weight.View<T>(),
                dweight.View<T>(), dbias.View<T>(), dx.View<T>(), rows, x.C);
            return [dx, dweight, dbias];
        }
    }

    private static Tensor Infer<T, R>(Tensor x, Tensor weight, Tensor bias, Running running)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var mean = running.Mean;
        var inverseDeviation = Like(weight);
        BatchNormKernels.InverseDeviation<T, R>(x.Device.Kernels, running.Var.View<T>(), inverseDeviation.View<T>(), running.Eps);
        var y = Normalize<T, R>(x, mean, inverseDeviation, weight, bias);
        return Autograd.Record(Op, y, [x, weight, bias], Backward, x, weight, mean, inverseDeviation);

        Tensor?[] Backward(Tensor g)
        {
            Tensor? dx = null, dweight = null, dbias = null;
            if (x.RequiresGrad)
            {
                dx = Like(x);
                BatchNormKernels.FixedBackward<T, R>(
                    x.Device.Kernels, g.View<T>(), inverseDeviation.View<T>(), weight.View<T>(), dx.View<T>(), x.Count / x.C, x.C);
            }
            if (weight.RequiresGrad || bias.RequiresGrad)
                (dweight, dbias) = ParameterGradients<T, R>(x, g, mean, inverseDeviation);
            return [dx, dweight, dbias];
        }
    }

    private static Tensor Normalize<T, R>(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor weight, Tensor bias)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var y = Like(x);
        BatchNormKernels.Normalize<T, R>(
            x.Device.Kernels, x.View<T>(), mean.View<T>(), inverseDeviation.View<T>(), weight.View<T>(), bias.View<T>(), y.View<T>(),
            x.Count / x.C, x.C);
        return y;
    }

    private static (Tensor Weight, Tensor Bias) ParameterGradients<T, R>(Tensor x, Tensor g, Tensor mean, Tensor inverseDeviation)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var dweight = Like(mean);
        var dbias = Like(mean);
        using var workspace = Workspace(x);
        BatchNormKernels.ParameterGradients<T, R>(
            x.Device.Kernels, x.View<T>(), g.View<T>(), mean.View<T>(), inverseDeviation.View<T>(), workspace.View<T>(),
            dweight.View<T>(), dbias.View<T>(), x.Count / x.C, x.C);
        return (dweight, dbias);
    }

    private static Tensor Like(Tensor tensor) => Tensor.Empty(tensor.Shape, tensor.DType, tensor.Device);

    private static Tensor Workspace(Tensor x) =>
        Tensor.Empty(new Shape(BatchNormKernels.WorkspaceLength(x.Count / x.C, x.C)), x.DType, x.Device);

    private readonly record struct Running(Tensor Mean, Tensor Var, double Momentum, double Eps);
}
