using IlgpuSeg.Nn.Onnx;
using IlgpuSeg.Nn.Weights;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Tests.Onnx;

/// <summary>The structure of exported models; benchmarks/peers/check_onnx.py holds them against ONNX's checker and their numbers against parity cases.</summary>
public sealed class OnnxExporterTests : IDisposable
{
    // What opset 17 defines in the default domain, of those that the networks use.
    private static readonly HashSet<string> Operators =
    [
        "Add", "And", "AveragePool", "BatchNormalization", "Cast", "Concat", "Conv", "Div", "Erf", "Expand", "GlobalAveragePool", "GreaterOrEqual", "GridSample",
        "Identity", "LayerNormalization", "Less", "MatMul", "Max", "MaxPool", "Mul", "Range", "ReduceMean", "Relu", "Reshape", "Resize", "Shape", "Softmax",
        "Squeeze", "Sub", "Transpose", "Unsqueeze",
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("onnx").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static SegmentationNetwork Network(ContextKind context) => new(new NetworkConfig
    {
        Dims = [4, 6, 8, 10], Depths = [1, 2, 1, 1], Ratios = [2, 2, 2, 2], Classes = 3, QueryKeyWidth = 4, FfnHidden = 6, Width = 8, FlowWidth = 4,
        Embedding = 6, Branch = 5, Context = context,
    });

    private OnnxFile Export(SegmentationNetwork network, OnnxOptions? options = null)
    {
        var path = Path.Combine(folder, "model.onnx");
        OnnxExporter.Write(path, network, "nano", options ?? new OnnxOptions());
        return OnnxFile.Read(path);
    }

    [Theory]
    [InlineData(ContextKind.Frm, false)]
    [InlineData(ContextKind.Frm, true)]
    [InlineData(ContextKind.Ppm, false)]
    [InlineData(ContextKind.Ppm, true)]
    [InlineData(ContextKind.Dappm, false)]
    [InlineData(ContextKind.Dappm, true)]
    public void The_graph_is_whole_and_in_order(ContextKind context, bool fold)
    {
        var model = Export(Network(context), new OnnxOptions { FoldBatchNorm = fold });
        Assert.Equal((8, ("", 17)), (model.IrVersion, model.Opset));
        var defined = model.Initializers.Keys.Append("images").Append("").ToHashSet();
        foreach (var node in model.Nodes)
        {
            Assert.Contains(node.Op, Operators);
            Assert.All(node.Inputs, input => Assert.Contains(input, defined));
            Assert.True(defined.Add(Assert.Single(node.Outputs)), node.Outputs[0]);
        }
        Assert.Contains("logits", defined);
        var used = model.Nodes.SelectMany(n => n.Inputs).Append("logits").ToHashSet();
        Assert.All(model.Nodes, node => Assert.Contains(node.Outputs[0], used));
        Assert.All(model.Initializers.Values, t =>
        {
            Assert.Contains(t.Name, used);
            Assert.Equal(t.Dims.Aggregate(1L, (a, b) => a * b) * (t.Type == 1 ? 4 : 8), t.Raw.Length);
        });
        Assert.Equal(3, model.Nodes.Count(n => n.Op == "GridSample"));
        Assert.Equal(4, model.Nodes.Count(n => n.Op == "LayerNormalization"));
        Assert.Equal(10, model.Nodes.Count(n => n.Op == "Erf"));
    }

    [Theory]
    [InlineData(ContextKind.Frm)]
    [InlineData(ContextKind.Ppm)]
    [InlineData(ContextKind.Dappm)]
    public void Every_weight_of_inference_is_there_in_PyTorchs_layout(ContextKind context)
    {
        var network = Network(context);
        var model = Export(network);
        var state = ModuleState.Export(network)
            .Where(e => !e.Name.StartsWith("embedding.", StringComparison.Ordinal) && !e.Name.EndsWith("tracked", StringComparison.Ordinal)).ToList();
        Assert.Equal(state.Select(e => e.Name).Order(), model.Initializers.Keys.Where(k => !k.StartsWith("constant/", StringComparison.Ordinal)).Order());
        foreach (var entry in state)
        {
            Assert.Equal(entry.ToFloats(), model.Initializers[entry.Name].Floats);
            if (!entry.Name.Contains("layer_scale", StringComparison.Ordinal)) Assert.Equal(entry.Shape, model.Initializers[entry.Name].Dims);
        }
    }

    [Theory]
    [InlineData(ContextKind.Frm, 5)]
    [InlineData(ContextKind.Ppm, 5)]
    [InlineData(ContextKind.Dappm, 16)]
    public void Folding_leaves_the_norms_that_cannot_go(ContextKind context, int left)
    {
        var network = Network(context);
        // Statistics that are not those of an identity.
        foreach (var buffer in network.NamedBuffers().Where(b => b.Name.EndsWith("running_var", StringComparison.Ordinal)))
            buffer.Value.CopyFrom<float>(Enumerable.Repeat(4f, buffer.Value.Count).ToArray());
        foreach (var buffer in network.NamedBuffers().Where(b => b.Name.EndsWith("running_mean", StringComparison.Ordinal)))
            buffer.Value.CopyFrom<float>(Enumerable.Repeat(3f, buffer.Value.Count).ToArray());
        var plain = Export(network);
        var folded = Export(network, new OnnxOptions { FoldBatchNorm = true });
        Assert.Equal(network.NamedBuffers().Count() / 3, plain.Nodes.Count(n => n.Op == "BatchNormalization"));
        Assert.Equal(left, folded.Nodes.Count(n => n.Op == "BatchNormalization"));

        // After a convolution: w / sqrt(4 + eps), (b - 3) / sqrt(4 + eps). Before one: w / sqrt(4 + eps), b - 3 * sum(w) / sqrt(4 + eps).
        var factor = 1 / Math.Sqrt(4 + network.Config.BnEps);
        const string After = "decoder.lateral2.conv", Before = "backbone.block3.0.mlp.fc1";
        Close(plain.Initializers[After + ".weight"].Floats.Select(w => w * factor), folded.Initializers[After + ".weight"].Floats);
        Close(plain.Initializers[After + ".bias"].Floats.Select(b => (b - 3) * factor), folded.Initializers[After + ".bias"].Floats);
        var weight = plain.Initializers[Before + ".weight"].Floats;
        Close(weight.Select(w => w * factor), folded.Initializers[Before + ".weight"].Floats);
        Close(plain.Initializers[Before + ".bias"].Floats.Zip(weight.Chunk(8), (b, row) => b - 3 * factor * row.Sum()), folded.Initializers[Before + ".bias"].Floats);
    }

    private static void Close(IEnumerable<double> expected, float[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));

    [Fact]
    public void Sizes_are_free_or_fixed()
    {
        var network = Network(ContextKind.Frm);
        var free = Export(network);
        Assert.Equal(("images", "N 3 H W"), (free.Inputs.Single().Name, string.Join(' ', free.Inputs.Single().Dims)));
        Assert.Equal(("logits", "N 3 H W"), (free.Outputs.Single().Name, string.Join(' ', free.Outputs.Single().Dims)));
        var given = Export(network, new OnnxOptions { Size = (96, 64) });
        Assert.Equal(["N", "3", "64", "96"], given.Inputs.Single().Dims);
        Assert.Equal(["N", "3", "64", "96"], given.Outputs.Single().Dims);
        Assert.Throws<ShapeException>(() => Export(network, new OnnxOptions { Size = (96, 32) }));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_named()
    {
        var path = Path.Combine(folder, "none", "m.onnx");
        var error = Assert.Throws<WeightFileException>(() => OnnxExporter.Write(path, Network(ContextKind.Ppm), "nano", new OnnxOptions()));
        Assert.Contains("no such folder", error.Message);
    }
}
