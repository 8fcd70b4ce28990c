namespace IlgpuSeg.KernelRuntime.Ir.Passes;

/// <summary>
/// Moves pure values in front of the loops that they do not depend on. Addresses are first taken apart so that what changes
/// in an inner loop is added last: base + (row * width + k) becomes (base + row * width) + k.
/// </summary>
internal static class HoistInvariants
{
    public static void Run(Function function)
    {
        var forest = LoopForm.Run(function);
        if (forest.InnerFirst.Count == 0)
        {
            return;
        }

        SplitAddresses(function, forest);
        foreach (var loop in forest.InnerFirst)
        {
            Hoist(function, loop);
        }
    }

    private static void Hoist(Function function, Loop loop)
    {
        var preheader = loop.Header.Preds.Find(p => !loop.Blocks.Contains(p))!;
        foreach (var block in function.Blocks.Where(loop.Blocks.Contains))
        {
            var kept = new List<Value>(block.Body.Count);
            foreach (var value in block.Body)
            {
                if (value.Op.IsPure() && !value.Op.MayTrap() && value.Op is not (Op.Local or Op.Shared)
                    && Array.TrueForAll(value.Args, a => a.Block is null || !loop.Blocks.Contains(a.Block)))
                {
                    preheader.Add(value);
                }
                else
                {
                    kept.Add(value);
                }
            }

            block.Body = kept;
        }
    }

    private static void SplitAddresses(Function function, LoopForest forest)
    {
        foreach (var block in function.Blocks)
        {
            for (var i = 0; i < block.Body.Count; i++)
            {
                if (block.Body[i] is { Op: Op.PtrAdd, Args.Length: 2 } address && address.Args[1] is { Op: Op.Add } sum)
                {
                    i += Split(function, forest, block, i, address, sum);
                }
            }
        }
    }

    // Terms that change equally often stay one sum.
    private static int Split(Function function, LoopForest forest, Block block, int position, Value address, Value sum)
    {
        var terms = new List<Value>();
        Collect(sum, terms);
        var groups = terms.GroupBy(t => DepthOf(forest, t, block)).OrderBy(g => g.Key).Select(g => g.ToList()).ToList();
        if (groups.Count < 2)
        {
            return 0;
        }

        var inserted = 0;
        var pointer = address.Args[0];
        foreach (var group in groups)
        {
            var index = group[0];
            foreach (var term in group.Skip(1))
            {
                index = Insert(new Value(Op.Add, index.Type, index, term));
            }

            if (group == groups[^1])
            {
                address.Args = [pointer, index];
            }
            else
            {
                pointer = Insert(new Value(Op.PtrAdd, IrType.Pointer, pointer, index) { Scale = address.Scale });
            }
        }

        return inserted;

        Value Insert(Value value)
        {
            value.Id = function.NextValueId();
            value.Block = block;
            value.Site = address.Site;
            block.Body.Insert(position + inserted++, value);
            return value;
        }
    }

    private static void Collect(Value value, List<Value> terms)
    {
        if (value.Op == Op.Add && terms.Count < 8)
        {
            Collect(value.Args[0], terms);
            Collect(value.Args[1], terms);
        }
        else
        {
            terms.Add(value);
        }
    }

    // How deep in the loops around the address a term changes. A sum may hide deeper terms, a product may hoist out whole.
    private static int DepthOf(LoopForest forest, Value value, Block at)
    {
        if (value.Block is null)
        {
            return 0;
        }

        if (value.Op == Op.Phi || !value.Op.IsPure())
        {
            for (var loop = forest.Innermost(value.Block); loop is not null; loop = loop.Parent)
            {
                if (loop.Blocks.Contains(at))
                {
                    return loop.Depth;
                }
            }

            return 0;
        }

        return value.Args.Length == 0 ? 0 : value.Args.Max(a => DepthOf(forest, a, at));
    }
}
