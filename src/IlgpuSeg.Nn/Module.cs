namespace IlgpuSeg.Nn;

/// <summary>A part of a network: its parameters, buffers and children, under PyTorch's names.</summary>
public abstract class Module
{
    private readonly List<(string Name, Module Module)> children = [];
    private readonly List<Parameter> parameters = [];
    private readonly List<Parameter> buffers = [];

    /// <summary>Whether the module trains (batch statistics, drop-path, dropout) or infers.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>Switches this module and all below it between training and inference.</summary>
    public void Train(bool training = true)
    {
        Training = training;
        foreach (var (_, child) in children) child.Train(training);
    }

    /// <summary>Every learned tensor below, with its full name, in the order of construction.</summary>
    public IEnumerable<Parameter> NamedParameters() => Collect("", m => m.parameters);

    /// <summary>Every buffer below (BatchNorm's statistics), with its full name.</summary>
    public IEnumerable<Parameter> NamedBuffers() => Collect("", m => m.buffers);

    /// <summary>Parameters and buffers: what a weight file holds.</summary>
    public IEnumerable<Parameter> NamedState() => NamedParameters().Concat(NamedBuffers());

    /// <summary>The children and their names.</summary>
    public IReadOnlyList<(string Name, Module Module)> Children => children;

    /// <summary>The number of learned elements below.</summary>
    public long ParameterCount => NamedParameters().Sum(p => p.Value.Length);

    /// <summary>Frees the gradients of all parameters.</summary>
    public void ZeroGrad()
    {
        foreach (var parameter in NamedParameters()) parameter.Value.ZeroGrad();
    }

    /// <summary>Adds a child.</summary>
    protected T Add<T>(string name, T module)
        where T : Module
    {
        children.Add((name, module));
        return module;
    }

    /// <summary>Adds a learned tensor.</summary>
    protected Tensor AddParameter(string name, Tensor value, WeightLayout layout = WeightLayout.Plain)
    {
        value.RequiresGrad = true;
        value.Name = name;
        parameters.Add(new Parameter(name, value, layout));
        return value;
    }

    /// <summary>Adds a tensor that is saved but not learned.</summary>
    protected Tensor AddBuffer(string name, Tensor value, WeightLayout layout = WeightLayout.Plain)
    {
        value.Name = name;
        buffers.Add(new Parameter(name, value, layout));
        return value;
    }

    private IEnumerable<Parameter> Collect(string prefix, Func<Module, List<Parameter>> select)
    {
        foreach (var parameter in select(this))
            yield return parameter with { Name = prefix + parameter.Name };
        foreach (var (name, child) in children)
        {
            foreach (var parameter in child.Collect($"{prefix}{name}.", select))
                yield return parameter;
        }
    }
}
