namespace IlgpuSeg.KernelRuntime.Ir.Passes;

/// <summary>Replaces small branches that only choose between values by selections.</summary>
internal static class IfConversion
{
    private const int MaxValues = 6;

    public static bool Run(Function function)
    {
        var any = false;
        for (var again = true; again;)
        {
            again = false;
            function.Renumber();
            // One branch's end is the next one's beginning, but for that they do not touch each other. What has become one choice by then may be a
            // side of another branch: next round.
            foreach (var block in function.Blocks)
            {
                again |= block.Kind == Terminator.Branch && Convert(function, block);
            }

            if (again)
            {
                any = true;
                Cleanup.Run(function);
            }
        }

        return any;
    }

    private static bool Convert(Function function, Block block)
    {
        Block target = block.Target!, otherwise = block.Else!;
        // if (c) { a } else { b }; the sides may be empty.
        var join = IsSide(target, block) ? target.Target! : target;
        if (join == block || (otherwise != join && !(IsSide(otherwise, block) && otherwise.Target == join)) || (target == join && otherwise == join))
        {
            return false;
        }

        if (target != join && !IsSide(target, block))
        {
            return false;
        }

        foreach (var side in (Block[])[target, otherwise])
        {
            if (side != join)
            {
                side.Body.ForEach(block.Add);
                side.Body.Clear();
            }
        }

        var fromTarget = join.Preds.IndexOf(target == join ? block : target);
        var fromElse = join.Preds.IndexOf(otherwise == join ? block : otherwise);
        foreach (var phi in join.Phis)
        {
            var select = new Value(Op.Select, phi.Type, block.Condition!, phi.Args[fromTarget], phi.Args[fromElse]) { Id = function.NextValueId(), Site = block.Site };
            block.Add(select);
            phi.Args[fromTarget] = select;
            phi.Args[fromElse] = select;
        }

        // One way is left: keep the edge that came through the taken side.
        if (target == join)
        {
            Drop(block, otherwise, join);
            (block.Kind, block.Condition, block.Target, block.Else) = (Terminator.Jump, null, join, null);
        }
        else
        {
            if (otherwise == join)
            {
                join.RemovePred(block);
            }
            else
            {
                Drop(block, otherwise, join);
            }

            (block.Kind, block.Condition, block.Target, block.Else) = (Terminator.Jump, null, target, null);
        }

        return true;
    }

    private static void Drop(Block block, Block side, Block join)
    {
        join.RemovePred(side);
        side.RemovePred(block);
        side.Return();
    }

    private static bool IsSide(Block side, Block from) =>
        side.Kind == Terminator.Jump && side.Preds.Count == 1 && side.Preds[0] == from && side.Phis.Count == 0
        && side.Body.Count <= MaxValues && side.Body.TrueForAll(v => v.Op.IsPure() && !v.Op.MayTrap() && v.Op is not (Op.Math or Op.Local or Op.Shared));
}
