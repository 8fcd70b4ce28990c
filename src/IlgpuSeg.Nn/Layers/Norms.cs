using IlgpuSeg.Nn.Summary;

namespace IlgpuSeg.Nn.Layers;

/// <summary>Batch normalisation over [N, H, W] of every channel, as PyTorch's: eps 1e-5, unbiased variance in the running statistics.</summary>
public sealed class BatchNorm2d : Module
{
    private readonly Tensor weight;
    private readonly Tensor bias;
    private readonly Tensor runningMean;
    private readonly Tensor runningVar;
    private readonly Tensor batches;
    private readonly double momentum;
    private readonly double eps;

    /// <summary>A norm with weight 1, bias 0, mean 0 and variance 1.</summary>
    /// <param name="build">Device, type and generator.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="momentum">The share of a batch in the running statistics.</param>
    /// <param name="eps">Added to the variance.</param>
    public BatchNorm2d(Builder build, int channels, double momentum = 0.1, double eps = 1e-5)
    {
        (this.momentum, this.eps) = (momentum, eps);
        weight = AddParameter("weight", build.Constant(1, channels));
        bias = AddParameter("bias", build.Constant(0, channels));
        runningMean = AddBuffer("running_mean", build.Constant(0, channels));
        runningVar = AddBuffer("running_var", build.Constant(1, channels));
        // On the host, whatever the device: nothing but a weight file ever reads it.
        batches = AddBuffer("num_batches_tracked", Tensor.Full([1], 0, DType.Int32, Device.Cpu), WeightLayout.Counter);
    }

    /// <summary>Normalises; in training with the batch's statistics, which it adds to the running ones.</summary>
    public Tensor Forward(Tensor x) => WithHooks(Normalize, x);

    /// <summary>ReLU of <see cref="Forward"/>, in the same pass.</summary>
    public Tensor ForwardRelu(Tensor x)
    {
        if (HasForwardHooks) return FusedEpilogue.Activate(FusedActivation.Relu).Compose(Forward(x));
        CountBatch();
        return Ops.BatchNorm.ApplyRelu(x, weight, bias, runningMean, runningVar, Training, momentum, eps);
    }

    /// <summary>
    /// Whether the norm is a fixed scale and shift now, which the operation before it can apply: in inference, while nothing is differentiated
    /// and no hook wants to see the norm's result.
    /// </summary>
    public bool Folds => !Training && !HasForwardHooks && !Autograd.MayDifferentiate;

    /// <summary>The norm as x * scale + shift, both [C]; only while <see cref="Folds"/>.</summary>
    public (Tensor Scale, Tensor Shift) Fold() => Ops.BatchNorm.Fold(weight, bias, runningMean, runningVar, eps);

    /// <summary>The norm and an activation as the epilogue of the operation before it; only while <see cref="Folds"/>.</summary>
    public FusedEpilogue FoldWith(FusedActivation activation)
    {
        var (scale, shift) = Fold();
        return FusedEpilogue.Affine(scale, shift, activation);
    }

    /// <summary>The output's shape; counts 2 operations per element, or none where the convention leaves the norm out.</summary>
    public Shape Trace(ModelTrace trace, Shape x, bool counted = true)
    {
        trace.Add("BatchNorm", this, x, macs: 0, extraOps: counted ? 2 * x.Length : 0);
        return x;
    }

    private Tensor Normalize(Tensor x)
    {
        CountBatch();
        return Ops.BatchNorm.Apply(x, weight, bias, runningMean, runningVar, Training, momentum, eps);
    }

    private void CountBatch()
    {
        if (Training && !ActivationCheckpoint.IsRecomputing)
            batches.CopyFrom<int>([(int)batches.Item() + 1]);
    }
}

/// <summary>Layer normalisation over the channels, eps 1e-6.</summary>
public sealed class LayerNorm : Module
{
    private readonly Tensor weight;
    private readonly Tensor bias;
    private readonly double eps;

    /// <summary>A norm with weight 1 and bias 0.</summary>
    public LayerNorm(Builder build, int channels, double eps = 1e-6)
    {
        this.eps = eps;
        weight = AddParameter("weight", build.Constant(1, channels));
        bias = AddParameter("bias", build.Constant(0, channels));
    }

    /// <summary>Normalises every pixel.</summary>
    public Tensor Forward(Tensor x) => WithHooks(input => Ops.LayerNorm.Apply(input, weight, bias, eps), x);

    /// <summary>The output's shape; the convention counts nothing.</summary>
    public Shape Trace(ModelTrace trace, Shape x)
    {
        trace.Add("LayerNorm", this, x, macs: 0, extraOps: 0);
        return x;
    }
}
