using IlgpuSeg.Nn.Layers;
using IlgpuSeg.Nn.Summary;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Context;

/// <summary>The feature refinement module (the paper's section 3): disentangled non-local attention, a residual FFN, a channel cut.</summary>
public sealed class FeatureRefinement : ContextModule
{
    private readonly DisentangledNonLocal attention;
    private readonly FeedForward ffn;
    private readonly ConvNormRelu cut;

    /// <summary>Builds the module for the configured widths.</summary>
    public FeatureRefinement(Builder build, NetworkConfig config)
    {
        var width = config.FeatureWidth;
        attention = Add("dnl", new DisentangledNonLocal(build, width, config));
        ffn = Add("ffn", new FeedForward(build, width, config.FfnHidden ?? 128));
        cut = Add("cut", new ConvNormRelu(build, width, config.Width, kernel: 1, bias: false, config));
    }

    /// <inheritdoc/>
    protected override Tensor Refine(Tensor features)
    {
        using var scope = new TensorScope();
        return scope.Keep(cut.Forward(ffn.Forward(attention.Forward(features))));
    }

    /// <inheritdoc/>
    public override Shape Trace(ModelTrace trace, Shape features)
    {
        trace.Child("dnl", () => attention.Trace(trace, features));
        trace.Child("ffn", () => ffn.Trace(trace, features));
        return trace.Child("cut", () => cut.Trace(trace, features));
    }
}

/// <summary>
/// Disentangled non-local attention (the paper's equation 3): x + gamma * softmax_keys(whitened q k^T) g + softmax_positions(m) g,
/// keys at half resolution. [N, h, w, C] in and out; h and w at least 2.
/// </summary>
public sealed class DisentangledNonLocal : Module
{
    private const double Deviation = 0.01;

    private readonly Conv2d q;
    private readonly Conv2d k;
    private readonly Conv2d g;
    private readonly Conv2d m;
    private readonly Tensor gamma;
    private readonly double scale;
    private readonly int width;

    /// <summary>Builds the attention; weights N(0, 0.01), gamma 0.</summary>
    public DisentangledNonLocal(Builder build, int channels, NetworkConfig config)
    {
        width = config.QueryKeyWidth ?? channels / 4;
        q = Add("q", new Conv2d(build, channels, width, deviation: Deviation));
        k = Add("k", new Conv2d(build, channels, width, deviation: Deviation));
        g = Add("g", new Conv2d(build, channels, channels, bias: false, deviation: Deviation));
        m = Add("m", new Conv2d(build, channels, 1, deviation: Deviation));
        gamma = AddParameter("gamma", build.Constant(0, 1));
        scale = 1 / config.AttentionTemperature / (config.AttentionScale ? Math.Sqrt(width) : 1);
    }

    /// <summary>Attends.</summary>
    /// <exception cref="ShapeException">The features are smaller than 2x2.</exception>
    public Tensor Forward(Tensor x) => WithHooks(Attend, x);

    private Tensor Attend(Tensor x)
    {
        CheckSize(x.Shape);
        using var scope = new TensorScope();
        var keys = MaxPool2d.Apply(x, kernel: 2, stride: 2);
        int n = x.N, queries = x.H * x.W, positions = keys.H * keys.W;
        var attended = DisentangledAttention.Apply(
            q.Forward(x).Reshape(n, queries, width),
            k.Forward(keys).Reshape(n, positions, width),
            g.Forward(keys).Reshape(n, positions, x.C),
            m.Forward(keys).Reshape(n, positions, 1),
            gamma, scale);
        return scope.Keep(Ops.Add.Apply(x, attended.Reshape(x.Shape)));
    }

    /// <summary>The output's shape; counts the layers, the attention's products as MACs only.</summary>
    public Shape Trace(ModelTrace trace, Shape x)
    {
        CheckSize(x);
        trace.Child("q", () => q.Trace(trace, x));
        var keys = trace.Pool("MaxPool 2x2 s2", x, [x[0], x[1] / 2, x[2] / 2, x[3]]);
        trace.Child("k", () => k.Trace(trace, keys));
        trace.Child("g", () => g.Trace(trace, keys));
        trace.Child("m", () => m.Trace(trace, keys));
        double queries = (double)x[0] * x[1] * x[2], positions = (double)keys[1] * keys[2];
        trace.MatMul("q k^T", [x[0], x[1] * x[2], keys[1] * keys[2]], queries * positions * width);
        trace.MatMul("softmax g", x, queries * positions * x[3]);
        trace.MatMul("softmax(m) g", [x[0], 1, 1, x[3]], x[0] * positions * x[3]);
        trace.AddWeight("gamma", "Scale", gamma, x, stored: false);
        trace.Step("Attention", x);
        return trace.Step("Add", x);
    }

    private static void CheckSize(Shape x)
    {
        if (x[1] < 2 || x[2] < 2)
        {
            throw new ShapeException("FRM",
                "the deepest features must be at least 2x2, so that keys remain after pooling: the input's height and width must be 33 or more",
                ("features", x));
        }
    }
}

/// <summary>x + 1x1(ReLU(DW 3x3(1x1(x)))).</summary>
public sealed class FeedForward : Module
{
    private readonly Conv2d fc1;
    private readonly DepthwiseConv2d depthwise;
    private readonly Conv2d fc2;

    /// <summary>Builds the FFN.</summary>
    public FeedForward(Builder build, int channels, int hidden)
    {
        fc1 = Add("fc1", new Conv2d(build, channels, hidden));
        depthwise = Add("dwconv", new DepthwiseConv2d(build, hidden, kernel: 3));
        fc2 = Add("fc2", new Conv2d(build, hidden, channels));
    }

    /// <summary>Applies the FFN and adds the input.</summary>
    public Tensor Forward(Tensor x) => WithHooks(Run, x);

    private Tensor Run(Tensor x)
    {
        using var scope = new TensorScope();
        return scope.Keep(fc2.Forward(depthwise.Forward(fc1.Forward(x), FusedActivation.Relu), FusedEpilogue.Add(x)));
    }

    /// <summary>The output's shape; counts the layers.</summary>
    public Shape Trace(ModelTrace trace, Shape x)
    {
        var hidden = trace.Child("fc1", () => fc1.Trace(trace, x));
        trace.Child("dwconv", () => depthwise.Trace(trace, hidden));
        trace.Activation("ReLU", hidden);
        trace.Child("fc2", () => fc2.Trace(trace, hidden));
        return trace.Step("Add", x);
    }
}
