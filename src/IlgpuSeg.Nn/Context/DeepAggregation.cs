using IlgpuSeg.Nn.Layers;
using IlgpuSeg.Nn.Summary;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Context;

/// <summary>
/// The deep aggregation pyramid pooling module: five scales, each added to the processed result of the one before; convolutions are
/// BN, ReLU, conv; interpolation with align_corners = false.
/// </summary>
public sealed class DeepAggregation : ContextModule
{
    // Kernel, stride, padding of the pooled scales 1..3; scale 4 is global.
    private static readonly (int Kernel, int Stride, int Padding)[] Pools = [(5, 2, 2), (9, 4, 4), (17, 8, 8)];

    private readonly NormReluConv[] scales = new NormReluConv[5];
    private readonly NormReluConv[] processes = new NormReluConv[4];
    private readonly NormReluConv compression;
    private readonly NormReluConv shortcut;

    /// <summary>Builds the module for the configured widths.</summary>
    public DeepAggregation(Builder build, NetworkConfig config)
    {
        int inputs = config.FeatureWidth, branch = config.Branch;
        for (var i = 0; i < 5; i++)
            scales[i] = Add($"scale{i}", new NormReluConv(build, inputs, branch, kernel: 1, config));
        for (var i = 0; i < 4; i++)
            processes[i] = Add($"process{i + 1}", new NormReluConv(build, branch, branch, kernel: 3, config));
        compression = Add("compression", new NormReluConv(build, 5 * branch, config.Width, kernel: 1, config));
        shortcut = Add("shortcut", new NormReluConv(build, inputs, config.Width, kernel: 1, config));
    }

    /// <inheritdoc/>
    protected override Tensor Refine(Tensor features)
    {
        ContextChecks.BatchNorm("DAPPM", Training, features.Shape);
        using var scope = new TensorScope();
        var parts = new Tensor[5];
        parts[0] = scales[0].Forward(features);
        for (var i = 1; i < 5; i++)
        {
            var pooled = i < 4
                ? AvgPool2d.Apply(features, Pools[i - 1].Kernel, Pools[i - 1].Stride, Pools[i - 1].Padding)
                : AdaptiveAvgPool2d.Apply(features, 1, 1);
            var up = ResizeBilinear.Apply(scales[i].Forward(pooled), features.H, features.W, alignCorners: false);
            parts[i] = processes[i - 1].Forward(Ops.Add.Apply(up, parts[i - 1]));
        }
        return scope.Keep(Ops.Add.Apply(compression.Forward(Concat.Apply(parts)), shortcut.Forward(features)));
    }

    /// <inheritdoc/>
    public override Shape Trace(ModelTrace trace, Shape features)
    {
        var branch = trace.Child("scale0", () => scales[0].Trace(trace, features));
        for (var i = 1; i < 5; i++)
        {
            var pooled = TracePool(trace, features, i);
            trace.Child($"scale{i}", () => scales[i].Trace(trace, pooled));
            trace.Step("Resize", branch);
            trace.Step("Add", branch);
            trace.Child($"process{i}", () => processes[i - 1].Trace(trace, branch));
        }
        var parts = trace.Step("Concat", branch.With(^1, 5 * branch[^1]));
        trace.Child("compression", () => compression.Trace(trace, parts));
        return trace.Step("Add", trace.Child("shortcut", () => shortcut.Trace(trace, features)));
    }

    private static Shape TracePool(ModelTrace trace, Shape x, int scale)
    {
        if (scale == 4) return trace.Pool("global AvgPool", x, [x[0], 1, 1, x[3]]);
        var (kernel, stride, padding) = Pools[scale - 1];
        int h = (x[1] + 2 * padding - kernel) / stride + 1, w = (x[2] + 2 * padding - kernel) / stride + 1;
        return trace.Pool($"AvgPool {kernel}x{kernel} s{stride}", x, [x[0], h, w, x[3]]);
    }

    /// <summary>BN, ReLU, convolution without bias. Its norms are uncounted: the original's SyncBatchNorm escapes the paper's counter.</summary>
    private sealed class NormReluConv : Module
    {
        private readonly BatchNorm2d norm;
        private readonly Conv2d conv;

        public NormReluConv(Builder build, int inputs, int outputs, int kernel, NetworkConfig config)
        {
            norm = Add("norm", new BatchNorm2d(build, inputs, config.BnMomentum, config.BnEps));
            conv = Add("conv", new Conv2d(build, inputs, outputs, kernel, padding: kernel / 2, bias: false));
        }

        public Tensor Forward(Tensor x) => WithHooks(Run, x);

        private Tensor Run(Tensor x)
        {
            using var scope = new TensorScope();
            return scope.Keep(conv.Forward(norm.ForwardRelu(x)));
        }

        public Shape Trace(ModelTrace trace, Shape x)
        {
            trace.Child("norm", () => norm.Trace(trace, x, counted: false));
            trace.Activation("ReLU", x);
            return trace.Child("conv", () => conv.Trace(trace, x));
        }
    }
}
