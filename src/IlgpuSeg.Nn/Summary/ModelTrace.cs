namespace IlgpuSeg.Nn.Summary;

/// <summary>One layer as a trace saw it.</summary>
/// <param name="Path">Its place, for example "backbone.patch_embed1.proj".</param>
/// <param name="Kind">What it is, for example "Conv 7x7 s4".</param>
/// <param name="Output">The shape of its result, [N, H, W, C].</param>
/// <param name="Parameters">Learned elements.</param>
/// <param name="Macs">Multiply-accumulate operations.</param>
/// <param name="Ops">Operations in the paper's convention (see <see cref="ModelTrace"/>).</param>
/// <param name="Stored">Elements of the result that lie in memory: all, or 0 where the result exists only inside a fused operation.</param>
public sealed record LayerCost(string Path, string Kind, Shape Output, long Parameters, double Macs, double Ops, long Stored);

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
    private long live;

    /// <summary>Starts a count.</summary>
    /// <param name="input">The network's input, [N, H, W, C]; it stays in memory throughout.</param>
    public ModelTrace(Shape input) => TrainingActivations = PeakActivations = live = input.Length;

    /// <summary>The layers in the order in which they run; element-wise steps, which count no operations, among them.</summary>
    public IReadOnlyList<LayerCost> Layers => layers;

    /// <summary>
    /// Elements of activations in training: the input and every layer's result, all of them kept for the backward pass. An upper bound:
    /// operations whose gradient does not need their input let it go. Gradients and the masks of drop-path and dropout come on top.
    /// </summary>
    public long TrainingActivations { get; private set; }

    /// <summary>
    /// The largest number of elements that are alive together in inference: a module's inner results live until it returns, its own
    /// result until the module around it returns. Workspaces come on top; layers that are fused need less.
    /// </summary>
    public long PeakActivations { get; private set; }

    /// <summary>Runs a child's trace under its name; of its results only the last one stays alive.</summary>
    public Shape Child(string name, Func<Shape> trace) => Named(name, () => Scope(trace));

    /// <summary>Runs a child's trace under its name; of its results only those that it returns stay alive.</summary>
    public Shape[] Child(string name, Func<Shape[]> trace) => Named(name, () => Scope(trace, shapes => shapes.Sum(s => s.Length)));

    /// <summary>Runs a part of a trace; of its results only the last one stays alive.</summary>
    public Shape Scope(Func<Shape> trace) => Scope(trace, shape => shape.Length);

    /// <summary>Counts a layer with parameters.</summary>
    public void Add(string kind, Module module, Shape output, double macs, double extraOps) =>
        Add(new LayerCost(Path(null), kind, output, module.ParameterCount, macs, macs + extraOps, output.Length));

    /// <summary>Counts a learned tensor that belongs to no layer of its own (layer scale, gamma); it costs no operations.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="kind">What it does.</param>
    /// <param name="weight">The tensor.</param>
    /// <param name="output">The shape of the result.</param>
    /// <param name="stored">Whether the result lies in memory, rather than inside a fused operation.</param>
    public void AddWeight(string name, string kind, Tensor weight, Shape output, bool stored = true) =>
        Add(new LayerCost(Path(name), kind, output, weight.Length, 0, 0, stored ? output.Length : 0));

    /// <summary>Counts an activation: 1 per element.</summary>
    public Shape Activation(string kind, Shape x)
    {
        Add(new LayerCost(Path(null), kind, x, 0, 0, x.Length, x.Length));
        return x;
    }

    /// <summary>Counts a pooling: 1 per input element, or 0 where the convention leaves it out.</summary>
    public Shape Pool(string kind, Shape input, Shape output, bool counted = true)
    {
        Add(new LayerCost(Path(null), kind, output, 0, 0, counted ? input.Length : 0, output.Length));
        return output;
    }

    /// <summary>Counts a matrix product inside the fused attention: MACs, but nothing in the paper's convention, and no memory.</summary>
    public void MatMul(string kind, Shape output, double macs) => Add(new LayerCost(Path(null), kind, output, 0, macs, 0, 0));

    /// <summary>Notes a step that costs memory only: element-wise, concatenation, interpolation, warping.</summary>
    public Shape Step(string kind, Shape output)
    {
        Add(new LayerCost(Path(null), kind, output, 0, 0, 0, output.Length));
        return output;
    }

    private void Add(LayerCost layer)
    {
        layers.Add(layer);
        TrainingActivations += layer.Stored;
        live += layer.Stored;
        PeakActivations = Math.Max(PeakActivations, live);
    }

    private T Named<T>(string name, Func<T> trace)
    {
        path.Push(name);
        var result = trace();
        path.Pop();
        return result;
    }

    private T Scope<T>(Func<T> trace, Func<T, long> kept)
    {
        var before = live;
        var result = trace();
        live = before + kept(result);
        return result;
    }

    private string Path(string? name) => string.Join('.', name is null ? path.Reverse() : path.Reverse().Append(name));
}
