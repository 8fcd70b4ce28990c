namespace IlgpuSeg.Nn.Onnx;

/// <summary>The inference network in ONNX's terms: backbone, context, decoder.</summary>
internal sealed class OnnxNetwork(OnnxLayers layers)
{
    private readonly OnnxGraph graph = layers.Graph;
    private readonly NetworkConfig config = layers.Config;

    /// <summary>From images to logits at their size.</summary>
    public string Logits(string images)
    {
        var features = new string[4];
        var x = images;
        for (var s = 0; s < 4; s++)
            x = features[s] = graph.In($"stage{s + 1}", () => Stage(s, x));
        var gathered = graph.In("gather", () => Gather(features));
        var context = graph.In("context", () => config.Context switch
        {
            ContextKind.Frm => FeatureRefinement(gathered),
            ContextKind.Ppm => PyramidPooling(gathered),
            _ => DeepAggregation(gathered),
        });
        var coarse = graph.In("decoder", () => Decode(features, context));
        return layers.Resize(coarse, layers.Size(images), alignCorners: true);
    }

    private string Stage(int s, string x)
    {
        var embed = $"backbone.patch_embed{s + 1}";
        x = s == 0
            ? layers.Conv(x, embed + ".proj", stride: 4, padding: 3, norm: embed + ".norm")
            : layers.Conv(x, embed + ".proj", stride: 2, padding: 1, norm: embed + ".norm");
        for (var b = 0; b < config.Depths[s]; b++)
        {
            var block = $"backbone.block{s + 1}.{b}";
            x = graph.In($"block{b}", () => Block(block, x));
        }
        return layers.LayerNorm(x, $"backbone.norm{s + 1}");
    }

    private string Block(string name, string x)
    {
        // The norm's output is also what the attention adds at its end: this norm cannot disappear in the convolution.
        var normed = layers.BatchNorm(x, name + ".norm1");
        var u = layers.Gelu(layers.Conv(normed, name + ".attn.proj_1"));
        var gate = name + ".attn.spatial_gating_unit";
        var far = layers.Conv(layers.Conv(u, gate + ".conv0", padding: 2), gate + ".conv_spatial", padding: 9, dilation: 3);
        var gated = layers.Node("Mul", u, layers.Conv(far, gate + ".conv1"));
        var attended = layers.Node("Add", layers.Conv(gated, name + ".attn.proj_2"), normed);
        var y = layers.Node("Add", x, layers.ChannelScale(attended, name + ".layer_scale_1"));

        var hidden = layers.Conv(layers.NormConv(y, name + ".norm2", name + ".mlp.fc1"), name + ".mlp.dwconv.dwconv", padding: 1);
        return layers.Node("Add", y, layers.ChannelScale(layers.Conv(layers.Gelu(hidden), name + ".mlp.fc2"), name + ".layer_scale_2"));
    }

    private string Gather(string[] features)
    {
        string height = layers.Extent(features[3], 2), width = layers.Extent(features[3], 3);
        return layers.Concat(1, [.. features[..3].Select(f => layers.AdaptivePool(f, height, width)), features[3]]);
    }

    private string FeatureRefinement(string x)
    {
        var y = graph.In("dnl", () => layers.Node("Add", x, Attention(x)));
        var hidden = layers.Conv(layers.Conv(y, "context.ffn.fc1"), "context.ffn.dwconv", padding: 1);
        var refined = layers.Node("Add", y, layers.Conv(layers.Node("Relu", hidden), "context.ffn.fc2"));
        return layers.ConvNormRelu(refined, "context.cut");
    }

    private string Attention(string x)
    {
        const string Name = "context.dnl";
        var keys = graph.Node("MaxPool", [x], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }));
        string q = Whitened(layers.Conv(x, Name + ".q")), k = Whitened(layers.Conv(keys, Name + ".k"));
        var g = Swapped(Positions(layers.Conv(keys, Name + ".g")));
        var products = layers.Node("MatMul", Swapped(q), k);
        var width = config.QueryKeyWidth ?? config.FeatureWidth / 4;
        var scale = 1 / config.AttentionTemperature / (config.AttentionScale ? Math.Sqrt(width) : 1);
        if (scale != 1) products = layers.Node("Mul", products, graph.Scalar(scale));
        var pairwise = layers.Node("MatMul", Softmax(products), g);
        var unary = layers.Node("MatMul", Softmax(Positions(layers.Conv(keys, Name + ".m"))), g);
        var attended = layers.Node("Add", layers.Node("Mul", pairwise, layers.Tensor(Name + ".gamma")), unary);
        return layers.Node("Reshape", Swapped(attended), layers.Node("Shape", x));

        // [N, C, H, W] -> [N, C, H W]: 0 keeps an extent, -1 takes the rest.
        string Positions(string map) => layers.Node("Reshape", map, graph.Integers(0, 0, -1));
        string Swapped(string rows) => graph.Node("Transpose", [rows], ("perm", new long[] { 0, 2, 1 }));
        string Softmax(string rows) => graph.Node("Softmax", [rows], ("axis", -1L));
        string Whitened(string map)
        {
            var positions = Positions(map);
            return layers.Node("Sub", positions, graph.Node("ReduceMean", [positions], ("axes", new long[] { 2 }), ("keepdims", 1L)));
        }
    }

    private string PyramidPooling(string x)
    {
        var size = layers.Size(x);
        var parts = config.PpmBins.Select((bin, i) =>
        {
            var pooled = layers.AdaptivePool(x, graph.Integers(bin), graph.Integers(bin));
            return layers.Resize(layers.ConvNormRelu(pooled, $"context.branches.{i}", relu: false), size, alignCorners: true);
        });
        return layers.ConvNormRelu(layers.Concat(1, [.. parts, x]), "context.bottleneck");
    }

    private string DeepAggregation(string x)
    {
        (int Kernel, int Stride)[] pools = [(5, 2), (9, 4), (17, 8)];
        var size = layers.Size(x);
        var parts = new string[5];
        parts[0] = NormReluConv(x, "context.scale0");
        for (var i = 1; i < 5; i++)
        {
            var pooled = i == 4 ? layers.Node("GlobalAveragePool", x) : AveragePool(x, pools[i - 1].Kernel, pools[i - 1].Stride);
            var up = layers.Resize(NormReluConv(pooled, $"context.scale{i}"), size, alignCorners: false);
            parts[i] = NormReluConv(layers.Node("Add", up, parts[i - 1]), $"context.process{i}", padding: 1);
        }
        return layers.Node("Add", NormReluConv(layers.Concat(1, parts), "context.compression"), NormReluConv(x, "context.shortcut"));
    }

    private string NormReluConv(string x, string name, int padding = 0) =>
        layers.Conv(layers.Node("Relu", layers.BatchNorm(x, name + ".norm")), name + ".conv", padding: padding);

    private string AveragePool(string x, int kernel, int stride)
    {
        long padding = kernel / 2;
        return graph.Node("AveragePool", [x], ("kernel_shape", new long[] { kernel, kernel }), ("strides", new long[] { stride, stride }),
            ("pads", new[] { padding, padding, padding, padding }), ("count_include_pad", 1L));
    }

    private string Decode(string[] features, string context)
    {
        var outputs = new string[4];
        outputs[3] = context;
        var f = context;
        for (var i = 2; i >= 0; i--)
        {
            var lateral = layers.ConvNormRelu(features[i], $"decoder.lateral{i + 1}");
            var coarse = f;
            f = layers.Node("Add", lateral, graph.In($"align{i + 1}", () => Aligned($"decoder.align{i + 1}", lateral, coarse)));
            outputs[i] = layers.ConvNormRelu(f, $"decoder.side{i + 1}", padding: 1);
        }
        var size = layers.Size(outputs[0]);
        for (var i = 1; i < 4; i++) outputs[i] = layers.Resize(outputs[i], size, alignCorners: true);
        var fused = layers.ConvNormRelu(layers.Concat(1, outputs), "decoder.fusion", padding: 1);
        return layers.Conv(fused, "decoder.classifier");
    }

    private string Aligned(string name, string lateral, string coarse)
    {
        var c = layers.Resize(layers.Conv(coarse, name + ".down_coarse"), layers.Size(lateral), alignCorners: true);
        var flow = layers.Conv(layers.Concat(1, c, layers.Conv(lateral, name + ".down_lateral")), name + ".flow", padding: 1);
        string height = layers.Extent(flow, 2), width = layers.Extent(flow, 3);
        var offsets = graph.Node("Transpose", [flow], ("perm", new long[] { 0, 2, 3, 1 }));
        var relative = layers.Node("Div", offsets, layers.Float(layers.Concat(0, width, height)));
        var shape = layers.Concat(0, height, width, graph.Integers(1));
        var xs = layers.Node("Expand", layers.Node("Unsqueeze", Line(width), graph.Integers(0, 2)), shape);
        var ys = layers.Node("Expand", layers.Node("Unsqueeze", Line(height), graph.Integers(1, 2)), shape);
        var grid = layers.Node("Add", relative, layers.Concat(2, xs, ys));
        return graph.Node("GridSample", [coarse, grid], ("mode", "bilinear"), ("padding_mode", "zeros"), ("align_corners", 1L));
    }

    /// <summary>From -1 to 1 in as many equal steps as the vector of one integer says; -1 alone where it is 1.</summary>
    private string Line(string count)
    {
        var last = layers.Node("Max", layers.Node("Sub", count, graph.Integer(1)), graph.Integers(1));
        var twice = layers.Node("Mul", layers.Float(layers.Range(count)), graph.Scalar(2));
        return layers.Node("Sub", layers.Node("Div", twice, layers.Float(last)), graph.Scalar(1));
    }
}
