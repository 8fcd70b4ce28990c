namespace IlgpuSeg.KernelRuntime.Ir.Passes;

/// <summary>
/// Gives every loop one entering block, one latch and exits of its own, and carries what a loop computes out of it through phis
/// in those exits only ("loop-closed" form). Unrolling and the SIMD back end rely on it.
/// </summary>
internal static class LoopForm
{
    public static LoopForest Run(Function function)
    {
        function.Renumber();
        var forest = LoopForest.Of(function, Dominators.Of(function));
        foreach (var loop in forest.InnerFirst)
        {
            Merge(function, forest, loop.Header, [.. loop.Header.Preds.Where(p => !loop.Blocks.Contains(p))]);
            Merge(function, forest, loop.Header, [.. loop.Latches]);
            foreach (var exit in loop.Exits.ToList())
            {
                if (exit.Preds.Exists(p => !loop.Blocks.Contains(p)))
                {
                    Split(function, forest, exit, [.. exit.Preds.Where(loop.Blocks.Contains)]);
                }
            }
        }

        function.Renumber();
        var dominators = Dominators.Of(function);
        forest = LoopForest.Of(function, dominators);
        foreach (var loop in InnerAndEarlierFirst(forest, null))
        {
            Close(function, loop, dominators);
        }

        function.ResolveAll();
        return forest;
    }

    // Closing a loop may leave phis in loops around and after it, which are therefore closed later.
    private static IEnumerable<Loop> InnerAndEarlierFirst(LoopForest forest, Loop? parent) =>
        forest.InnerFirst.Where(l => l.Parent == parent).OrderBy(l => l.Header.Index).SelectMany(l => InnerAndEarlierFirst(forest, l).Append(l));

    // One predecessor in place of several (or of one that also goes elsewhere).
    private static void Merge(Function function, LoopForest forest, Block header, List<Block> preds)
    {
        if (preds.Count > 1 || preds[0].Kind != Terminator.Jump)
        {
            Split(function, forest, header, preds);
        }
    }

    private static void Split(Function function, LoopForest forest, Block target, List<Block> preds)
    {
        var middle = function.NewBlock();
        foreach (var loop in forest.InnerFirst.Where(l => l.Blocks.Contains(target) && preds.TrueForAll(l.Blocks.Contains)))
        {
            loop.Blocks.Add(middle);
        }

        foreach (var phi in target.Phis)
        {
            var merged = phi.Args[target.Preds.IndexOf(preds[0])];
            if (preds.Count > 1)
            {
                merged = new Value(Op.Phi, phi.Type, [.. preds.Select(p => phi.Args[target.Preds.IndexOf(p)])]) { Id = function.NextValueId() };
                middle.AddPhi(merged);
            }

            phi.Args = [.. phi.Args.Where((_, i) => !preds.Contains(target.Preds[i])), merged];
        }

        target.Preds.RemoveAll(preds.Contains);
        foreach (var pred in preds)
        {
            pred.Retarget(target, middle);
            middle.Preds.Add(pred);
        }

        middle.JumpTo(target);
    }

    private static void Close(Function function, Loop loop, Dominators dominators)
    {
        var exits = loop.Exits.ToList();
        var users = new Dictionary<Value, List<(Value? User, Block Block, int Arg)>>();
        foreach (var block in function.Blocks.Where(b => !loop.Blocks.Contains(b)))
        {
            CollectUses(loop, block, users);
        }

        foreach (var (value, uses) in users)
        {
            var variables = new Variables(function);
            var variable = variables.New(value.Type);
            foreach (var block in function.Blocks)
            {
                variables.Seal(block);
            }

            foreach (var exit in exits.Where(e => dominators.Dominates(value.Block!, e)))
            {
                var phi = exit.Phis.Find(p => p.Args.Length > 0 && p.Args.All(a => a == value));
                if (phi is null)
                {
                    phi = new Value(Op.Phi, value.Type, [.. exit.Preds.Select(_ => value)]) { Id = function.NextValueId() };
                    exit.AddPhi(phi);
                }

                variables.Write(variable, exit, phi);
            }

            foreach (var (user, block, arg) in uses)
            {
                var where = user is { Op: Op.Phi } ? block.Preds[arg] : block;
                if (user is { Op: Op.Phi } && loop.Blocks.Contains(where))
                {
                    continue;
                }

                var closed = variables.Read(variable, where);
                if (user is null)
                {
                    block.Condition = closed;
                }
                else
                {
                    user.Args[arg] = closed;
                }
            }
        }
    }

    private static void CollectUses(Loop loop, Block block, Dictionary<Value, List<(Value?, Block, int)>> users)
    {
        foreach (var user in block.Phis.Concat(block.Body))
        {
            for (var i = 0; i < user.Args.Length; i++)
            {
                Note(user.Args[i], user, i);
            }
        }

        if (block.Condition is not null)
        {
            Note(block.Condition, null, 0);
        }

        void Note(Value value, Value? user, int arg)
        {
            if (value.Block is { } home && loop.Blocks.Contains(home) && !(user is { Op: Op.Phi } && loop.Blocks.Contains(block.Preds[arg])))
            {
                if (!users.TryGetValue(value, out var list))
                {
                    users[value] = list = [];
                }

                list.Add((user, block, arg));
            }
        }
    }
}
