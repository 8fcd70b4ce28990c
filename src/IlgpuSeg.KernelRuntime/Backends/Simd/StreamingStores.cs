using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// The stores that may go past the caches where a launch writes more than they hold: a line that will not be found there later need not be
/// read before it is overwritten, which saves a third of the traffic of y = f(x).
/// </summary>
/// <remarks>
/// Those to parameters that the kernel only writes to, in kernels with few of them: a product's tile, whose lines are written in parts and
/// which computes long between two stores, has nothing to gain.
/// </remarks>
internal sealed class StreamingStores
{
    /// <summary>Bytes of a result that are more than a core's share of the last cache.</summary>
    public const long Threshold = 32L << 20;

    /// <summary>What an address is aligned to if none of these bits is set: a vector.</summary>
    public const int Alignment = 31;

    private const int MaxStores = 4;

    private readonly HashSet<Value> _stores = [];
    private readonly HashSet<int> _parameters = [];

    public StreamingStores(Function function)
    {
        var roots = new PointerRoots(function);
        var read = new HashSet<int>();
        foreach (var access in function.Values().Where(v => v.Op is Op.Load or Op.Atomic))
        {
            if (roots.Of(access.Args[0]) is not { } from)
            {
                return;
            }

            read.UnionWith(from);
        }

        foreach (var store in function.Values().Where(v => v.Op == Op.Store && v.Memory.Size() >= 4))
        {
            if (roots.Of(store.Args[0]) is { Count: 1 } to && !read.Overlaps(to))
            {
                _stores.Add(store);
                _parameters.UnionWith(to);
            }
        }

        if (_stores.Count > MaxStores)
        {
            _stores.Clear();
            _parameters.Clear();
        }
    }

    /// <summary>The parameters that are written to in this way.</summary>
    public IReadOnlySet<int> Parameters => _parameters;

    public bool Contains(Value store) => _stores.Contains(store);
}
