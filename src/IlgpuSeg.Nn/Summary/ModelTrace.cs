namespace IlgpuSeg.Nn.Summary;

/// <summary>One layer as a trace saw it.</summary>
/// <param name="Path">Its place, for example "backbone.patch_embed1.proj".</param>
/// <param name="Kind">What it is, for example "Conv 7x7 s4".</param>
/// <param name="Output">The shape of its result, [N, H, W, C].</param>
/// <param name="Parameters">Learned elements.</param>
/// <param name="Macs">Multiply-accumulate operations.</param>
/// <param name="Ops">Operations in the paper's convention (see <see cref="ModelTrace"/>).</param>
public sealed record LayerCost(string Path, string Kind, Shape Output, long Parameters, double Macs, double Ops);

/// <summary>
/// Counts a network's layers for an input size without running it. The paper's convention (it reproduces its tables): a convolution
/// counts its MACs and 1 per output element when it has a bias; BatchNorm 2 per element; ReLU and GELU 1 per element; pooling 1 per
/// input element, except the pooling of F1..F3 to F4's size, which counts 0; LayerNorm, matrix products, softmax, interpolation,
/// warping and element-wise operations 0.
/// </summary>
public sealed class ModelTrace
{
    private readonly List<LayerCost> layers = [];
    private readonly Stack<string> path = [];

    /// <summary>The layers in the order in which they run.</summary>
    public IReadOnlyList<LayerCost> Layers => layers;

    /// <summary>Runs a child's trace under its name.</summary>
    public T Child<T>(string name, Func<T> trace)
    {
        path.Push(name);
        var result = trace();
        path.Pop();
        return result;
    }

    /// <summary>Counts a layer with parameters.</summary>
    public void Add(string kind, Module module, Shape output, double macs, double extraOps) =>
        layers.Add(new LayerCost(Path(null), kind, output, module.ParameterCount, macs, macs + extraOps));

    /// <summary>Counts a learned tensor that belongs to no layer of its own (layer scale, gamma); it costs no operations.</summary>
    public void AddWeight(string name, string kind, Tensor weight, Shape output) =>
        layers.Add(new LayerCost(Path(name), kind, output, weight.Length, 0, 0));

    /// <summary>Counts an activation: 1 per element.</summary>
    public Shape Activation(string kind, Shape x)
    {
        layers.Add(new LayerCost(Path(null), kind, x, 0, 0, x.Length));
        return x;
    }

    /// <summary>Counts a pooling: 1 per input element, or 0 where the convention leaves it out.</summary>
    public Shape Pool(string kind, Shape input, Shape output, bool counted = true)
    {
        layers.Add(new LayerCost(Path(null), kind, output, 0, 0, counted ? input.Length : 0));
        return output;
    }

    /// <summary>Counts a matrix product: MACs, but nothing in the paper's convention.</summary>
    public void MatMul(string kind, Shape output, double macs) => layers.Add(new LayerCost(Path(null), kind, output, 0, macs, 0));

    private string Path(string? name) => string.Join('.', name is null ? path.Reverse() : path.Reverse().Append(name));
}
