namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>
/// Finds where every pointer points and notes it in <see cref="Value.Space"/>: parameters into global memory, allocations into
/// shared and local memory, and everything computed from those as well. A pointer that may come from two of them, or out of memory, is
/// generic.
/// </summary>
internal static class AddressSpaces
{
    public static void Infer(Function function)
    {
        var spaces = new Dictionary<Value, AddressSpace>();
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var value in function.Values().Where(v => v.Type == IrType.Pointer))
            {
                if (Of(value, spaces) is { } space && (!spaces.TryGetValue(value, out var old) || old != space))
                {
                    spaces[value] = space;
                    changed = true;
                }
            }
        }

        foreach (var value in function.Values())
        {
            foreach (var leaf in value.Args.Where(a => a.Op.IsLeaf() && a.Type == IrType.Pointer))
            {
                leaf.Space = AddressSpace.Global;
            }

            if (value.Type == IrType.Pointer)
            {
                // What only ever holds the null pointer is never followed.
                value.Space = spaces.GetValueOrDefault(value, AddressSpace.Global);
            }
        }
    }

    /// <summary>The space of what a load, store or atomic touches.</summary>
    public static AddressSpace Accessed(Value access) => access.Args[0].Space;

    // Null where nothing is known yet, and for the null pointer, which fits every space.
    private static AddressSpace? Of(Value value, Dictionary<Value, AddressSpace> spaces)
    {
        switch (value.Op)
        {
            case Op.Constant:
                return null;
            case Op.Parameter:
                return AddressSpace.Global;
            case Op.Shared or Op.DynamicShared:
                return AddressSpace.Shared;
            case Op.Local:
                return AddressSpace.Local;
            case Op.PtrAdd:
                return Known(value.Args[0], spaces);
            case Op.Select:
                return Meet(value.Args.AsSpan(1), spaces);
            case Op.Phi:
                return Meet(value.Args, spaces);
            case Op.GroupBroadcast or Op.Shuffle:
                return Known(value.Args[0], spaces);
            default:
                return AddressSpace.Generic;
        }
    }

    private static AddressSpace? Meet(ReadOnlySpan<Value> args, Dictionary<Value, AddressSpace> spaces)
    {
        AddressSpace? result = null;
        foreach (var arg in args)
        {
            var space = Known(arg, spaces);
            result = result is null || space == result ? space ?? result : space is null ? result : AddressSpace.Generic;
        }

        return result;
    }

    private static AddressSpace? Known(Value value, Dictionary<Value, AddressSpace> spaces) =>
        value.Op.IsLeaf() ? Of(value, spaces) : spaces.TryGetValue(value, out var space) ? space : null;
}
