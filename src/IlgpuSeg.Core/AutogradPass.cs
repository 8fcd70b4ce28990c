using IlgpuSeg.Kernels;

namespace IlgpuSeg;

/// <summary>One walk from a result to the leaves.</summary>
/// <param name="retainGraph">Whether what operations saved stays for another pass.</param>
internal sealed class GradientPass(bool retainGraph)
{
    private readonly Dictionary<Node, Tensor> pending = [];
    private readonly Dictionary<Tensor, Tensor> hooked = [];
    private readonly Dictionary<Node, int> consumers = [];
    private readonly HashSet<Node> seen = [];
    private readonly HashSet<Node> recomputed = [];
    private readonly Stack<Node> ready = [];

    public void Run(Tensor root, Tensor gradOutput)
    {
        // The scope of what checkpoints compute anew: it outlasts the visit that computes it.
        using var scope = new TensorScope();
        try
        {
            if (root.GradNode is { } last)
            {
                CountConsumers(last);
                pending[last] = gradOutput.Share(gradOutput.Shape, scoped: false);
                ready.Push(last);
            }
            else
            {
                Accumulate(root, gradOutput);
            }
            while (ready.TryPop(out var node)) Visit(node);
            FinishHookedLeaves();
        }
        finally
        {
            foreach (var gradient in pending.Values) gradient.Dispose();
            foreach (var gradient in hooked.Values) gradient.Dispose();
        }
    }

    /// <summary>Counts the uses of every node below one that is new; returns the new ones.</summary>
    private List<Node> CountConsumers(Node root)
    {
        List<Node> found = [root];
        seen.Add(root);
        var stack = new Stack<Node>([root]);
        while (stack.TryPop(out var node))
        {
            foreach (var input in node.Inputs)
            {
                if (input is not { RequiresGrad: true, GradNode: { } source }) continue;
                consumers[source] = consumers.GetValueOrDefault(source) + 1;
                if (!seen.Add(source)) continue;
                found.Add(source);
                stack.Push(source);
            }
        }
        return found;
    }

    private void Visit(Node node)
    {
        using var scope = new TensorScope();
        using var arrived = pending.Remove(node, out var g) ? g : null;
        var gradient = arrived is null ? null : node.ApplyHooks(arrived);
        if (gradient is not null && node.IsCheckpoint)
            Splice(node, gradient);
        else
            PassOn(node, gradient);
        if (!retainGraph || recomputed.Contains(node)) node.Release();
    }

    private void PassOn(Node node, Tensor? gradient)
    {
        // A node without a gradient (its consumers had none to give) still releases what waits for it.
        var gradients = gradient is null ? new Tensor?[node.Inputs.Length] : node.Backward(gradient);
        for (var i = 0; i < gradients.Length; i++)
        {
            if (node.Inputs[i] is not { RequiresGrad: true } input) continue;
            if (gradients[i] is { } contribution) Accumulate(input, contribution);
            Consumed(input);
        }
    }

    /// <summary>
    /// Puts a block's recomputed graph in the place of its node. All sums are formed in one pass and in the order in which they
    /// would have been without the checkpoint, which keeps every bit.
    /// </summary>
    private void Splice(Node node, Tensor gradient)
    {
        var root = node.Recompute().GradNode;
        if (root is not null) recomputed.UnionWith(CountConsumers(root));
        foreach (var input in node.Inputs)
        {
            if (input is { RequiresGrad: true }) Consumed(input);
        }
        if (root is null) return;
        pending[root] = gradient.Share(gradient.Shape, scoped: false);
        ready.Push(root);
    }

    private void Consumed(Tensor input)
    {
        if (input.GradNode is { } source && --consumers[source] == 0) ready.Push(source);
    }

    private void Accumulate(Tensor input, Tensor contribution)
    {
        if (input.GradNode is { } source)
            pending[source] = Sum(pending.GetValueOrDefault(source), contribution);
        else if (input.HasHooks)
            hooked[input] = Sum(hooked.GetValueOrDefault(input), contribution);
        else
            input.Grad = Sum(input.Grad, contribution);
    }

    /// <summary>A leaf's hooks see the gradient of the whole pass.</summary>
    private void FinishHookedLeaves()
    {
        foreach (var leaf in hooked.Keys.ToArray())
        {
            using var scope = new TensorScope();
            hooked.Remove(leaf, out var arrived);
            using var gradient = arrived!;
            leaf.Grad = Sum(leaf.Grad, leaf.ApplyHooks(gradient));
        }
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
        else if (sum.DType == DType.BFloat16)
            AccumulateKernels.Add(sum.Device.Kernels, sum.View<BFloat16>(), contribution.View<BFloat16>());
        else
            AccumulateKernels.Add<float>(sum.Device.Kernels, sum.View<float>(), contribution.View<float>());
        sum.MarkChanged();
        return sum;
    }
}
