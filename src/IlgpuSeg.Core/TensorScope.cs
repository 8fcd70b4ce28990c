using IlgpuSeg.Memory;

namespace IlgpuSeg;

/// <summary>
/// Frees, at its end, every tensor made inside it on this thread, except those it was told to keep. Scopes nest; a kept tensor
/// belongs to the enclosing scope. What the autograd graph saved stays readable until backward has used it.
/// </summary>
public sealed class TensorScope : IDisposable
{
    [ThreadStatic]
    private static TensorScope? current;

    private readonly TensorScope? parent;
    private readonly TensorScope root;
    private readonly HashSet<Tensor> tensors = [];
    private readonly List<Node> graph = [];
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
        if (tensors.Remove(tensor))
            parent?.tensors.Add(tensor);
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
        foreach (var node in graph)
            node.Release();
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
