namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>From which pointer parameters an address may come, and which of them the function writes through.</summary>
internal sealed class PointerRoots
{
    private static readonly HashSet<int> None = [];
    private readonly Dictionary<Value, HashSet<int>?> _roots = [];

    public PointerRoots(Function function)
    {
        var pointers = function.Values().Where(v => v.Type == IrType.Pointer).ToList();
        pointers.ForEach(p => _roots[p] = None);
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var pointer in pointers)
            {
                var roots = Compute(pointer);
                changed |= roots is null ? _roots[pointer] is not null : _roots[pointer]?.Count != roots.Count;
                _roots[pointer] = roots;
            }
        }

        foreach (var access in function.Values().Where(v => v.Op is Op.Store or Op.Atomic))
        {
            if (Of(access.Args[0]) is { } roots)
            {
                Written.UnionWith(roots);
            }
            else
            {
                WritesAnywhere = true;
            }
        }
    }

    /// <summary>The parameters that are written through.</summary>
    public HashSet<int> Written { get; } = [];

    /// <summary>Whether an address of unknown origin is written to.</summary>
    public bool WritesAnywhere { get; private set; }

    /// <summary>The parameters that a pointer may come from, none if it points to shared or local memory; null if that is unknown.</summary>
    public IReadOnlySet<int>? Of(Value pointer) => Known(pointer);

    private HashSet<int>? Known(Value pointer) => pointer.Op switch
    {
        Op.Parameter => [(int)pointer.Imm],
        Op.Constant => None,
        _ => _roots.GetValueOrDefault(pointer),
    };

    private HashSet<int>? Compute(Value value)
    {
        switch (value.Op)
        {
            case Op.Shared or Op.DynamicShared or Op.Local:
                return None;
            case Op.PtrAdd or Op.Shuffle or Op.GroupBroadcast:
                return Known(value.Args[0]);
            case Op.Phi or Op.Select:
                var union = new HashSet<int>();
                foreach (var arg in value.Args.Where(a => a.Type == IrType.Pointer))
                {
                    if (Known(arg) is not { } roots)
                    {
                        return null;
                    }

                    union.UnionWith(roots);
                }

                return union;
            default:
                return null;
        }
    }
}
