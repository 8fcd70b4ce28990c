using IlgpuSeg.Kernels;
using IlgpuSeg.Memory;

namespace IlgpuSeg;

/// <summary>Reverse-mode differentiation: operations record how their gradient is computed, backward walks the records.</summary>
public static class Autograd
{
    [ThreadStatic]
    private static int disabled;

    /// <summary>Whether operations on this thread record their gradients.</summary>
    public static bool Enabled => disabled == 0;

    /// <summary>Turns recording off on this thread until the result is disposed.</summary>
    public static IDisposable NoGrad() => new NoGradScope();

    /// <summary>Puts an operation's result into the graph, when recording is on and an input requires a gradient.</summary>
    /// <param name="op">The operation's name, for messages.</param>
    /// <param name="output">The result.</param>
    /// <param name="inputs">The differentiable inputs; null where an optional one is absent.</param>
    /// <param name="backward">
    /// From the gradient of the result to those of the inputs: null where the input is null or needs none. It may return its argument.
    /// </param>
    /// <param name="saved">Every tensor that <paramref name="backward"/> reads; it stays alive, and must stay unchanged, until then.</param>
    /// <returns><paramref name="output"/>.</returns>
    public static Tensor Record(string op, Tensor output, Tensor?[] inputs, Func<Tensor, Tensor?[]> backward, params Tensor[] saved)
    {
        if (!Enabled || !Array.Exists(inputs, t => t is { RequiresGrad: true }))
            return output;
        var node = new Node(op, output.Shape, inputs, backward, saved);
        output.SetGradNode(node);
        TensorScope.Register(node);
        return output;
    }

    internal static void Backward(Tensor root, Tensor gradOutput)
    {
        if (!root.RequiresGrad)
            throw new InvalidOperationException($"Backward: {root.Describe()} does not depend on any tensor that requires a gradient.");
        if (gradOutput.Shape != root.Shape)
            throw new ShapeException("Backward", "the gradient must have the tensor's shape", ("tensor", root.Shape), ("gradient", gradOutput.Shape));
        OpCheck.SameDType("Backward", root, gradOutput);
        OpCheck.SameDevice("Backward", root, gradOutput);
        using var noGrad = NoGrad();
        new GradientPass().Run(root, gradOutput);
    }

    private sealed class NoGradScope : IDisposable
    {
        private bool closed;

        public NoGradScope() => disabled++;

        public void Dispose()
        {
            if (closed) return;
            closed = true;
            disabled--;
        }
    }
}

/// <summary>One operation of the graph.</summary>
internal sealed class Node
{
    private readonly Tensor[] saved;
    private readonly int[] versions;
    private readonly Storage[] held;
    private Func<Tensor, Tensor?[]>? backward;

    public Node(string op, Shape outputShape, Tensor?[] inputs, Func<Tensor, Tensor?[]> backward, Tensor[] saved)
    {
        Op = op;
        OutputShape = outputShape;
        Inputs = inputs;
        this.backward = backward;
        this.saved = saved;
        versions = Array.ConvertAll(saved, t => t.Version);
        held = Array.ConvertAll(saved, t => t.HoldElements());
    }

    public string Op { get; }

    public Shape OutputShape { get; }

    public Tensor?[] Inputs { get; }

    /// <summary>The inputs' gradients.</summary>
    /// <exception cref="InvalidOperationException">The node was used already, or a saved tensor has changed.</exception>
    public Tensor?[] Backward(Tensor gradOutput)
    {
        if (backward is null)
        {
            throw new InvalidOperationException(
                $"Backward through {Op} a second time: what it had saved is freed by the first. Run the forward pass again.");
        }
        for (var i = 0; i < saved.Length; i++)
        {
            if (saved[i].Version != versions[i])
            {
                throw new InvalidOperationException(
                    $"Backward through {Op}: {saved[i].Describe()}, which it had saved, was changed in place since the forward pass.");
            }
        }
        var gradients = backward(gradOutput);
        if (gradients.Length != Inputs.Length)
            throw new InvalidOperationException($"Backward of {Op} returned {gradients.Length} gradients for {Inputs.Length} inputs.");
        for (var i = 0; i < gradients.Length; i++) Check(gradients[i], Inputs[i]);
        return gradients;
    }

    public void Release()
    {
        if (backward is null) return;
        backward = null;
        foreach (var storage in held) storage.Release();
    }

    private void Check(Tensor? gradient, Tensor? input)
    {
        if (gradient is not null && input is not null && gradient.Shape != input.Shape)
            throw new ShapeException($"Backward of {Op}", "a gradient must have its input's shape", ("input", input.Shape), ("gradient", gradient.Shape));
    }
}

/// <summary>One walk from a result to the leaves.</summary>
internal sealed class GradientPass
{
    private readonly Dictionary<Node, Tensor> pending = [];
    private readonly Dictionary<Node, int> consumers = [];

    public void Run(Tensor root, Tensor gradOutput)
    {
        if (root.GradNode is null)
        {
            AccumulateLeaf(root, gradOutput);
            return;
        }
        CountConsumers(root.GradNode);
        pending[root.GradNode] = gradOutput.Share(gradOutput.Shape, scoped: false);
        var ready = new Stack<Node>([root.GradNode]);
        try
        {
            while (ready.TryPop(out var node))
                Visit(node, ready);
        }
        finally
        {
            foreach (var gradient in pending.Values) gradient.Dispose();
        }
    }

    private void CountConsumers(Node root)
    {
        var seen = new HashSet<Node> { root };
        var stack = new Stack<Node>([root]);
        while (stack.TryPop(out var node))
        {
            foreach (var input in node.Inputs)
            {
                if (input is not { RequiresGrad: true, GradNode: { } source }) continue;
                consumers[source] = consumers.GetValueOrDefault(source) + 1;
                if (seen.Add(source)) stack.Push(source);
            }
        }
    }

    private void Visit(Node node, Stack<Node> ready)
    {
        using var scope = new TensorScope();
        using var gradient = pending.Remove(node, out var g) ? g : null;
        // A node without a gradient (its consumers had none to give) still releases what waits for it.
        var gradients = gradient is null ? new Tensor?[node.Inputs.Length] : node.Backward(gradient);
        for (var i = 0; i < gradients.Length; i++)
        {
            if (node.Inputs[i] is not { RequiresGrad: true } input) continue;
            if (gradients[i] is { } contribution) Accumulate(input, contribution);
            if (input.GradNode is { } source && --consumers[source] == 0) ready.Push(source);
        }
        node.Release();
    }

    private void Accumulate(Tensor input, Tensor contribution)
    {
        if (input.GradNode is not { } source)
            AccumulateLeaf(input, contribution);
        else
            pending[source] = Sum(pending.GetValueOrDefault(source), contribution);
    }

    private static void AccumulateLeaf(Tensor leaf, Tensor contribution)
    {
        leaf.Grad = Sum(leaf.Grad, contribution);
    }

    /// <summary>The sum outside every scope; takes over <paramref name="sum"/>.</summary>
    private static Tensor Sum(Tensor? sum, Tensor contribution)
    {
        if (sum is null)
            return contribution.Share(contribution.Shape, scoped: false);
        if (!sum.IsUnique)
        {
            // Somebody else reads these elements (an operation passed its own gradient on): add into a copy.
            using var shared = sum;
            sum = sum.CloneUnscoped();
        }
        if (sum.DType == DType.Float64)
            AccumulateKernels.Add<double>(sum.Device.Kernels, sum.View<double>(), contribution.View<double>());
        else
            AccumulateKernels.Add<float>(sum.Device.Kernels, sum.View<float>(), contribution.View<float>());
        sum.MarkChanged();
        return sum;
    }
}
