using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Onnx;

/// <summary>How a network is exported.</summary>
public sealed record OnnxOptions
{
    /// <summary>
    /// Whether BatchNorms disappear in the convolutions beside them. Those that stay: the norm before a block's attention (its output is
    /// used twice) and DAPPM's (a ReLU stands between).
    /// </summary>
    public bool FoldBatchNorm { get; init; }

    /// <summary>The one size that the model takes; null: any, and any batch.</summary>
    public (int Width, int Height)? Size { get; init; }
}

/// <summary>
/// Writes the inference network as ONNX, opset 17, with standard operators only: input `images` [N, 3, H, W], normalised RGB; output
/// `logits` [N, classes, H, W]. The embedding head, which only training uses, is left out.
/// </summary>
public static class OnnxExporter
{
    /// <summary>Writes a model file as a whole or not at all.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="network">The network; weights are written in float32.</param>
    /// <param name="name">The model's name, for its readers.</param>
    /// <param name="options">Sizes and folding.</param>
    /// <exception cref="WeightFileException">The file cannot be written.</exception>
    /// <exception cref="ShapeException">The size is too small for the network.</exception>
    public static void Write(string path, SegmentationNetwork network, string name, OnnxOptions options)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Size is { } size) network.Trace([1, size.Height, size.Width, 3]);
        var graph = new OnnxGraph(name);
        object batch = "N", height = options.Size?.Height ?? (object)"H", width = options.Size?.Width ?? (object)"W";
        graph.Input("images", batch, 3, height, width);
        var weights = network.NamedState().ToDictionary(p => p.Name, p => new OnnxLayers.Weight(
            p.TorchShape, ModuleState.Export(p, p.Name).ToDoubles(), p.Layout == WeightLayout.DepthwiseConvolution));
        var layers = new OnnxLayers(graph, weights, network.Config, options.FoldBatchNorm);
        graph.Output(new OnnxNetwork(layers).Logits("images"), "logits", batch, network.Config.Classes, height, width);
        var model = graph.ToModel($"{name}: semantic segmentation; images are normalised RGB, logits are scores per class.",
            new Dictionary<string, string> { ["model"] = name, ["classes"] = $"{network.Config.Classes}" });
        WeightFileIo.WriteAtomically(path, model.CopyTo);
    }
}
