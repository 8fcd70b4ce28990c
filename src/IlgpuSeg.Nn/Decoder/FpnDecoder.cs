using IlgpuSeg.Nn.Layers;
using IlgpuSeg.Nn.Summary;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Decoder;

/// <summary>
/// The feature pyramid decoder with flow alignment: from the context's output down to stride 4, all levels fused there and classified.
/// </summary>
public sealed class FpnDecoder : Module
{
    // Index 0 is level 1 (stride 4).
    private readonly ConvNormRelu[] laterals = new ConvNormRelu[3];
    private readonly FlowAlignment[] alignments = new FlowAlignment[3];
    private readonly ConvNormRelu[] sides = new ConvNormRelu[3];
    private readonly ConvNormRelu fusion;
    private readonly Conv2d classifier;

    /// <summary>Builds the decoder for the configured widths.</summary>
    public FpnDecoder(Builder build, NetworkConfig config)
    {
        var width = config.Width;
        for (var i = 0; i < 3; i++)
        {
            laterals[i] = Add($"lateral{i + 1}", new ConvNormRelu(build, config.Dims[i], width, kernel: 1, bias: true, config));
            alignments[i] = Add($"align{i + 1}", new FlowAlignment(build, width, config.FlowWidth));
            sides[i] = Add($"side{i + 1}", new ConvNormRelu(build, width, width, kernel: 3, bias: false, config));
        }
        fusion = Add("fusion", new ConvNormRelu(build, 4 * width, width, kernel: 3, bias: false, config));
        classifier = Add("classifier", new Conv2d(build, width, config.Classes));
    }

    /// <summary>Decodes.</summary>
    /// <param name="features">F1..F3 (F4 is not used), [N, H/4, W/4, C1] ...</param>
    /// <param name="context">The context's output, [N, H/32, W/32, width].</param>
    /// <returns>The fused features, [N, H/4, W/4, width].</returns>
    public Tensor Fuse(IReadOnlyList<Tensor> features, Tensor context) => WithHooks(t => [Run(t, t[3])], [.. features.Take(3), context])[0];

    private Tensor Run(IReadOnlyList<Tensor> features, Tensor context)
    {
        using var scope = new TensorScope();
        var outputs = new Tensor[4];
        var f = context;
        for (var i = 2; i >= 0; i--)
        {
            using var lateral = laterals[i].Forward(features[i]);
            using var aligned = alignments[i].Forward(lateral, f);
            // The next level takes f itself, not the side output.
            f = Ops.Add.Apply(lateral, aligned);
            outputs[i] = sides[i].Forward(f);
        }
        outputs[3] = context;
        for (var i = 1; i < 4; i++)
            outputs[i] = ResizeBilinear.Apply(outputs[i], outputs[0].H, outputs[0].W, alignCorners: true);
        var all = Concat.Apply(outputs);
        foreach (var output in outputs) output.Dispose();
        return scope.Keep(fusion.Forward(all));
    }

    /// <summary>The classifier's logits at the fused features' size, [N, H/4, W/4, classes].</summary>
    public Tensor Classify(Tensor fused) => classifier.Forward(fused);

    /// <summary>The logits' shape at H/4; counts the layers.</summary>
    public Shape Trace(ModelTrace trace, IReadOnlyList<Shape> features, Shape context)
    {
        var f = context;
        for (var level = 3; level >= 1; level--)
        {
            var i = level - 1;
            var coarse = f;
            var lateral = trace.Child($"lateral{level}", () => laterals[i].Trace(trace, features[i]));
            f = trace.Step("Add", trace.Child($"align{level}", () => alignments[i].Trace(trace, lateral, coarse)));
            trace.Child($"side{level}", () => sides[i].Trace(trace, lateral));
        }
        for (var i = 1; i < 4; i++) trace.Step("Resize", f);
        var all = trace.Step("Concat", f.With(^1, 4 * f[^1]));
        var fused = trace.Child("fusion", () => fusion.Trace(trace, all));
        return trace.Child("classifier", () => classifier.Trace(trace, fused));
    }
}
