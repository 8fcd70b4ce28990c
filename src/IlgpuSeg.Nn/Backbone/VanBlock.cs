using IlgpuSeg.Nn.Layers;
using IlgpuSeg.Nn.Summary;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Backbone;

/// <summary>
/// A block of the visual attention network: x + DropPath(ls1 * Attn(BN1(x))), then x + DropPath(ls2 * Mlp(BN2(x))). [N, H, W, C] in and out.
/// </summary>
internal sealed class VanBlock : Module
{
    private const double InitialLayerScale = 0.01;

    private readonly Tensor scale1;
    private readonly Tensor scale2;
    private readonly BatchNorm2d norm1;
    private readonly BatchNorm2d norm2;
    private readonly SpatialAttention attention;
    private readonly Mlp mlp;
    private readonly DropPath dropPath;

    public VanBlock(Builder build, int channels, int ratio, double dropPath, NetworkConfig config)
    {
        scale1 = AddParameter("layer_scale_1", build.Constant(InitialLayerScale, channels));
        scale2 = AddParameter("layer_scale_2", build.Constant(InitialLayerScale, channels));
        norm1 = Add("norm1", new BatchNorm2d(build, channels, config.BnMomentum, config.BnEps));
        attention = Add("attn", new SpatialAttention(build, channels));
        norm2 = Add("norm2", new BatchNorm2d(build, channels, config.BnMomentum, config.BnEps));
        mlp = Add("mlp", new Mlp(build, channels, channels * ratio));
        this.dropPath = Add("drop_path", new DropPath(build, dropPath));
    }

    public Tensor Forward(Tensor x) => WithHooks(Run, x);

    private Tensor Run(Tensor x)
    {
        using var scope = new TensorScope();
        if (norm1.Folds && !attention.HasForwardHooks && !mlp.HasForwardHooks && !dropPath.HasForwardHooks) return scope.Keep(Infer(x));
        var y = dropPath.Forward(x, attention.Forward(norm1.Forward(x)), scale1);
        return scope.Keep(dropPath.Forward(y, mlp.Forward(norm2.Forward(y)), scale2));
    }

    // The same without drop-path, the residual connections as epilogues of the last convolutions. With norm1(x) = s x + t,
    // x + ls1 * (proj_2 + norm1(x)) = ls1 * proj_2 + (1 + ls1 * s) * x + ls1 * t.
    private Tensor Infer(Tensor x)
    {
        var (s, t) = norm1.Fold();
        var ones = Tensor.Full(s.Shape, 1, s.DType, s.Device);
        var outer = FusedEpilogue.AffineAdd(
            scale1, Multiply.Apply(scale1, t), x, Ops.Add.Apply(ones, Multiply.Apply(scale1, s)));
        Tensor y;
        using (var normed = norm1.Forward(x)) y = attention.Run(normed, outer);
        return mlp.Run(norm2.Forward(y), FusedEpilogue.ScaleAdd(scale2, y));
    }

    public Shape Trace(ModelTrace trace, Shape x)
    {
        trace.Child("norm1", () => norm1.Trace(trace, x));
        trace.Child("attn", () => attention.Trace(trace, x));
        trace.AddWeight("layer_scale_1", "Scale", scale1, x);
        trace.Step("Add", x);
        trace.Child("norm2", () => norm2.Trace(trace, x));
        trace.Child("mlp", () => mlp.Trace(trace, x));
        trace.AddWeight("layer_scale_2", "Scale", scale2, x);
        return trace.Step("Add", x);
    }
}

/// <summary>1x1, GELU, large-kernel attention, 1x1, plus the input.</summary>
internal sealed class SpatialAttention : Module
{
    private readonly Conv2d proj1;
    private readonly Conv2d proj2;
    private readonly LargeKernelAttention gate;

    public SpatialAttention(Builder build, int channels)
    {
        proj1 = Add("proj_1", new Conv2d(build, channels, channels));
        gate = Add("spatial_gating_unit", new LargeKernelAttention(build, channels));
        proj2 = Add("proj_2", new Conv2d(build, channels, channels));
    }

    /// <summary>The branch with its own residual connection.</summary>
    public Tensor Forward(Tensor x) => WithHooks(input => Run(input, FusedEpilogue.Add(input)), x);

    /// <summary>The branch with what is to follow its last convolution instead of its residual connection.</summary>
    public Tensor Run(Tensor x, FusedEpilogue last)
    {
        using var scope = new TensorScope();
        Tensor gated;
        using (var u = proj1.Forward(x, FusedEpilogue.Activate(FusedActivation.Gelu))) gated = gate.Forward(u);
        return scope.Keep(proj2.Forward(gated, last));
    }

    public Shape Trace(ModelTrace trace, Shape x)
    {
        trace.Child("proj_1", () => proj1.Trace(trace, x));
        trace.Activation("GELU", x);
        trace.Child("spatial_gating_unit", () => gate.Trace(trace, x));
        trace.Child("proj_2", () => proj2.Trace(trace, x));
        return trace.Step("Add", x);
    }
}

/// <summary>u * conv1x1(DW 7x7 d3(DW 5x5(u))): a 21x21 field of view from small kernels.</summary>
internal sealed class LargeKernelAttention : Module
{
    private readonly DepthwiseConv2d local;
    private readonly DepthwiseConv2d spatial;
    private readonly Conv2d pointwise;

    public LargeKernelAttention(Builder build, int channels)
    {
        local = Add("conv0", new DepthwiseConv2d(build, channels, kernel: 5));
        spatial = Add("conv_spatial", new DepthwiseConv2d(build, channels, kernel: 7, dilation: 3));
        pointwise = Add("conv1", new Conv2d(build, channels, channels));
    }

    public Tensor Forward(Tensor u) => WithHooks(Gate, u);

    private Tensor Gate(Tensor u)
    {
        using var scope = new TensorScope();
        Tensor wide;
        using (var near = local.Forward(u)) wide = spatial.Forward(near);
        return scope.Keep(pointwise.Forward(wide, FusedEpilogue.Multiply(u)));
    }

    public Shape Trace(ModelTrace trace, Shape x)
    {
        trace.Child("conv0", () => local.Trace(trace, x));
        trace.Child("conv_spatial", () => spatial.Trace(trace, x));
        trace.Child("conv1", () => pointwise.Trace(trace, x));
        return trace.Step("Multiply", x);
    }
}

/// <summary>1x1 C -> hidden, DW 3x3, GELU, 1x1 hidden -> C.</summary>
internal sealed class Mlp : Module
{
    private readonly Conv2d fc1;
    private readonly DepthwiseUnit depthwise;
    private readonly Conv2d fc2;

    public Mlp(Builder build, int channels, int hidden)
    {
        fc1 = Add("fc1", new Conv2d(build, channels, hidden));
        depthwise = Add("dwconv", new DepthwiseUnit(build, hidden));
        fc2 = Add("fc2", new Conv2d(build, hidden, channels));
    }

    /// <summary>The branch.</summary>
    public Tensor Forward(Tensor x) => WithHooks(input => Run(input, null), x);

    /// <summary>The branch, and what follows its last convolution.</summary>
    public Tensor Run(Tensor x, FusedEpilogue? last)
    {
        using var scope = new TensorScope();
        Tensor activated;
        using (var hidden = fc1.Forward(x)) activated = depthwise.ForwardGelu(hidden);
        return scope.Keep(last is null ? fc2.Forward(activated) : fc2.Forward(activated, last));
    }

    public Shape Trace(ModelTrace trace, Shape x)
    {
        var hidden = trace.Child("fc1", () => fc1.Trace(trace, x));
        trace.Child("dwconv", () => trace.Child("dwconv", () => depthwise.Conv.Trace(trace, hidden)));
        trace.Activation("GELU", hidden);
        return trace.Child("fc2", () => fc2.Trace(trace, hidden));
    }

    /// <summary>The pretrained files nest this convolution once more: "mlp.dwconv.dwconv.weight".</summary>
    private sealed class DepthwiseUnit : Module
    {
        public DepthwiseUnit(Builder build, int channels) => Conv = Add("dwconv", new DepthwiseConv2d(build, channels, kernel: 3));

        public DepthwiseConv2d Conv { get; }

        /// <summary>The convolution and a GELU, in one pass.</summary>
        public Tensor ForwardGelu(Tensor x) => HasForwardHooks
            ? FusedEpilogue.Activate(FusedActivation.Gelu).Compose(WithHooks(input => Conv.Forward(input), x))
            : Conv.Forward(x, FusedActivation.Gelu);
    }
}
