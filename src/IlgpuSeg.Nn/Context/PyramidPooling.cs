using IlgpuSeg.Nn.Layers;
using IlgpuSeg.Nn.Summary;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Context;

/// <summary>The pyramid pooling module: bins pooled, reduced, upsampled (align_corners) and concatenated with the input.</summary>
public sealed class PyramidPooling : ContextModule
{
    private readonly IReadOnlyList<int> bins;
    private readonly ConvNormRelu[] branches;
    private readonly ConvNormRelu bottleneck;
    private readonly Dropout2d dropout;

    /// <summary>Builds the module for the configured bins and widths.</summary>
    public PyramidPooling(Builder build, NetworkConfig config)
    {
        bins = config.PpmBins;
        var list = Add("branches", new BranchList());
        branches = [.. bins.Select(_ => list.Append(
            new ConvNormRelu(build, config.FeatureWidth, config.Branch, kernel: 1, bias: false, config, relu: false)))];
        bottleneck = Add("bottleneck",
            new ConvNormRelu(build, config.FeatureWidth + bins.Count * config.Branch, config.Width, kernel: 1, bias: false, config));
        dropout = Add("dropout", new Dropout2d(build, config.Dropout));
    }

    /// <inheritdoc/>
    protected override Tensor Refine(Tensor features)
    {
        ContextChecks.BatchNorm("PPM", Training, features.Shape);
        using var scope = new TensorScope();
        var parts = new Tensor[bins.Count + 1];
        for (var i = 0; i < bins.Count; i++)
        {
            var pooled = branches[i].Forward(AdaptiveAvgPool2d.Apply(features, bins[i], bins[i]));
            parts[i] = ResizeBilinear.Apply(pooled, features.H, features.W, alignCorners: true);
        }
        parts[^1] = features;
        return scope.Keep(dropout.Forward(bottleneck.Forward(Concat.Apply(parts))));
    }

    /// <inheritdoc/>
    public override Shape Trace(ModelTrace trace, Shape features)
    {
        var channels = features[^1];
        for (var i = 0; i < bins.Count; i++)
        {
            var pooled = trace.Pool($"AvgPool to {bins[i]}x{bins[i]}", features, [features[0], bins[i], bins[i], features[3]]);
            var reduced = trace.Child("branches", () => trace.Child($"{i}", () => branches[i].Trace(trace, pooled)));
            channels += trace.Step("Resize", features.With(^1, reduced[^1]))[^1];
        }
        trace.Step("Concat", features.With(^1, channels));
        return trace.Child("bottleneck", () => bottleneck.Trace(trace, features.With(^1, channels)));
    }

    private sealed class BranchList : Module
    {
        public ConvNormRelu Append(ConvNormRelu branch) => Add($"{Children.Count}", branch);
    }
}

/// <summary>Checks that the ablations' contexts share.</summary>
internal static class ContextChecks
{
    /// <summary>A pooled 1x1 map of one image is one value per channel, whose variance a BatchNorm cannot use.</summary>
    public static void BatchNorm(string context, bool training, Shape features)
    {
        if (training && features[0] == 1)
        {
            throw new ShapeException(context,
                "training needs a batch of at least 2, because the BatchNorm after its global pooling would see one value per channel",
                ("features", features));
        }
    }
}
