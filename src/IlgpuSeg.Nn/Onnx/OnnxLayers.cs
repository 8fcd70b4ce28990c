namespace IlgpuSeg.Nn.Onnx;

/// <summary>The layers in ONNX's terms, images as [N, C, H, W], weights in PyTorch's layouts under the network's own names.</summary>
/// <param name="graph">Receives the nodes.</param>
/// <param name="weights">All of the network's tensors, by name.</param>
/// <param name="config">The network's settings.</param>
/// <param name="fold">Whether a BatchNorm that follows or precedes a convolution directly disappears in its weights.</param>
internal sealed class OnnxLayers(OnnxGraph graph, IReadOnlyDictionary<string, OnnxLayers.Weight> weights, NetworkConfig config, bool fold)
{
    /// <summary>A tensor in PyTorch's layout.</summary>
    public sealed record Weight(long[] Shape, double[] Values, bool Depthwise);

    public OnnxGraph Graph => graph;

    public NetworkConfig Config => config;

    public string Node(string op, params string[] inputs) => graph.Node(op, inputs);

    /// <summary>A convolution, with the BatchNorm after it where there is one.</summary>
    public string Conv(string x, string name, int stride = 1, int padding = 0, int dilation = 1, string? norm = null)
    {
        var weight = weights[name + ".weight"];
        var bias = weights.TryGetValue(name + ".bias", out var b) ? b.Values : null;
        if (norm is null || !fold)
        {
            var y = Conv(x, name, weight, bias, stride, padding, dilation);
            return norm is null ? y : BatchNorm(y, norm);
        }
        var (scale, shift) = Affine(norm);
        var perOutput = weight.Values.Length / scale.Length;
        var folded = weight.Values.Select((v, i) => v * scale[i / perOutput]).ToArray();
        return Conv(x, name, weight with { Values = folded }, [.. shift.Select((s, o) => s + scale[o] * (bias?[o] ?? 0))], stride, padding, dilation);
    }

    /// <summary>BatchNorm, then a 1x1 convolution: without padding, the norm can disappear in the weights.</summary>
    public string NormConv(string x, string norm, string name)
    {
        if (!fold) return Conv(BatchNorm(x, norm), name);
        var weight = weights[name + ".weight"];
        var (scale, shift) = Affine(norm);
        int inputs = scale.Length, outputs = (int)weight.Shape[0];
        var bias = (double[])weights[name + ".bias"].Values.Clone();
        for (var o = 0; o < outputs; o++)
        for (var i = 0; i < inputs; i++)
            bias[o] += weight.Values[o * inputs + i] * shift[i];
        var folded = weight.Values.Select((v, index) => v * scale[index % inputs]).ToArray();
        return Conv(x, name, weight with { Values = folded }, bias, 1, 0, 1);
    }

    public string ConvNormRelu(string x, string name, int padding = 0, bool relu = true)
    {
        var y = Conv(x, name + ".conv", padding: padding, norm: name + ".norm");
        return relu ? Node("Relu", y) : y;
    }

    public string BatchNorm(string x, string name) => graph.Node("BatchNormalization",
        [x, Tensor(name + ".weight"), Tensor(name + ".bias"), Tensor(name + ".running_mean"), Tensor(name + ".running_var")],
        ("epsilon", (float)config.BnEps));

    public string LayerNorm(string x, string name)
    {
        var last = graph.Node("Transpose", [x], ("perm", new long[] { 0, 2, 3, 1 }));
        var y = graph.Node("LayerNormalization", [last, Tensor(name + ".weight"), Tensor(name + ".bias")], ("axis", -1L), ("epsilon", (float)config.LnEps));
        return graph.Node("Transpose", [y], ("perm", new long[] { 0, 3, 1, 2 }));
    }

    /// <summary>The exact GELU; ONNX has an operator of its own for it from opset 20 on.</summary>
    public string Gelu(string x)
    {
        var erf = Node("Erf", Node("Mul", x, graph.Scalar(Math.Sqrt(0.5))));
        return Node("Mul", Node("Mul", x, Node("Add", erf, graph.Scalar(1))), graph.Scalar(0.5));
    }

    /// <summary>A factor per channel.</summary>
    public string ChannelScale(string x, string name) => Node("Mul", x, graph.Weight(name, [weights[name].Values.Length, 1, 1], Floats(weights[name].Values)));

    /// <summary>A tensor of the network as it is.</summary>
    public string Tensor(string name) => graph.Weight(name, weights[name].Shape, Floats(weights[name].Values));

    public string Concat(int axis, params string[] xs) => graph.Node("Concat", xs, ("axis", (long)axis));

    /// <summary>One extent of a value's shape, as a vector of one integer.</summary>
    public string Extent(string x, int axis) => graph.Node("Shape", [x], ("start", (long)axis), ("end", axis + 1L));

    /// <summary>Height and width of a value, as a vector of two integers.</summary>
    public string Size(string x) => graph.Node("Shape", [x], ("start", 2L), ("end", 4L));

    public string Resize(string x, string size, bool alignCorners)
    {
        var sizes = Concat(0, graph.Node("Shape", [x], ("start", 0L), ("end", 2L)), size);
        return graph.Node("Resize", [x, "", "", sizes],
            ("mode", "linear"), ("coordinate_transformation_mode", alignCorners ? "align_corners" : "pytorch_half_pixel"));
    }

    /// <summary>Adaptive average pooling to a size: a product with a matrix of averages on either axis, since ONNX has no such operator.</summary>
    public string AdaptivePool(string x, string height, string width)
    {
        var columns = Node("MatMul", x, graph.Node("Transpose", [Averages(Extent(x, 3), width)], ("perm", new long[] { 1, 0 })));
        return Node("MatMul", Averages(Extent(x, 2), height), columns);
    }

    /// <summary>Row i averages from floor(i n / o) to ceil((i + 1) n / o): [o, n].</summary>
    private string Averages(string n, string o)
    {
        var row = Node("Unsqueeze", Range(o), graph.Integers(1));
        var start = Node("Div", Node("Mul", row, n), o);
        var next = Node("Add", Node("Mul", Node("Add", row, graph.Integer(1)), n), Node("Sub", o, graph.Integer(1)));
        var end = Node("Div", next, o);
        var column = Node("Unsqueeze", Range(n), graph.Integers(0));
        var inside = Node("And", Node("GreaterOrEqual", column, start), Node("Less", column, end));
        return Node("Div", Float(inside), Float(Node("Sub", end, start)));
    }

    /// <summary>0, 1 ... up to a vector of one integer.</summary>
    public string Range(string count) => Node("Range", graph.Integer(0), Node("Squeeze", count, graph.Integers(0)), graph.Integer(1));

    /// <summary>Integers or truth values as floats.</summary>
    public string Float(string x) => graph.Node("Cast", [x], ("to", 1L));

    private string Conv(string x, string name, Weight weight, double[]? bias, int stride, int padding, int dilation)
    {
        string[] inputs = [x, graph.Weight(name + ".weight", weight.Shape, Floats(weight.Values))];
        if (bias is not null) inputs = [.. inputs, graph.Weight(name + ".bias", [bias.Length], Floats(bias))];
        var groups = weight.Depthwise ? weight.Shape[0] : 1;
        return graph.Node("Conv", inputs,
            ("kernel_shape", new[] { weight.Shape[2], weight.Shape[3] }), ("strides", new long[] { stride, stride }),
            ("pads", new long[] { padding, padding, padding, padding }), ("dilations", new long[] { dilation, dilation }), ("group", groups));
    }

    private (double[] Scale, double[] Shift) Affine(string norm)
    {
        double[] mean = weights[norm + ".running_mean"].Values, variance = weights[norm + ".running_var"].Values, bias = weights[norm + ".bias"].Values;
        var scale = weights[norm + ".weight"].Values.Select((w, c) => w / Math.Sqrt(variance[c] + config.BnEps)).ToArray();
        return (scale, [.. bias.Select((b, c) => b - mean[c] * scale[c])]);
    }

    private static float[] Floats(double[] values) => Array.ConvertAll(values, v => (float)v);
}
