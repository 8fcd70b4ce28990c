namespace IlgpuSeg.Nn;

/// <summary>Sees, and may replace, the tensors that a module takes.</summary>
/// <param name="module">The module.</param>
/// <param name="inputs">What it is called with.</param>
/// <returns>As many tensors to take their place; null to leave them.</returns>
public delegate IReadOnlyList<Tensor>? ForwardPreHook(Module module, IReadOnlyList<Tensor> inputs);

/// <summary>Sees, and may replace, the tensors that a module gives.</summary>
/// <param name="module">The module.</param>
/// <param name="inputs">What it was called with, perhaps replaced by pre-hooks.</param>
/// <param name="outputs">What it computed.</param>
/// <returns>As many tensors to take their place; null to leave them.</returns>
public delegate IReadOnlyList<Tensor>? ForwardHook(Module module, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor> outputs);

/// <summary>The functions that are called around a module's forward pass, in the order in which they were registered.</summary>
internal sealed class ForwardHooks
{
    private readonly List<ForwardPreHook> before = [];
    private readonly List<ForwardHook> after = [];

    public bool Any => before.Count + after.Count > 0;

    public IDisposable Add(ForwardPreHook hook) => Added(before, hook);

    public IDisposable Add(ForwardHook hook) => Added(after, hook);

    public IReadOnlyList<Tensor> Run(Module module, Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> forward, IReadOnlyList<Tensor> inputs)
    {
        // Copies: a hook may remove itself.
        foreach (var hook in before.ToArray())
            inputs = Replaced(module, "takes", inputs, hook(module, inputs));
        var outputs = forward(inputs);
        foreach (var hook in after.ToArray())
            outputs = Replaced(module, "gives", outputs, hook(module, inputs, outputs));
        return outputs;
    }

    private static IReadOnlyList<Tensor> Replaced(Module module, string verb, IReadOnlyList<Tensor> tensors, IReadOnlyList<Tensor>? replaced)
    {
        if (replaced is null) return tensors;
        if (replaced.Count == tensors.Count) return replaced;
        throw new InvalidOperationException(
            $"A forward hook returned {replaced.Count} tensors; {module.GetType().Name} {verb} {tensors.Count}.");
    }

    private static Registration<THook> Added<THook>(List<THook> hooks, THook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        var registration = new Registration<THook>(hooks, hook);
        hooks.Add(hook);
        return registration;
    }

    private sealed class Registration<THook>(List<THook> hooks, THook hook) : IDisposable
    {
        private bool removed;

        public void Dispose()
        {
            if (!removed) hooks.Remove(hook);
            removed = true;
        }
    }
}
