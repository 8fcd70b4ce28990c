namespace IlgpuSeg;

/// <summary>
/// Trades time for memory: what a block's operations save for backward is not kept but computed anew when backward comes to the block
/// (Chen et al., "Training deep nets with sublinear memory cost", 2016; PyTorch's torch.utils.checkpoint). Gradients and weights are the
/// same bits as without.
/// </summary>
public static class ActivationCheckpoint
{
    private const string Op = "ActivationCheckpoint";

    [ThreadStatic]
    private static bool recomputing;

    /// <summary>
    /// Whether a block is being computed a second time on this thread. What a forward pass does to the outside (a norm's running
    /// statistics, counters) must be left undone then.
    /// </summary>
    public static bool IsRecomputing => recomputing;

    /// <summary>Runs a block of one input.</summary>
    /// <inheritdoc cref="Run(Func{Tensor[], Tensor}, Tensor[], Philox[])"/>
    /// <param name="block">The block.</param>
    /// <param name="x">Its input.</param>
    /// <param name="generators">Random generators that the block draws from.</param>
    public static Tensor Run(Func<Tensor, Tensor> block, Tensor x, params Philox[] generators) =>
        Run(inputs => block(inputs[0]), [x], generators);

    /// <summary>Runs a block; without recording (<see cref="Autograd.NoGrad"/>) just that.</summary>
    /// <param name="block">
    /// A function of its inputs and of leaves (parameters), which computes the same when it is called again. Other tensors that have been
    /// computed with a gradient must be among the inputs.
    /// </param>
    /// <param name="inputs">The block's inputs; they must stay unchanged until backward.</param>
    /// <param name="generators">Random generators that the block draws from: the second run draws the same numbers.</param>
    /// <returns>The block's result.</returns>
    /// <exception cref="InvalidOperationException">The block takes a tensor that is part of the graph but not among the inputs.</exception>
    public static Tensor Run(Func<Tensor[], Tensor> block, Tensor[] inputs, params Philox[] generators)
    {
        if (!Autograd.Enabled) return block(inputs);
        var positions = Array.ConvertAll(generators, g => g.Position);
        var mixed = Autocast.Enabled;
        using var scope = new TensorScope();
        Tensor output;
        CheckpointRecord record;
        using (Autograd.NoGrad())
        using (record = new CheckpointRecord(inputs))
            // Detached, so that a block that returns an input or a parameter still gives a tensor of its own.
            output = block(inputs).Detach();
        scope.Keep(output);
        if (!record.Differentiable && !Array.Exists(inputs, x => x.RequiresGrad)) return output;
        var shape = output.Shape;
        return Autograd.Attach(output, new Node(Op, shape, inputs, () =>
        {
            record.VerifyLeaves();
            using var precision = new Autocast(mixed);
            return Again(block, inputs, generators, positions, shape);
        }));
    }

    private static Tensor Again(Func<Tensor[], Tensor> block, Tensor[] inputs, Philox[] generators, ulong[] positions, Shape shape)
    {
        var now = Array.ConvertAll(generators, g => g.Position);
        var nested = recomputing;
        recomputing = true;
        try
        {
            for (var i = 0; i < generators.Length; i++) generators[i].Position = positions[i];
            using var grad = Autograd.EnableGrad();
            var output = block(inputs);
            if (output.Shape != shape)
                throw new ShapeException(Op, "the block must compute the same again", ("first", shape), ("second", output.Shape));
            // An input or a parameter has no node of the block's own; a reshape gives it one.
            return Array.IndexOf(inputs, output) >= 0 || output.GradNode is null ? output.Reshape(shape) : output;
        }
        finally
        {
            recomputing = nested;
            for (var i = 0; i < generators.Length; i++) generators[i].Position = now[i];
        }
    }
}

/// <summary>What the first run of a block takes from outside.</summary>
internal sealed class CheckpointRecord : IDisposable
{
    [ThreadStatic]
    private static CheckpointRecord? current;

    private readonly CheckpointRecord? outer = current;
    private readonly int depth = Autograd.Depth;
    private readonly Tensor[] inputs;
    private readonly Dictionary<Tensor, int> leaves = [];

    public CheckpointRecord(Tensor[] inputs)
    {
        this.inputs = inputs;
        current = this;
    }

    /// <summary>The block that runs on this thread; null where none does.</summary>
    public static CheckpointRecord? Current => current;

    /// <summary>Whether an operation took a tensor that requires a gradient.</summary>
    public bool Differentiable { get; private set; }

    /// <summary>Hears of an operation inside the block.</summary>
    /// <exception cref="InvalidOperationException">It takes a tensor of the graph that is no input of the block.</exception>
    public void See(string op, Tensor?[] operands)
    {
        // Where the block itself turns recording off, the second run has no gradients either.
        if (Autograd.Depth != depth) return;
        foreach (var operand in operands)
        {
            if (operand is not { RequiresGrad: true }) continue;
            Differentiable = true;
            if (Array.IndexOf(inputs, operand) >= 0) continue;
            if (operand.GradNode is { } node)
            {
                throw new InvalidOperationException(
                    $"ActivationCheckpoint: {op} inside the block takes {operand.Describe()}, the result of {node.Op} outside; it must be one of the block's inputs.");
            }
            leaves.TryAdd(operand, operand.Version);
        }
    }

    /// <summary>Refuses to compute anew with other parameters.</summary>
    /// <exception cref="InvalidOperationException">A leaf has changed since the first run.</exception>
    public void VerifyLeaves()
    {
        foreach (var (leaf, version) in leaves)
        {
            if (leaf.Version != version)
            {
                throw new InvalidOperationException(
                    $"ActivationCheckpoint: {leaf.Describe()}, which the block takes, was changed in place since the forward pass.");
            }
        }
    }

    public void Dispose() => current = outer;
}
