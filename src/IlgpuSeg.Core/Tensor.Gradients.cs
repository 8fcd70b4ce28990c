namespace IlgpuSeg;

/// <content>The tensor's side of autograd.</content>
public sealed partial class Tensor
{
    private List<GradientHook>? leafHooks;
    private EscapedGraph? escapedGraph;

    /// <summary>Whether functions wait for the gradient of this leaf.</summary>
    internal bool HasHooks => leafHooks is { Count: > 0 };

    /// <summary>Computes the gradients of this one-element tensor with respect to every leaf that requires them.</summary>
    /// <exception cref="InvalidOperationException">
    /// There is no graph, it was used already, or a tensor that it saved was changed in place since.
    /// </exception>
    public void Backward() => Backward(retainGraph: false);

    /// <summary>Computes the gradients of this one-element tensor, and can keep the graph.</summary>
    /// <param name="retainGraph">Whether what was saved stays, so that backward can be called again.</param>
    /// <exception cref="InvalidOperationException">
    /// There is no graph, it was used already, or a tensor that it saved was changed in place since.
    /// </exception>
    public void Backward(bool retainGraph)
    {
        if (Length != 1)
            throw new ShapeException("Backward", "without a gradient the tensor must hold one element", ("tensor", Shape));
        using var seed = Full(Shape, 1, DType, Device);
        Backward(seed, retainGraph);
    }

    /// <summary>Computes the gradients for a given gradient of this tensor.</summary>
    /// <param name="gradOutput">A tensor of this shape, type and device.</param>
    /// <param name="retainGraph">Whether what was saved stays, so that backward can be called again.</param>
    /// <exception cref="InvalidOperationException">
    /// There is no graph, it was used already, or a tensor that it saved was changed in place since.
    /// </exception>
    public void Backward(Tensor gradOutput, bool retainGraph = false) => Autograd.Backward(this, gradOutput, retainGraph);

    /// <summary>Frees the gradient.</summary>
    public void ZeroGrad()
    {
        Grad?.Dispose();
        Grad = null;
    }

    /// <summary>
    /// Calls a function with this tensor's gradient whenever backward has computed it: for the result of an operation before the gradient
    /// goes on to its operands, for a leaf at the end of the pass, before it is added to <see cref="Grad"/>.
    /// </summary>
    /// <param name="hook">
    /// Sees the gradient, of this shape, and returns another one to take its place or null to leave it. What it computes is not recorded; the
    /// gradient is freed after the call, so what is to stay must be copied outside of every scope.
    /// </param>
    /// <returns>Removes the hook when disposed.</returns>
    /// <exception cref="InvalidOperationException">The tensor requires no gradient.</exception>
    public IDisposable RegisterHook(Func<Tensor, Tensor?> hook)
    {
        if (!RequiresGrad)
            throw new InvalidOperationException($"RegisterHook: {Describe()} requires no gradient, so that none will come.");
        if (GradNode is { } node)
        {
            var inner = new GradientHook(Describe(), hook, node.Remove);
            node.Add(inner);
            return inner;
        }
        var leaf = new GradientHook(Describe(), hook, h => leafHooks!.Remove(h));
        (leafHooks ??= []).Add(leaf);
        return leaf;
    }

    /// <summary>Calls an action with this tensor's gradient whenever backward has computed it, and leaves the gradient as it is.</summary>
    /// <inheritdoc cref="RegisterHook(Func{Tensor, Tensor})"/>
    public IDisposable RegisterHook(Action<Tensor> hook) => RegisterHook(gradient =>
    {
        hook(gradient);
        return null;
    });

    /// <summary>Makes backward leave the gradient of an operation's result in <see cref="Grad"/> too, as it does for leaves.</summary>
    /// <exception cref="InvalidOperationException">The tensor requires no gradient.</exception>
    public void RetainGrad()
    {
        if (GradNode is null && RequiresGrad) return;
        RegisterHook(gradient =>
        {
            // Nobody could free the gradient of a tensor that is gone.
            if (disposed) return;
            var copy = gradient.CloneUnscoped();
            if (Grad is { } before)
            {
                using var noGrad = Autograd.NoGrad();
                using var scope = new TensorScope();
                copy.CopyFrom(Ops.Add.Apply(before, copy));
            }
            ZeroGrad();
            Grad = copy;
        });
    }

    /// <summary>A leaf's gradient, seen and perhaps replaced by its hooks.</summary>
    internal Tensor ApplyHooks(Tensor gradient)
    {
        foreach (var hook in leafHooks!.ToArray()) gradient = hook.Apply(gradient);
        return gradient;
    }

    /// <summary>Makes this tensor one of those whose end frees a graph.</summary>
    internal void Own(EscapedGraph graph)
    {
        if (disposed) graph.Leave();
        else escapedGraph = graph;
    }

    internal void SetGradNode(Node node)
    {
        GradNode = node;
        requiresGrad = true;
    }
}
