using IlgpuSeg.Nn.Backbone;
using IlgpuSeg.Nn.Context;
using IlgpuSeg.Nn.Decoder;
using IlgpuSeg.Nn.Layers;
using IlgpuSeg.Nn.Summary;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn;

/// <summary>What a forward pass yields.</summary>
/// <param name="CoarseLogits">[N, H/4, W/4, classes], before the upsampling.</param>
/// <param name="Fused">The decoder's fused features, [N, H/4, W/4, width]: what the embedding head takes.</param>
/// <param name="Height">Rows of the input.</param>
/// <param name="Width">Columns of the input.</param>
public sealed record SegmentationOutput(Tensor CoarseLogits, Tensor Fused, int Height, int Width)
{
    /// <summary>How logits are brought to the input's size: bilinearly, with this choice of PyTorch's two definitions.</summary>
    public const bool AlignCorners = true;

    /// <summary>
    /// The logits at the input's size, [N, H, W, classes]; computed at each call. The loss does not need them stored.
    /// </summary>
    public Tensor UpsampledLogits() => ResizeBilinear.Apply(CoarseLogits, Height, Width, AlignCorners);

    /// <summary>The class of each pixel of the input: Int32 [N, H, W].</summary>
    public Tensor Classes()
    {
        using var logits = UpsampledLogits();
        return ArgMax.Apply(logits);
    }
}

/// <summary>VAN backbone, context module, flow-aligned FPN decoder, and the embedding head that only training uses.</summary>
public sealed class SegmentationNetwork : Module
{
    private readonly Van backbone;
    private readonly ContextModule context;
    private readonly FpnDecoder decoder;
    private readonly Conv2d embedding;
    private readonly Builder build;
    private IReadOnlyList<string> checkpointed = [];

    /// <summary>Builds a network with random weights.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="device">Where it lives; the CPU if null.</param>
    /// <param name="dtype">Its precision.</param>
    /// <param name="seed">The seed of weights, drop-path and dropout.</param>
    /// <exception cref="ArgumentException">The configuration makes no network.</exception>
    public SegmentationNetwork(NetworkConfig config, Device? device = null, DType dtype = DType.Float32, ulong seed = 0)
        : this(config, new Builder(device ?? Device.Cpu, dtype, new Philox(seed)))
    {
    }

    private SegmentationNetwork(NetworkConfig config, Builder build)
    {
        Config = config.Validate();
        this.build = build;
        backbone = Add("backbone", new Van(build, config));
        context = Add("context", ContextModule.Create(build, config));
        decoder = Add("decoder", new FpnDecoder(build, config));
        embedding = Add("embedding", new Conv2d(build, config.Width, config.Embedding));
    }

    /// <summary>Builds a network whose convolutions' weights are zeros: to be loaded, or only counted.</summary>
    /// <param name="config">Its sizes.</param>
    /// <param name="device">Where it lives; the CPU if null.</param>
    /// <param name="dtype">Its precision.</param>
    /// <exception cref="ArgumentException">The configuration makes no network.</exception>
    public static SegmentationNetwork Blank(NetworkConfig config, Device? device = null, DType dtype = DType.Float32) =>
        new(config, new Builder(device ?? Device.Cpu, dtype, new Philox(0)) { Draws = false });

    /// <summary>The sizes.</summary>
    public NetworkConfig Config { get; }

    /// <summary>Where the parameters live.</summary>
    public Device Device => build.Device;

    /// <summary>The parameters' element type.</summary>
    public DType DType => build.DType;

    /// <summary>The generator of drop-path and dropout masks; its position belongs into a checkpoint.</summary>
    public Philox Random => build.Random;

    /// <summary>Learned elements that inference uses: all but the embedding head, as the paper counts.</summary>
    public long InferenceParameterCount => ParameterCount - embedding.ParameterCount;

    /// <summary>The parts that can be checkpointed: "stage1" to "stage4" of the backbone, "context" and "decoder".</summary>
    public static IReadOnlyList<string> Parts { get; } = ["stage1", "stage2", "stage3", "stage4", "context", "decoder"];

    /// <summary>
    /// The <see cref="Parts"/> whose activations training does not keep but computes anew in backward (see <see cref="ActivationCheckpoint"/>):
    /// less memory, more time, the same bits.
    /// </summary>
    /// <exception cref="ArgumentException">Set to something that is no part.</exception>
    public IReadOnlyList<string> Checkpointed
    {
        get => checkpointed;
        set
        {
            if (value.FirstOrDefault(part => !Parts.Contains(part)) is { } unknown)
                throw new ArgumentException($"The network has no part '{unknown}' to checkpoint; the parts are {string.Join(", ", Parts)}.");
            checkpointed = [.. value];
        }
    }

    /// <summary>Segments images.</summary>
    /// <param name="images">Normalised, [N, H, W, 3].</param>
    /// <exception cref="ShapeException">Not images, or too small for the context.</exception>
    public SegmentationOutput Forward(Tensor images)
    {
        if (images.Shape.Rank != 4 || images.C != 3)
            throw new ShapeException("SegmentationNetwork", "images must be [N, H, W, 3]", ("images", images.Shape));
        var results = WithHooks(inputs => Segment(inputs[0]), images);
        return new SegmentationOutput(results[0], results[1], images.H, images.W);
    }

    private Tensor[] Segment(Tensor images)
    {
        using var scope = new TensorScope();
        var features = backbone.Forward(images, stage => checkpointed.Contains(Parts[stage]));
        var refined = Run("context", t => context.Forward(Gather(t)), features);
        var fused = scope.Keep(Run("decoder", t => decoder.Fuse(t[..3], t[3]), [.. features[..3], refined]));
        return [scope.Keep(decoder.Classify(fused)), fused];
    }

    /// <summary>The embedding head: L2-normalised embeddings of every fused pixel.</summary>
    /// <param name="fused">[N, H/4, W/4, width].</param>
    /// <returns>[N, H/4, W/4, embedding].</returns>
    public Tensor Embed(Tensor fused)
    {
        using var scope = new TensorScope();
        return scope.Keep(L2Normalize.Apply(embedding.Forward(fused)));
    }

    /// <summary>Counts the layers of inference for an input [N, H, W, 3], without running it.</summary>
    /// <exception cref="ShapeException">The input is too small for the context.</exception>
    public ModelTrace Trace(Shape input)
    {
        var trace = new ModelTrace(input);
        var features = trace.Child("backbone", () => backbone.Trace(trace, input));
        var deepest = features[3];
        var gathered = trace.Scope(() =>
        {
            for (var i = 0; i < 3; i++)
                trace.Pool($"AvgPool F{i + 1}", features[i], deepest.With(^1, features[i][^1]), counted: false);
            return trace.Step("Concat", deepest.With(^1, features.Sum(f => f[^1])));
        });
        var refined = trace.Child("context", () => context.Trace(trace, gathered));
        trace.Child("decoder", () => decoder.Trace(trace, features, refined));
        trace.Step("Resize", input.With(^1, Config.Classes));
        return trace;
    }

    private Tensor Run(string part, Func<Tensor[], Tensor> forward, Tensor[] inputs) =>
        checkpointed.Contains(part) ? ActivationCheckpoint.Run(forward, inputs, build.Random) : forward(inputs);

    /// <summary>F1..F3 pooled to F4's exact size, concatenated with F4.</summary>
    private static Tensor Gather(Tensor[] features)
    {
        using var scope = new TensorScope();
        var deepest = features[3];
        var parts = new Tensor[4];
        for (var i = 0; i < 3; i++)
            parts[i] = AdaptiveAvgPool2d.Apply(features[i], deepest.H, deepest.W);
        parts[3] = deepest;
        return scope.Keep(Concat.Apply(parts));
    }
}
