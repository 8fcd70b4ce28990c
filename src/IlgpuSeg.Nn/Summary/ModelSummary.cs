namespace IlgpuSeg.Nn.Summary;

/// <summary>A group of layers with its sums.</summary>
/// <param name="Name">The group.</param>
/// <param name="Parameters">Learned elements.</param>
/// <param name="Gflops">Operations in the paper's convention / 1e9.</param>
/// <param name="Gmacs">Multiply-accumulate operations / 1e9.</param>
public sealed record PartCost(string Name, long Parameters, double Gflops, double Gmacs);

/// <summary>A network at an input size: sums, parts and layers, computed without running it.</summary>
public sealed class ModelSummary
{
    private const double Giga = 1e9;

    private readonly ModelTrace trace;

    private ModelSummary(string model, SegmentationNetwork network, Shape input)
    {
        Model = model;
        Classes = network.Config.Classes;
        Input = input;
        Parameters = network.InferenceParameterCount;
        EmbeddingParameters = network.ParameterCount - Parameters;
        trace = network.Trace(input);
    }

    /// <summary>Traces a network.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="width">The input's width in pixels.</param>
    /// <param name="height">The input's height in pixels.</param>
    /// <param name="classes">Classes.</param>
    /// <exception cref="ArgumentException">There is no such model.</exception>
    /// <exception cref="ShapeException">The input is too small.</exception>
    public static ModelSummary Of(string model, int width, int height, int classes = 19) =>
        new(model, SegmentationNetwork.Blank(Models.Config(model, classes)), [1, height, width, 3]);

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <summary>Classes.</summary>
    public int Classes { get; }

    /// <summary>The input, [1, H, W, 3].</summary>
    public Shape Input { get; }

    /// <summary>Learned elements that inference uses.</summary>
    public long Parameters { get; }

    /// <summary>Learned elements of the embedding head, which only training uses.</summary>
    public long EmbeddingParameters { get; }

    /// <summary>Operations in the paper's convention / 1e9.</summary>
    public double Gflops => trace.Layers.Sum(l => l.Ops) / Giga;

    /// <summary>Multiply-accumulate operations / 1e9, the attention's matrix products included.</summary>
    public double Gmacs => trace.Layers.Sum(l => l.Macs) / Giga;

    /// <summary>Multiply-accumulate operations of the convolutions alone / 1e9.</summary>
    public double ConvolutionGmacs => trace.Layers.Where(l => l.Parameters > 0).Sum(l => l.Macs) / Giga;

    /// <summary>Bytes of activations in training, in float32 (<see cref="ModelTrace.TrainingActivations"/>).</summary>
    public long TrainingBytes => trace.TrainingActivations * sizeof(float);

    /// <summary>Bytes of activations in inference at their peak, in float32 (<see cref="ModelTrace.PeakActivations"/>).</summary>
    public long InferenceBytes => trace.PeakActivations * sizeof(float);

    /// <summary>The layers in the order in which they run.</summary>
    public IReadOnlyList<LayerCost> Layers => trace.Layers;

    /// <summary>The layers as a tree.</summary>
    public LayerNode Tree => LayerNode.Build(Model, trace.Layers);

    /// <summary>The rows of the network description's table of parts.</summary>
    public IReadOnlyList<PartCost> Parts =>
    [
        .. trace.Layers.Where(l => l.Parameters > 0 || l.Ops > 0 || l.Macs > 0).GroupBy(PartOf)
            .Select(part => new PartCost(part.Key, part.Sum(l => l.Parameters), part.Sum(l => l.Ops) / Giga, part.Sum(l => l.Macs) / Giga)),
    ];

    private static string PartOf(LayerCost layer)
    {
        var names = layer.Path.Split('.');
        if (names[0] == "backbone") return $"stage {names[1][^1]}";
        if (names.Length == 1) return names[0];
        return char.IsDigit(names[1][^1]) && names[0] == "decoder" ? names[1][..^1] + "s" : names[1];
    }
}
