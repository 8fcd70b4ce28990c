namespace IlgpuSeg.KernelRuntime.Ir.Passes;

/// <summary>
/// Simplifies values, folds decided branches, straightens the flow graph and drops dead code, until nothing changes.
/// </summary>
internal static class Cleanup
{
    private const int MaxRounds = 20;

    public static void Run(Function function)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            function.Renumber();
            var changed = SimplifyValues(function);
            function.ResolveAll();
            changed |= FoldBranches(function);
            function.Renumber();
            changed |= Straighten(function);
            RemoveDead(function);
            if (!changed)
            {
                break;
            }
        }

        function.Renumber();
    }

    private static bool SimplifyValues(Function function)
    {
        var changed = false;
        foreach (var block in function.Blocks)
        {
            foreach (var phi in block.Phis.ToArray())
            {
                changed |= Phis.SimplifyTrivial(phi) != phi;
            }

            var old = block.Body;
            block.Body = new List<Value>(old.Count);
            Simplifier simplifier = null!;
            simplifier = new Simplifier(function, Append);
            foreach (var value in old)
            {
                for (var i = 0; i < value.Args.Length; i++)
                {
                    value.Args[i] = value.Args[i].Resolve();
                }

                var (op, imm, args) = (value.Op, value.Imm, value.Args);
                var result = simplifier.Apply(value);
                if (result == value)
                {
                    block.Body.Add(value);
                    changed |= op != value.Op || imm != value.Imm || args != value.Args;
                }
                else
                {
                    value.ReplaceBy(result);
                    changed = true;
                }
            }

            Value Append(Value value)
            {
                var result = simplifier.Apply(value);
                if (result == value)
                {
                    value.Id = function.NextValueId();
                    block.Add(value);
                }

                return result;
            }
        }

        return changed;
    }

    private static bool FoldBranches(Function function)
    {
        var changed = false;
        foreach (var block in function.Blocks)
        {
            if (block.Kind != Terminator.Branch || !block.Condition!.IsConstant)
            {
                // A branch on "not x" is a branch on x the other way round.
                if (block.Kind == Terminator.Branch && block.Condition is { Op: Op.Not } not)
                {
                    (block.Condition, block.Target, block.Else) = (not.Args[0], block.Else, block.Target);
                    changed = true;
                }

                continue;
            }

            var (taken, dropped) = block.Condition.Imm != 0 ? (block.Target!, block.Else!) : (block.Else!, block.Target!);
            dropped.RemovePred(block);
            (block.Kind, block.Condition, block.Target, block.Else) = (Terminator.Jump, null, taken, null);
            changed = true;
        }

        return changed;
    }

    private static bool Straighten(Function function)
    {
        var changed = false;
        var gone = new HashSet<Block>();
        foreach (var block in function.Blocks)
        {
            if (gone.Contains(block))
            {
                continue;
            }

            while (block.Kind == Terminator.Jump && block.Target is { Preds.Count: 1 } next && next != block && next != function.Entry)
            {
                Absorb(block, next);
                gone.Add(next);
                changed = true;
            }

            if (block != function.Entry && IsForwarder(block) && Bypass(block))
            {
                gone.Add(block);
                changed = true;
            }
        }

        function.Blocks.RemoveAll(gone.Contains);
        function.ResolveAll();
        return changed;
    }

    private static void Absorb(Block block, Block next)
    {
        foreach (var phi in next.Phis)
        {
            phi.ReplaceBy(phi.Args[0]);
        }

        foreach (var value in next.Body)
        {
            block.Add(value);
        }

        (block.Kind, block.Condition, block.Target, block.Else, block.Site) = (next.Kind, next.Condition, next.Target, next.Else, next.Site);
        foreach (var succ in next.Succs)
        {
            succ.Preds[succ.Preds.IndexOf(next)] = block;
        }
    }

    private static bool IsForwarder(Block block) =>
        block.Kind == Terminator.Jump && block.Phis.Count == 0 && block.Body.Count == 0 && block.Target != block;

    // Redirects all predecessors; refused where one of them would then reach the target twice.
    private static bool Bypass(Block block)
    {
        var target = block.Target!;
        if (block.Preds.Count == 0 || block.Preds.Exists(p => p.Succs.Contains(target)))
        {
            return false;
        }

        var index = target.Preds.IndexOf(block);
        for (var i = 0; i < block.Preds.Count; i++)
        {
            var pred = block.Preds[i];
            pred.Retarget(block, target);
            if (i == 0)
            {
                target.Preds[index] = pred;
                continue;
            }

            target.Preds.Add(pred);
            foreach (var phi in target.Phis)
            {
                phi.Args = [.. phi.Args, phi.Args[index]];
            }
        }

        return true;
    }

    /// <summary>Drops values that nothing with an effect needs.</summary>
    public static void RemoveDead(Function function)
    {
        var live = new HashSet<Value>();
        var work = new Stack<Value>();
        foreach (var block in function.Blocks)
        {
            Mark(block.Condition);
            foreach (var value in block.Body.Where(v => v.Op.HasEffect()))
            {
                Mark(value);
            }
        }

        while (work.TryPop(out var value))
        {
            foreach (var arg in value.Args)
            {
                Mark(arg);
            }
        }

        foreach (var block in function.Blocks)
        {
            block.Phis.RemoveAll(v => !live.Contains(v));
            block.Body.RemoveAll(v => !live.Contains(v));
        }

        void Mark(Value? value)
        {
            if (value is not null && live.Add(value))
            {
                work.Push(value);
            }
        }
    }
}
