namespace IlgpuSeg.KernelRuntime.Ir.Passes;

/// <summary>Turns local arrays whose every access has a constant place into SSA values.</summary>
internal static class PromoteLocals
{
    public static bool Run(Function function)
    {
        function.Renumber();
        var users = new Dictionary<Value, List<Value>>();
        foreach (var value in function.Values())
        {
            foreach (var arg in value.Args)
            {
                (users.TryGetValue(arg, out var list) ? list : users[arg] = []).Add(value);
            }
        }

        var any = false;
        foreach (var local in function.Values().Where(v => v.Op == Op.Local).ToList())
        {
            var cells = new Dictionary<Value, long>();
            if (Collect(local, 0, users, cells) && Consistent(cells))
            {
                Promote(function, cells);
                any = true;
            }
        }

        if (any)
        {
            function.ResolveAll();
            Cleanup.RemoveDead(function);
        }

        return any;
    }

    private static bool Collect(Value pointer, long offset, Dictionary<Value, List<Value>> users, Dictionary<Value, long> cells)
    {
        foreach (var user in users.GetValueOrDefault(pointer) ?? [])
        {
            switch (user.Op)
            {
                case Op.PtrAdd when user.Args.Length == 1:
                    if (!Collect(user, offset + user.Imm, users, cells))
                    {
                        return false;
                    }

                    break;
                case Op.Load or Op.Store when user.Args[0] == pointer && (user.Args.Length == 1 || user.Args[1] != pointer):
                    cells[user] = offset;
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    // Accesses of one place agree in type, and places do not overlap.
    private static bool Consistent(Dictionary<Value, long> cells)
    {
        var end = long.MinValue;
        foreach (var group in cells.GroupBy(c => c.Value).OrderBy(g => g.Key))
        {
            var memory = group.First().Key.Memory;
            if (group.Key < end || group.Any(c => c.Key.Memory != memory) || memory <= MemoryType.UInt16)
            {
                return false;
            }

            end = group.Key + memory.Size();
        }

        return true;
    }

    private static void Promote(Function function, Dictionary<Value, long> cells)
    {
        var variables = new Variables(function);
        var numbers = new Dictionary<long, int>();
        foreach (var (access, offset) in cells)
        {
            numbers.TryAdd(offset, variables.New(access.Memory.ValueType()));
        }

        // Loops are closed only when their latch has been seen: blocks are sealed once all predecessors are done.
        var done = new HashSet<Block>();
        foreach (var block in function.Blocks)
        {
            SealReady(variables, done, block);
            block.Body.RemoveAll(value =>
            {
                if (!cells.TryGetValue(value, out var offset))
                {
                    return false;
                }

                if (value.Op == Op.Store)
                {
                    variables.Write(numbers[offset], block, value.Args[1].Resolve());
                }
                else
                {
                    value.ReplaceBy(variables.Read(numbers[offset], block));
                }

                return true;
            });
            done.Add(block);
            foreach (var succ in block.Succs.Where(s => s.Index <= block.Index))
            {
                SealReady(variables, done, succ);
            }
        }
    }

    private static void SealReady(Variables variables, HashSet<Block> done, Block block)
    {
        if (block.Preds.TrueForAll(done.Contains))
        {
            variables.Seal(block);
        }
    }
}
