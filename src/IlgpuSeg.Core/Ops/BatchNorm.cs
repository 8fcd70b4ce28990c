using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Batch normalisation over all axes but the channels (Ioffe and Szegedy), with PyTorch's conventions.</summary>
public static class BatchNorm
{
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
        Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVar, bool training, double momentum = 0.1,
        double eps = 1e-5)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x, weight, bias))
        {
            return MixedPrecision.Run("BatchNorm", PrecisionRule.Follow, [x, weight, bias], t =>
                Apply(t[0]!, t[1]!, t[2]!, runningMean, runningVar, training, momentum, eps));
        }
        var call = new Call("BatchNorm", x, weight, bias, runningMean, runningVar, momentum, eps);
        call.Check(training);
        return x.DType == DType.Float64
            ? call.Run<double, Real64, IdentityActivation<double>>(training)
            : call.Run<float, Real32, IdentityActivation<float>>(training);
    }

    /// <summary>max(<see cref="Apply"/>, 0) in one pass over the elements; the same bits as both operations one after the other.</summary>
    /// <inheritdoc cref="Apply"/>
    public static Tensor ApplyRelu(
        Tensor x, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVar, bool training, double momentum = 0.1,
        double eps = 1e-5)
    {
        if (MixedPrecision.Applies(PrecisionRule.Follow, x, weight, bias))
        {
            return MixedPrecision.Run("BatchNormRelu", PrecisionRule.Follow, [x, weight, bias], t =>
                ApplyRelu(t[0]!, t[1]!, t[2]!, runningMean, runningVar, training, momentum, eps));
        }
        var call = new Call("BatchNormRelu", x, weight, bias, runningMean, runningVar, momentum, eps);
        call.Check(training);
        return x.DType == DType.Float64
            ? call.Run<double, Real64, ReluActivation<double>>(training)
            : call.Run<float, Real32, ReluActivation<float>>(training);
    }

    /// <summary>
    /// The norm of inference as y * scale + shift, for an operation that applies it to its own result (<see cref="FusedEpilogue.Affine"/>).
    /// Constants: no gradient is recorded.
    /// </summary>
    /// <param name="weight">[C].</param>
    /// <param name="bias">[C].</param>
    /// <param name="runningMean">[C].</param>
    /// <param name="runningVar">[C].</param>
    /// <param name="eps">Added to the variance.</param>
    /// <returns>Both [C].</returns>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static (Tensor Scale, Tensor Shift) Fold(
        Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVar, double eps = 1e-5)
    {
        new Call("BatchNorm", weight, weight, bias, runningMean, runningVar, 0, eps).Check(training: false);
        var scale = Tensor.Empty(weight.Shape, weight.DType, weight.Device);
        var shift = Tensor.Empty(weight.Shape, weight.DType, weight.Device);
        if (weight.DType == DType.Float64) Run<double, Real64>();
        else Run<float, Real32>();
        return (scale, shift);

        void Run<T, R>()
            where T : unmanaged, INumber<T>
            where R : struct, IReal<T> =>
            BatchNormKernels.Fold<T, R>(
                weight.Device.Kernels, runningMean.View<T>(), runningVar.View<T>(), weight.View<T>(), bias.View<T>(), scale.View<T>(),
                shift.View<T>(), eps);
    }

    private sealed record Call(
        string Op, Tensor X, Tensor Weight, Tensor Bias, Tensor RunningMean, Tensor RunningVar, double Momentum, double Eps)
    {
        private KernelHost Host => X.Device.Kernels;

        private int Rows => X.Count / X.C;

        public void Check(bool training)
        {
            OpCheck.SameDevice(Op, X, Weight, Bias, RunningMean, RunningVar);
            OpCheck.SameDType(Op, X, Weight, Bias, RunningMean, RunningVar);
            OpCheck.FloatingPoint(Op, "x", X);
            OpCheck.NotEmpty(Op, "x", X, axes: 1);
            ReadOnlySpan<(string, Tensor)> parameters =
                [("weight", Weight), ("bias", Bias), ("runningMean", RunningMean), ("runningVar", RunningVar)];
            foreach (var (name, parameter) in parameters)
            {
                if (parameter.Shape != new Shape(X.C))
                    throw new ShapeException(Op, $"{name} must hold one value for each channel of x, [C]", ("x", X.Shape), (name, parameter.Shape));
            }
            if (training && X.Count == X.C)
                throw new ShapeException(Op, "training needs more than one value per channel (a larger batch or map) to have a variance", ("x", X.Shape));
        }

        public Tensor Run<T, R, TActivation>(bool training)
            where T : unmanaged, INumber<T>
            where R : struct, IReal<T>
            where TActivation : struct, IActivation<T>
        {
            var inverseDeviation = Like(Weight);
            var mean = training ? Like(Weight) : RunningMean;
            if (training)
                BatchStatistics<T, R>(mean, inverseDeviation);
            else
                BatchNormKernels.InverseDeviation<T, R>(Host, RunningVar.View<T>(), inverseDeviation.View<T>(), Eps);
            var y = Like(X);
            BatchNormKernels.Normalize<T, R, TActivation>(Host, X.View<T>(), Channels(), y.View<T>(), Rows, X.C);
            return Autograd.Record(Op, y, [X, Weight, Bias], Backward, X, Weight, Bias, mean, inverseDeviation);

            BatchNormChannels<T> Channels() => new(mean.View<T>(), inverseDeviation.View<T>(), Weight.View<T>(), Bias.View<T>());

            Tensor?[] Backward(Tensor g)
            {
                Tensor? dx = null, dweight = null, dbias = null;
                if (training || Weight.RequiresGrad || Bias.RequiresGrad)
                    (dweight, dbias) = ParameterGradients<T, R, TActivation>(g, Channels());
                if (X.RequiresGrad)
                {
                    dx = Like(X);
                    BatchNormKernels.Backward<T, R, TActivation>(
                        Host, X.View<T>(), g.View<T>(), Channels(), training, (dweight ?? Weight).View<T>(), (dbias ?? Bias).View<T>(),
                        dx.View<T>(), Rows, X.C);
                }
                return [dx, dweight, dbias];
            }
        }

        private void BatchStatistics<T, R>(Tensor mean, Tensor inverseDeviation)
            where T : unmanaged, INumber<T>
            where R : struct, IReal<T>
        {
            using var workspace = Workspace();
            // A checkpointed block counts its batch once: the second time copies take the update.
            using var unusedMean = ActivationCheckpoint.IsRecomputing ? RunningMean.Clone() : null;
            using var unusedVar = ActivationCheckpoint.IsRecomputing ? RunningVar.Clone() : null;
            var (runningMean, runningVar) = (unusedMean ?? RunningMean, unusedVar ?? RunningVar);
            BatchNormKernels.BatchStatistics<T, R>(
                Host, X.View<T>(), workspace.View<T>(), mean.View<T>(), inverseDeviation.View<T>(), runningMean.View<T>(),
                runningVar.View<T>(), Momentum, Eps, Rows, X.C);
            runningMean.MarkChanged();
            runningVar.MarkChanged();
        }

        private (Tensor Weight, Tensor Bias) ParameterGradients<T, R, TActivation>(Tensor g, BatchNormChannels<T> channels)
            where T : unmanaged, INumber<T>
            where R : struct, IReal<T>
            where TActivation : struct, IActivation<T>
        {
            var dweight = Like(Weight);
            var dbias = Like(Weight);
            using var workspace = Workspace();
            BatchNormKernels.ParameterGradients<T, R, TActivation>(
                Host, X.View<T>(), g.View<T>(), channels, workspace.View<T>(), dweight.View<T>(), dbias.View<T>(), Rows, X.C);
            return (dweight, dbias);
        }

        private Tensor Workspace() => Tensor.Empty(new Shape(BatchNormKernels.WorkspaceLength(Rows, X.C)), X.DType, X.Device);

        private static Tensor Like(Tensor tensor) => Tensor.Empty(tensor.Shape, tensor.DType, tensor.Device);
    }
}
