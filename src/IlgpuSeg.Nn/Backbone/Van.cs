using IlgpuSeg.Nn.Layers;
using IlgpuSeg.Nn.Summary;

namespace IlgpuSeg.Nn.Backbone;

/// <summary>
/// The visual attention network (VAN): four stages of patch embedding, blocks and a LayerNorm over channels, at strides 4, 8, 16, 32.
/// </summary>
public sealed class Van : Module
{
    private readonly PatchEmbedding[] embeddings = new PatchEmbedding[4];
    private readonly VanBlock[][] blocks = new VanBlock[4][];
    private readonly LayerNorm[] norms = new LayerNorm[4];
    private readonly Philox random;

    /// <summary>Builds the backbone; the drop-path rate rises linearly over all blocks.</summary>
    public Van(Builder build, NetworkConfig config)
    {
        random = build.Random;
        int total = config.Depths.Sum(), index = 0;
        for (var s = 0; s < 4; s++)
        {
            var channels = config.Dims[s];
            embeddings[s] = Add($"patch_embed{s + 1}", s == 0
                ? new PatchEmbedding(build, 3, channels, kernel: 7, stride: 4, padding: 3, config)
                : new PatchEmbedding(build, config.Dims[s - 1], channels, kernel: 3, stride: 2, padding: 1, config));
            blocks[s] = new VanBlock[config.Depths[s]];
            var stage = Add($"block{s + 1}", new BlockList());
            for (var b = 0; b < blocks[s].Length; b++)
            {
                var rate = total > 1 ? config.DropPath * index++ / (total - 1) : 0;
                blocks[s][b] = stage.Append(new VanBlock(build, channels, config.Ratios[s], rate, config));
            }
            norms[s] = Add($"norm{s + 1}", new LayerNorm(build, channels, config.LnEps));
        }
    }

    /// <summary>The four stages' features.</summary>
    /// <param name="x">Normalised images, [N, H, W, 3].</param>
    /// <param name="checkpointed">Whether backward computes the blocks of a stage (0 to 3) anew, one at a time, instead of keeping what they save.</param>
    /// <returns>F1..F4: [N, H/4, W/4, C1] to [N, H/32, W/32, C4], sizes rounded up.</returns>
    public Tensor[] Forward(Tensor x, Func<int, bool>? checkpointed = null) => [.. WithHooks(inputs => Run(inputs[0], checkpointed), x)];

    private Tensor[] Run(Tensor x, Func<int, bool>? checkpointed)
    {
        var features = new Tensor[4];
        for (var s = 0; s < 4; s++)
        {
            using var scope = new TensorScope();
            x = embeddings[s].Forward(x);
            foreach (var block in blocks[s])
            {
                using var input = x;
                x = checkpointed?.Invoke(s) == true ? ActivationCheckpoint.Run(block.Forward, input, random) : block.Forward(input);
            }
            features[s] = x = scope.Keep(norms[s].Forward(x));
        }
        return features;
    }

    /// <summary>The features' shapes; counts the layers.</summary>
    public Shape[] Trace(ModelTrace trace, Shape x)
    {
        var features = new Shape[4];
        for (var s = 0; s < 4; s++)
        {
            var input = x;
            x = features[s] = trace.Scope(() => TraceStage(trace, s, input));
        }
        return features;
    }

    private Shape TraceStage(ModelTrace trace, int s, Shape input)
    {
        var x = trace.Child($"patch_embed{s + 1}", () => embeddings[s].Trace(trace, input));
        for (var b = 0; b < blocks[s].Length; b++)
            trace.Child($"block{s + 1}", () => trace.Child($"{b}", () => blocks[s][b].Trace(trace, x)));
        return trace.Child($"norm{s + 1}", () => norms[s].Trace(trace, x));
    }

    /// <summary>The blocks of a stage, named by their index.</summary>
    private sealed class BlockList : Module
    {
        public VanBlock Append(VanBlock block) => Add($"{Children.Count}", block);
    }
}

/// <summary>Convolution with bias, then BatchNorm: the entry of a stage.</summary>
internal sealed class PatchEmbedding : Module
{
    private readonly Conv2d proj;
    private readonly BatchNorm2d norm;

    public PatchEmbedding(Builder build, int inputs, int outputs, int kernel, int stride, int padding, NetworkConfig config)
    {
        proj = Add("proj", new Conv2d(build, inputs, outputs, kernel, stride, padding));
        norm = Add("norm", new BatchNorm2d(build, outputs, config.BnMomentum, config.BnEps));
    }

    public Tensor Forward(Tensor x) => WithHooks(Run, x);

    private Tensor Run(Tensor x)
    {
        using var scope = new TensorScope();
        return scope.Keep(
            norm.Folds ? proj.Forward(x, norm.FoldWith(FusedActivation.None)) : norm.Forward(proj.Forward(x)));
    }

    public Shape Trace(ModelTrace trace, Shape x)
    {
        var y = trace.Child("proj", () => proj.Trace(trace, x));
        return trace.Child("norm", () => norm.Trace(trace, y));
    }
}
