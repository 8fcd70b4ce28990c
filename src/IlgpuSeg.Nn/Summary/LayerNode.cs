namespace IlgpuSeg.Nn.Summary;

/// <summary>A module or a layer in the tree of a network.</summary>
public sealed class LayerNode
{
    private readonly List<LayerNode> children = [];

    private LayerNode(string name, LayerCost? layer) => (Name, Layer) = (name, layer);

    /// <summary>The name in its module; a layer without a name of its own has its kind.</summary>
    public string Name { get; }

    /// <summary>The layer; null for a module that consists of others.</summary>
    public LayerCost? Layer { get; }

    /// <summary>The parts, in the order in which they first run.</summary>
    public IReadOnlyList<LayerNode> Children => children;

    /// <summary>Learned elements of this and all below.</summary>
    public long Parameters => (Layer?.Parameters ?? 0) + children.Sum(c => c.Parameters);

    /// <summary>Multiply-accumulate operations of this and all below.</summary>
    public double Macs => (Layer?.Macs ?? 0) + children.Sum(c => c.Macs);

    /// <summary>Operations in the paper's convention of this and all below.</summary>
    public double Ops => (Layer?.Ops ?? 0) + children.Sum(c => c.Ops);

    /// <summary>The shape of the result: a module's is that of its last part.</summary>
    public Shape Output => Layer?.Output ?? children[^1].Output;

    /// <summary>Builds the tree of a trace.</summary>
    /// <param name="name">The root's name.</param>
    /// <param name="layers">The layers in the order in which they run.</param>
    public static LayerNode Build(string name, IEnumerable<LayerCost> layers)
    {
        var root = new LayerNode(name, null);
        foreach (var layer in layers)
        {
            var names = layer.Path == "" ? [] : layer.Path.Split('.');
            // A layer with weights bears its own name; steps between (activations, sums) stand under the module they run in.
            if (layer.Parameters == 0) names = [.. names, layer.Kind];
            var parent = names[..^1].Aggregate(root, (node, part) => node.Child(part));
            parent.children.Add(new LayerNode(names[^1], layer));
        }
        return root;
    }

    private LayerNode Child(string name)
    {
        if (children.Find(c => c.Name == name && c.Layer is null) is { } found) return found;
        children.Add(new LayerNode(name, null));
        return children[^1];
    }
}
