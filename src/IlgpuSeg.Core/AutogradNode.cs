using IlgpuSeg.Memory;

namespace IlgpuSeg;

/// <summary>One operation of the graph.</summary>
internal sealed class Node
{
    private readonly Tensor[] saved;
    private readonly int[] versions;
    private readonly Storage[] held;
    private readonly List<GradientHook> hooks = [];
    private Func<Tensor, Tensor?[]>? backward;
    private Func<Tensor>? recompute;
    private bool released;
    private bool scopeEnded;

    /// <summary>An operation whose gradient is a function.</summary>
    public Node(string op, Shape outputShape, Tensor?[] inputs, Func<Tensor, Tensor?[]> backward, Tensor[] saved)
        : this(op, outputShape, inputs, saved) => this.backward = backward;

    /// <summary>A block whose graph is made when backward comes to it.</summary>
    public Node(string op, Shape outputShape, Tensor[] inputs, Func<Tensor> recompute)
        : this(op, outputShape, inputs, inputs) => this.recompute = recompute;

    private Node(string op, Shape outputShape, Tensor?[] inputs, Tensor[] saved)
    {
        Op = op;
        OutputShape = outputShape;
        Inputs = inputs;
        this.saved = saved;
        versions = Array.ConvertAll(saved, t => t.Version);
        held = Array.ConvertAll(saved, t => t.HoldElements());
    }

    public string Op { get; }

    public Shape OutputShape { get; }

    public Tensor?[] Inputs { get; }

    /// <summary>Whether this is a block to compute anew.</summary>
    public bool IsCheckpoint => recompute is not null;

    public void Add(GradientHook hook) => hooks.Add(hook);

    public void Remove(GradientHook hook) => hooks.Remove(hook);

    /// <summary>The result's gradient, seen and perhaps replaced by its hooks.</summary>
    public Tensor ApplyHooks(Tensor gradient)
    {
        foreach (var hook in hooks.ToArray()) gradient = hook.Apply(gradient);
        return gradient;
    }

    /// <summary>The inputs' gradients.</summary>
    /// <exception cref="InvalidOperationException">The node was used already, or a saved tensor has changed.</exception>
    public Tensor?[] Backward(Tensor gradOutput)
    {
        Verify();
        var gradients = backward!(gradOutput);
        if (gradients.Length != Inputs.Length)
            throw new InvalidOperationException($"Backward of {Op} returned {gradients.Length} gradients for {Inputs.Length} inputs.");
        for (var i = 0; i < gradients.Length; i++) Check(gradients[i], Inputs[i]);
        return gradients;
    }

    /// <summary>The block's result, with its graph.</summary>
    /// <exception cref="InvalidOperationException">The node was used already, or an input has changed.</exception>
    public Tensor Recompute()
    {
        Verify();
        return recompute!();
    }

    /// <summary>Lets go of what was saved.</summary>
    /// <param name="endOfScope">Whether because the scope of the forward pass has ended, not because backward is through.</param>
    public void Release(bool endOfScope = false)
    {
        if (released) return;
        released = true;
        scopeEnded = endOfScope;
        backward = null;
        recompute = null;
        foreach (var storage in held) storage.Release();
    }

    private void Verify()
    {
        if (released && scopeEnded)
            throw new InvalidOperationException($"Backward through {Op}: the TensorScope of the forward pass has ended, and what was saved with it.");
        if (released)
        {
            throw new InvalidOperationException(
                $"Backward through {Op} a second time: what it had saved is freed by the first. Run the forward pass again, or keep the graph the first time (retainGraph).");
        }
        for (var i = 0; i < saved.Length; i++)
        {
            if (saved[i].Version != versions[i])
            {
                throw new InvalidOperationException(
                    $"Backward through {Op}: {saved[i].Describe()}, which it had saved, was changed in place since the forward pass.");
            }
        }
    }

    private void Check(Tensor? gradient, Tensor? input)
    {
        if (gradient is null || input is null) return;
        var op = $"Backward of {Op}";
        if (gradient.Shape != input.Shape)
            throw new ShapeException(op, "a gradient must have its input's shape", ("input", input.Shape), ("gradient", gradient.Shape));
        OpCheck.SameDType(op, input, gradient);
        OpCheck.SameDevice(op, input, gradient);
    }
}

/// <summary>A function that sees a tensor's gradient during backward; registered until it is disposed.</summary>
internal sealed class GradientHook(string tensor, Func<Tensor, Tensor?> hook, Action<GradientHook> remove) : IDisposable
{
    public Tensor Apply(Tensor gradient)
    {
        if (hook(gradient) is not { } replaced) return gradient;
        var op = $"The gradient hook of {tensor}";
        if (replaced.Shape != gradient.Shape)
            throw new ShapeException(op, "what it returns must have the gradient's shape", ("gradient", gradient.Shape), ("returned", replaced.Shape));
        OpCheck.SameDType(op, gradient, replaced);
        OpCheck.SameDevice(op, gradient, replaced);
        return replaced;
    }

    public void Dispose() => remove(this);
}
