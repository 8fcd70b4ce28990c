namespace IlgpuSeg.Nn;

/// <summary>A part of a network: its parameters, buffers and children, under PyTorch's names.</summary>
public abstract class Module
{
    private readonly List<(string Name, Module Module)> children = [];
    private readonly List<Parameter> parameters = [];
    private readonly List<Parameter> buffers = [];
    private ForwardHooks? hooks;

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

    /// <summary>
    /// Calls a function before each forward pass of this module, which may replace what the module takes. Containers that only list other modules
    /// have no forward pass. A checkpointed module's pass runs again in backward, and its hooks with it.
    /// </summary>
    /// <param name="hook">Sees the inputs; images are [N, H, W, C].</param>
    /// <returns>Removes the hook when disposed.</returns>
    public IDisposable RegisterForwardPreHook(ForwardPreHook hook) => (hooks ??= new ForwardHooks()).Add(hook);

    /// <summary>
    /// Calls a function after each forward pass of this module, which may replace what the module gives. A module with hooks computes its result by
    /// itself: what is else fused with the operation after it (a batch norm, an activation, a residual connection) then follows separately.
    /// </summary>
    /// <param name="hook">
    /// Sees inputs and outputs; what is to stay of them must be copied outside of every scope, since inference frees results when they have been
    /// used.
    /// </param>
    /// <returns>Removes the hook when disposed.</returns>
    public IDisposable RegisterForwardHook(ForwardHook hook) => (hooks ??= new ForwardHooks()).Add(hook);

    /// <summary>Whether functions are called around this module's forward pass.</summary>
    public bool HasForwardHooks => hooks is { Any: true };

    /// <summary>Computes a result and calls the hooks around it: the body of a module's Forward.</summary>
    /// <param name="forward">From the input to the result.</param>
    /// <param name="x">The input.</param>
    protected Tensor WithHooks(Func<Tensor, Tensor> forward, Tensor x) =>
        HasForwardHooks ? hooks!.Run(this, inputs => [forward(inputs[0])], [x])[0] : forward(x);

    /// <summary>The same for a module of several inputs or results.</summary>
    /// <param name="forward">From the inputs to the results.</param>
    /// <param name="inputs">The inputs.</param>
    protected IReadOnlyList<Tensor> WithHooks(
        Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> forward, params IReadOnlyList<Tensor> inputs) =>
        HasForwardHooks ? hooks!.Run(this, forward, inputs) : forward(inputs);

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
