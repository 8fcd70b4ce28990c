namespace IlgpuSeg;

/// <summary>Reverse-mode differentiation: operations record how their gradient is computed, backward walks the records.</summary>
public static class Autograd
{
    [ThreadStatic]
    private static int disabled;

    /// <summary>Whether operations on this thread record their gradients.</summary>
    public static bool Enabled => disabled == 0;

    /// <summary>
    /// Whether what runs now may be differentiated: recording is on, or a checkpoint's block runs for the first time, which must compute
    /// the same bits when it is recorded later. Elsewhere operations may be fused in ways that have no gradient.
    /// </summary>
    public static bool MayDifferentiate => Enabled || CheckpointRecord.Current is not null;

    /// <summary>How many <see cref="NoGrad"/> scopes are open on this thread.</summary>
    internal static int Depth => disabled;

    /// <summary>Turns recording off on this thread until the result is disposed.</summary>
    public static IDisposable NoGrad() => new RecordingScope(disabled + 1);

    /// <summary>Turns recording on, also inside of <see cref="NoGrad"/>, on this thread until the result is disposed.</summary>
    public static IDisposable EnableGrad() => new RecordingScope(0);

    /// <summary>Puts an operation's result into the graph, when recording is on and an input requires a gradient.</summary>
    /// <param name="op">The operation's name, for messages.</param>
    /// <param name="output">The result.</param>
    /// <param name="inputs">The differentiable inputs; null where an optional one is absent.</param>
    /// <param name="backward">
    /// From the gradient of the result to those of the inputs: null where the input is null or needs none. It may return its argument.
    /// Where the graph is kept it runs again, so it must leave what it reads as it was.
    /// </param>
    /// <param name="saved">Every tensor that <paramref name="backward"/> reads; it stays alive, and must stay unchanged, until then.</param>
    /// <returns><paramref name="output"/>.</returns>
    public static Tensor Record(string op, Tensor output, Tensor?[] inputs, Func<Tensor, Tensor?[]> backward, params Tensor[] saved)
    {
        if (!Enabled)
        {
            CheckpointRecord.Current?.See(op, inputs);
            return output;
        }
        if (!Array.Exists(inputs, t => t is { RequiresGrad: true })) return output;
        if (GradientCapture.Current is { } capture)
        {
            capture.Take(op, new RecordedGradient(backward, saved));
            return output;
        }
        return Attach(output, new Node(op, output.Shape, inputs, backward, saved));
    }

    internal static Tensor Attach(Tensor output, Node node)
    {
        output.SetGradNode(node);
        TensorScope.Register(node);
        return output;
    }

    internal static void Backward(Tensor root, Tensor gradOutput, bool retainGraph)
    {
        if (!root.RequiresGrad)
            throw new InvalidOperationException($"Backward: {root.Describe()} does not depend on any tensor that requires a gradient.");
        if (gradOutput.Shape != root.Shape)
            throw new ShapeException("Backward", "the gradient must have the tensor's shape", ("tensor", root.Shape), ("gradient", gradOutput.Shape));
        OpCheck.SameDType("Backward", root, gradOutput);
        OpCheck.SameDevice("Backward", root, gradOutput);
        using var noGrad = NoGrad();
        new GradientPass(retainGraph).Run(root, gradOutput);
    }

    private sealed class RecordingScope : IDisposable
    {
        private readonly int before = disabled;
        private bool closed;

        public RecordingScope(int depth) => disabled = depth;

        public void Dispose()
        {
            if (closed) return;
            closed = true;
            disabled = before;
        }
    }
}
