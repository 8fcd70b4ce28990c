using System.Runtime.InteropServices;

namespace IlgpuSeg.Nn.Onnx;

/// <summary>
/// An ONNX graph in the making (IR version 8, opset 17): nodes in execution order, initializers, inputs and outputs. Values are named by
/// strings; every node has one output, whose name it returns.
/// </summary>
internal sealed class OnnxGraph(string name)
{
    private const int IrVersion = 8, Opset = 17;
    private const int FloatType = 1, Int64Type = 7;

    private readonly ProtoMessage graph = new();
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> constants = new(StringComparer.Ordinal);
    private string scope = "";

    /// <summary>Names the nodes that a part adds after the module they stand for.</summary>
    public T In<T>(string module, Func<T> build)
    {
        var outer = scope;
        scope = $"{scope}{module}/";
        var result = build();
        scope = outer;
        return result;
    }

    /// <summary>Adds a node.</summary>
    /// <param name="op">The operator, of the default domain.</param>
    /// <param name="inputs">Values; an empty name leaves an optional input out.</param>
    /// <param name="attributes">Names with a long, a float, a string or a long[].</param>
    /// <returns>The output's name.</returns>
    public string Node(string op, string[] inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var output = Unique(scope + op);
        var node = new ProtoMessage();
        foreach (var input in inputs) node.Text(1, input);
        node.Text(2, output).Text(3, output).Text(4, op);
        foreach (var (attribute, value) in attributes) node.Message(5, Attribute(attribute, value));
        graph.Message(1, node);
        return output;
    }

    /// <summary>Adds a weight under its own name.</summary>
    public string Weight(string weight, ReadOnlySpan<long> shape, ReadOnlySpan<float> values)
    {
        if (!names.Add(weight)) throw new InvalidOperationException($"The graph has two values named {weight}.");
        graph.Message(5, Tensor(weight, FloatType, shape, MemoryMarshal.AsBytes(values)));
        return weight;
    }

    /// <summary>A float constant; equal ones are shared.</summary>
    public string Scalar(double value) => Constant($"float_{value:R}", FloatType, [], MemoryMarshal.AsBytes<float>([(float)value]));

    /// <summary>A vector of integers; equal ones are shared.</summary>
    public string Integers(params long[] values) =>
        Constant($"int64_{string.Join('_', values)}", Int64Type, [values.Length], MemoryMarshal.AsBytes<long>(values));

    /// <summary>A single integer; equal ones are shared.</summary>
    public string Integer(long value) => Constant($"int64_scalar_{value}", Int64Type, [], MemoryMarshal.AsBytes<long>([value]));

    /// <summary>Declares an input of floats; a dimension is a number or, for any size, a name.</summary>
    public void Input(string value, params object[] dimensions) => graph.Message(11, ValueInfo(value, dimensions));

    /// <summary>Declares a node's value as an output, under a name of its own.</summary>
    public void Output(string from, string value, params object[] dimensions)
    {
        graph.Message(1, new ProtoMessage().Text(1, from).Text(2, value).Text(3, value).Text(4, "Identity"));
        graph.Message(12, ValueInfo(value, dimensions));
    }

    /// <summary>The whole model.</summary>
    public ProtoMessage ToModel(string documentation, IReadOnlyDictionary<string, string> metadata)
    {
        var model = new ProtoMessage().Integer(1, IrVersion).Text(2, "ilgpuseg").Text(6, documentation);
        model.Message(7, graph.Text(2, name));
        model.Message(8, new ProtoMessage().Text(1, "").Integer(2, Opset));
        foreach (var (key, value) in metadata) model.Message(14, new ProtoMessage().Text(1, key).Text(2, value));
        return model;
    }

    private string Constant(string key, int type, ReadOnlySpan<long> shape, ReadOnlySpan<byte> bytes)
    {
        if (constants.TryGetValue(key, out var known)) return known;
        var constant = constants[key] = Unique($"constant/{key}");
        graph.Message(5, Tensor(constant, type, shape, bytes));
        return constant;
    }

    private string Unique(string wanted)
    {
        var unique = wanted;
        for (var i = 1; !names.Add(unique); i++) unique = $"{wanted}_{i}";
        return unique;
    }

    private static ProtoMessage Tensor(string name, int type, ReadOnlySpan<long> shape, ReadOnlySpan<byte> bytes) =>
        new ProtoMessage().Integers(1, shape.ToArray()).Integer(2, type).Text(8, name).Bytes(9, bytes);

    private static ProtoMessage ValueInfo(string name, object[] dimensions)
    {
        var shape = new ProtoMessage();
        foreach (var dimension in dimensions)
            shape.Message(1, dimension is string any ? new ProtoMessage().Text(2, any) : new ProtoMessage().Integer(1, (int)dimension));
        var tensor = new ProtoMessage().Integer(1, FloatType).Message(2, shape);
        return new ProtoMessage().Text(1, name).Message(2, new ProtoMessage().Message(1, tensor));
    }

    private static ProtoMessage Attribute(string name, object value)
    {
        var attribute = new ProtoMessage().Text(1, name);
        return value switch
        {
            float number => attribute.Float(2, number).Integer(20, 1),
            long number => attribute.Integer(3, number).Integer(20, 2),
            string text => attribute.Text(4, text).Integer(20, 3),
            long[] numbers => attribute.Integers(8, numbers).Integer(20, 7),
            _ => throw new ArgumentException($"Attribute {name} is a {value.GetType().Name}."),
        };
    }
}
