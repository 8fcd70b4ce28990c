namespace IlgpuSeg.KernelRuntime.Ir.Passes;

/// <summary>
/// Unrolls loops whose number of rounds follows from constants, innermost first, as long as the result stays small enough for the
/// instruction cache and the JIT.
/// </summary>
internal static class UnrollLoops
{
    private const int MaxRounds = 128;
    private const int MaxValues = 1536;

    /// <summary>Unrolls what can be unrolled; true if anything was.</summary>
    public static bool Run(Function function)
    {
        var any = false;
        for (var again = true; again;)
        {
            again = false;
            var forest = LoopForm.Run(function);
            // Innermost loops share no blocks: all of them can be copied out before the rest is looked at again.
            foreach (var loop in forest.InnerFirst.Where(l => !forest.InnerFirst.Exists(inner => inner.Parent == l)).ToList())
            {
                if (Rounds(function, loop) is { } rounds && loop.Blocks.Sum(b => b.Body.Count) * rounds <= MaxValues)
                {
                    Unroll(function, loop, rounds);
                    again = any = true;
                }
            }

            if (again)
            {
                Cleanup.Run(function);
            }
        }

        return any;
    }

    /// <summary>How often the header runs, if that follows from constants: runs the loop's counters in the compiler.</summary>
    private static int? Rounds(Function function, Loop loop)
    {
        var latch = loop.Latches.First();
        var back = loop.Header.Preds.IndexOf(latch);
        var state = new Dictionary<Value, Value>();
        foreach (var phi in loop.Header.Phis)
        {
            if (phi.Args[1 - back].Resolve() is { IsConstant: true } start)
            {
                state[phi] = start;
            }
        }

        // Only exits that every round passes decide the number of rounds.
        var exits = loop.Blocks.Where(b => b.Kind == Terminator.Branch && b.Succs.Any(s => !loop.Blocks.Contains(s)) && (b == loop.Header || b == latch)).ToList();
        for (var round = 1; round <= MaxRounds && state.Count > 0; round++)
        {
            var values = new Dictionary<Value, Value?>();
            foreach (var exit in exits)
            {
                if (Evaluate(exit.Condition!, values) is { } condition && !loop.Blocks.Contains(condition.Imm != 0 ? exit.Target! : exit.Else!))
                {
                    return round;
                }
            }

            var next = new Dictionary<Value, Value>();
            foreach (var phi in state.Keys)
            {
                if (Evaluate(phi.Args[back], values) is { } value)
                {
                    next[phi] = value;
                }
            }

            state = next;
        }

        return null;

        Value? Evaluate(Value value, Dictionary<Value, Value?> values)
        {
            if (value.IsConstant)
            {
                return value;
            }

            if (value.Op == Op.Phi)
            {
                return state.GetValueOrDefault(value);
            }

            if (!value.Op.IsPure() || value.Args.Length == 0 || value.Block is null || !loop.Blocks.Contains(value.Block))
            {
                return null;
            }

            if (!values.TryGetValue(value, out var known))
            {
                var args = new Value[value.Args.Length];
                for (var i = 0; i < args.Length; i++)
                {
                    if (Evaluate(value.Args[i], values) is not { } arg)
                    {
                        return values[value] = null;
                    }

                    args[i] = arg;
                }

                values[value] = known = ConstantFolding.Evaluate(function, value, args);
            }

            return known;
        }
    }

    // Copies the loop once per round, each copy going on to the next; the loop itself is left unreachable.
    private static void Unroll(Function function, Loop loop, int rounds)
    {
        var header = loop.Header;
        var latch = loop.Latches.First();
        var entering = header.Preds.Find(p => p != latch)!;
        var back = header.Preds.IndexOf(latch);
        var incoming = header.Phis.ToDictionary(p => p, p => p.Args[1 - back]);
        var blocks = function.Blocks.Where(loop.Blocks.Contains).ToList();
        Block? last = null;
        for (var round = 0; round < rounds; round++)
        {
            var map = new Dictionary<Value, Value>(incoming);
            var copies = blocks.ToDictionary(b => b, _ => function.NewBlock());
            CopyValues(function, blocks, copies, map, header);
            Connect(loop, blocks, copies, map, latch);
            if (last is null)
            {
                entering.Retarget(header, copies[header]);
                header.RemovePred(entering);
                copies[header].Preds.Add(entering);
            }
            else
            {
                Attach(last, copies[header]);
            }

            incoming = header.Phis.ToDictionary(p => p, p => Mapped(map, LatchArgument(p, latch)));
            last = copies[latch];
        }

        // The last copy's way back is never taken: the round count says that it leaves.
        var never = function.NewBlock();
        never.Return();
        Attach(last!, never);
        function.Renumber();
    }

    private static Value LatchArgument(Value phi, Block latch) => phi.Args[phi.Block!.Preds.IndexOf(latch)];

    private static void CopyValues(Function function, List<Block> blocks, Dictionary<Block, Block> copies, Dictionary<Value, Value> map, Block header)
    {
        foreach (var block in blocks)
        {
            foreach (var phi in block.Phis.Where(_ => block != header))
            {
                map[phi] = new Value(Op.Phi, phi.Type) { Id = function.NextValueId(), Site = phi.Site };
                copies[block].AddPhi(map[phi]);
            }

            foreach (var value in block.Body)
            {
                var copy = value.CloneWith(value.Args);
                copy.Id = function.NextValueId();
                map[value] = copy;
                copies[block].Add(copy);
            }
        }

        foreach (var copy in copies.Values.SelectMany(b => b.Body))
        {
            copy.Args = [.. copy.Args.Select(a => Mapped(map, a))];
        }
    }

    private static void Connect(Loop loop, List<Block> blocks, Dictionary<Block, Block> copies, Dictionary<Value, Value> map, Block latch)
    {
        foreach (var block in blocks)
        {
            var copy = copies[block];
            if (block != loop.Header)
            {
                copy.Preds.AddRange(block.Preds.Select(p => copies[p]));
                for (var i = 0; i < copy.Phis.Count; i++)
                {
                    copy.Phis[i].Args = [.. block.Phis[i].Args.Select(a => Mapped(map, a))];
                }
            }

            copy.Kind = block.Kind;
            copy.Site = block.Site;
            copy.Condition = block.Condition is null ? null : Mapped(map, block.Condition);
            copy.Target = Redirect(block, block.Target);
            copy.Else = Redirect(block, block.Else);
        }

        Block? Redirect(Block from, Block? to)
        {
            if (to is null || to == loop.Header)
            {
                // The way back is attached to the next copy later.
                return to;
            }

            if (copies.TryGetValue(to, out var inside))
            {
                return inside;
            }

            var index = to.Preds.IndexOf(from);
            to.Preds.Add(copies[from]);
            foreach (var phi in to.Phis)
            {
                phi.Args = [.. phi.Args, Mapped(map, phi.Args[index])];
            }

            return to;
        }
    }

    private static void Attach(Block last, Block next)
    {
        // A latch ends in a jump back, or in a branch with one way back.
        var header = next;
        if (last.Kind == Terminator.Jump)
        {
            last.Target = header;
        }
        else
        {
            last.Target = last.Target!.Preds.Contains(last) ? last.Target : header;
            last.Else = last.Else!.Preds.Contains(last) ? last.Else : header;
        }

        next.Preds.Add(last);
    }

    private static Value Mapped(Dictionary<Value, Value> map, Value value) => map.GetValueOrDefault(value, value);
}
