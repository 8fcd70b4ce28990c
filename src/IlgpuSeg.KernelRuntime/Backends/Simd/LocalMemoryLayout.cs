using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// Places the local arrays that are left after promotion: the lanes of a warp interleaved element by element where all accesses
/// are whole elements (one index is then one vector), else one after the other.
/// </summary>
internal static class LocalMemoryLayout
{
    private const int Alignment = 64;

    /// <summary>Rewrites addresses and returns the bytes that a warp needs.</summary>
    public static int Run(Function function)
    {
        var users = new Dictionary<Value, List<Value>>();
        foreach (var value in function.Values())
        {
            foreach (var arg in value.Args.Where(a => a.Type == IrType.Pointer))
            {
                (users.TryGetValue(arg, out var list) ? list : users[arg] = []).Add(value);
            }
        }

        var total = 0;
        foreach (var block in function.Blocks)
        {
            for (var i = 0; i < block.Body.Count; i++)
            {
                if (block.Body[i] is { Op: Op.Local } local)
                {
                    total = Place(function, block, i, local, users, total);
                }
            }
        }

        return total;
    }

    private static int Place(Function function, Block block, int index, Value local, Dictionary<Value, List<Value>> users, int offset)
    {
        var bytes = (int)((local.Imm + 7) & ~7L);
        var chain = new List<Value>();
        var interleave = local.Scale > 0 && Collect(local, local.Scale, users, chain);
        var lane = new Value(Op.PtrAdd, IrType.Pointer, local, function.Builtin(BuiltinKind.LaneIdx))
        {
            Id = function.NextValueId(),
            Scale = interleave ? local.Scale : bytes,
            Block = block,
        };
        foreach (var user in users.GetValueOrDefault(local) ?? [])
        {
            user.Args = [.. user.Args.Select(a => a == local ? lane : a)];
        }

        if (interleave)
        {
            foreach (var address in chain)
            {
                address.Scale *= Lanes.Count;
                address.Imm *= Lanes.Count;
            }
        }

        block.Body.Insert(index + 1, lane);
        // From here on Imm is the place within the warp's local memory.
        local.Imm = offset;
        return (offset + (bytes * Lanes.Count) + Alignment - 1) & -Alignment;
    }

    private static bool Collect(Value pointer, int size, Dictionary<Value, List<Value>> users, List<Value> chain)
    {
        foreach (var user in users.GetValueOrDefault(pointer) ?? [])
        {
            switch (user.Op)
            {
                case Op.PtrAdd when user.Args[0] == pointer:
                    chain.Add(user);
                    if (!Collect(user, size, users, chain))
                    {
                        return false;
                    }

                    break;
                case Op.Load or Op.Store when user.Memory.Size() == size && user.Args[0] == pointer:
                    break;
                default:
                    return false;
            }
        }

        return true;
    }
}
