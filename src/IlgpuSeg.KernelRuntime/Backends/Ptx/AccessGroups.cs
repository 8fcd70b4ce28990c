using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>Loads or stores of neighbouring places that become one instruction, in rising order of address.</summary>
/// <param name="Members">Two or four accesses of one memory type.</param>
/// <param name="Anchor">The member in whose place the instruction stands: the first load, the last store.</param>
internal sealed record AccessGroup(Value[] Members, Value Anchor);

/// <summary>
/// Finds neighbouring accesses within a block: equal base, places side by side, an alignment of the whole that is known (the hardware faults
/// otherwise), and nothing between them that could see or change the order. What is read as a constant never changes.
/// </summary>
internal sealed class AccessGroups
{
    private const int MaxBytes = 16;

    private readonly Dictionary<Value, AccessGroup> _groups = [];
    private readonly KnownAlignment _alignment;
    private readonly IReadOnlySet<Value> _constants;

    public AccessGroups(Function function, KnownAlignment alignment, IReadOnlySet<Value> constants)
    {
        _alignment = alignment;
        _constants = constants;
        foreach (var block in function.Blocks)
        {
            FindLoads(block);
            FindStores(block);
        }
    }

    public IEnumerable<AccessGroup> All => _groups.Values.Distinct();

    public AccessGroup? Of(Value access) => _groups.GetValueOrDefault(access);

    /// <summary>An address as a base and a constant distance from it.</summary>
    public static (Value Base, long Offset) Split(Value pointer)
    {
        var offset = 0L;
        while (pointer is { Op: Op.PtrAdd, Args.Length: 1 } && pointer.Imm == (int)pointer.Imm && offset + pointer.Imm == (int)(offset + pointer.Imm))
        {
            offset += pointer.Imm;
            pointer = pointer.Args[0];
        }

        return (pointer, offset);
    }

    private void FindLoads(Block block)
    {
        var open = new List<Value>();
        var constants = new List<Value>();
        foreach (var value in block.Body)
        {
            if (value.Op == Op.Load)
            {
                (_constants.Contains(value) ? constants : open).Add(value);
            }
            else if (value.Op == Op.Store)
            {
                var touched = open.Where(l => MayMeet(l, value)).ToList();
                Close(touched, isLoad: true);
                open.RemoveAll(touched.Contains);
            }
            else if (value.Op.HasEffect())
            {
                Close(open, isLoad: true);
                open.Clear();
            }
        }

        Close(open, isLoad: true);
        Close(constants, isLoad: true);
    }

    // Only runs of stores to one base: another base might be the same place.
    private void FindStores(Block block)
    {
        var open = new List<Value>();
        foreach (var value in block.Body)
        {
            var ends = value.Op switch
            {
                Op.Store => open.Count > 0 && !Joins(open, value),
                Op.Load => open.Exists(s => MayMeet(value, s)),
                _ => value.Op.HasEffect() || value.Op == Op.LoadMatrix,
            };
            if (ends)
            {
                Close(open, isLoad: false);
                open.Clear();
            }

            if (value.Op == Op.Store)
            {
                open.Add(value);
            }
        }

        Close(open, isLoad: false);
    }

    private static bool Joins(List<Value> open, Value store)
    {
        var (root, offset) = Split(store.Args[0]);
        return open[0].Memory == store.Memory && open.TrueForAll(s => Split(s.Args[0]) is var (other, place) && other == root && place != offset);
    }

    private bool MayMeet(Value load, Value store)
    {
        if (_constants.Contains(load))
        {
            return false;
        }

        AddressSpace a = AddressSpaces.Accessed(load), b = AddressSpaces.Accessed(store);
        return a == b || a == AddressSpace.Generic || b == AddressSpace.Generic;
    }

    private void Close(List<Value> accesses, bool isLoad)
    {
        var places = accesses.Select((access, order) => (Access: access, Order: order, Place: Split(access.Args[0])));
        foreach (var family in places.GroupBy(p => (p.Place.Base, p.Access.Memory)))
        {
            var sorted = family.OrderBy(p => p.Place.Offset).ToList();
            for (var i = 0; i < sorted.Count;)
            {
                var count = Fitting(sorted.ConvertAll(p => p.Place.Offset), i, family.Key.Base, family.Key.Memory.Size());
                if (count > 1)
                {
                    var members = sorted.GetRange(i, count);
                    var anchor = isLoad ? members.MinBy(m => m.Order).Access : members.MaxBy(m => m.Order).Access;
                    var group = new AccessGroup([.. members.Select(m => m.Access)], anchor);
                    members.ForEach(m => _groups[m.Access] = group);
                }

                i += count;
            }
        }
    }

    private int Fitting(List<long> offsets, int first, Value root, int size)
    {
        var alignment = Math.Min(_alignment.Of(root), KnownAlignment.OfNumber(offsets[first]));
        foreach (var count in (ReadOnlySpan<int>)[4, 2])
        {
            if (count * size <= Math.Min(MaxBytes, alignment) && first + count <= offsets.Count
                && Enumerable.Range(1, count - 1).All(k => offsets[first + k] == offsets[first] + (k * size)))
            {
                return count;
            }
        }

        return 1;
    }
}
