using IlgpuSeg.Memory;

namespace IlgpuSeg;

/// <summary>
/// Frees, at its end, every tensor made inside it on this thread, except those it was told to keep. Scopes nest; a kept tensor
/// belongs to the enclosing scope. What the autograd graph saved stays readable until backward has used it, or until the outermost
/// scope ends and the tensors that were kept beyond it are disposed.
/// </summary>
public sealed class TensorScope : IDisposable
{
    [ThreadStatic]
    private static TensorScope? current;

    private readonly TensorScope? parent;
    private readonly TensorScope root;
    private readonly HashSet<Tensor> tensors = [];
    private readonly List<Node> graph = [];
    private readonly List<Tensor> escaped = [];
    private bool disposed;

    /// <summary>Opens a scope on this thread.</summary>
    public TensorScope()
    {
        parent = current;
        root = parent?.root ?? this;
        current = this;
    }

    /// <summary>Hands a tensor to the enclosing scope, or to the caller where there is none.</summary>
    /// <returns>The tensor.</returns>
    public Tensor Keep(Tensor tensor)
    {
        if (!tensors.Remove(tensor)) return tensor;
        if (parent is not null) parent.tensors.Add(tensor);
        else escaped.Add(tensor);
        return tensor;
    }

    /// <summary>Frees this scope's tensors.</summary>
    /// <exception cref="InvalidOperationException">An inner scope is still open.</exception>
    public void Dispose()
    {
        if (disposed) return;
        if (current != this)
            throw new InvalidOperationException("A TensorScope must be closed on its own thread, after the scopes opened inside it.");
        disposed = true;
        current = parent;
        foreach (var tensor in tensors)
            tensor.ReleaseFromScope();
        if (graph.Count > 0) _ = new EscapedGraph(graph, escaped.FindAll(t => t.GradNode is not null));
    }

    internal static void Register(Tensor tensor) => current?.tensors.Add(tensor);

    internal static void Forget(Tensor tensor)
    {
        for (var scope = current; scope is not null; scope = scope.parent)
        {
            if (scope.tensors.Remove(tensor)) return;
        }
    }

    /// <summary>
    /// A recorded node outlives the scope of the module that recorded it (backward comes later), so it belongs to the outermost one.
    /// </summary>
    internal static void Register(Node node) => current?.root.graph.Add(node);
}

/// <summary>
/// The graph of an outermost scope that has ended: the tensors that were kept may still start a backward pass, so what was saved goes with
/// the last of them.
/// </summary>
internal sealed class EscapedGraph
{
    private readonly List<Node> graph;
    private int owners;

    public EscapedGraph(List<Node> graph, List<Tensor> kept)
    {
        this.graph = graph;
        owners = kept.Count;
        foreach (var tensor in kept) tensor.Own(this);
        if (owners == 0) Release();
    }

    /// <summary>One of the kept tensors is gone.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref owners) == 0) Release();
    }

    private void Release()
    {
        foreach (var node in graph) node.Release(endOfScope: true);
    }
}
