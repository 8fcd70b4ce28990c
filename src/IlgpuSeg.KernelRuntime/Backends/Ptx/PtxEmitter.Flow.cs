using System.Globalization;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>Blocks, branches and phis.</summary>
internal sealed partial class PtxEmitter
{
    // Branches over no more than this are cheaper as instructions under predicates.
    private const int MaxPredicated = 12;

    private void EmitBlocks()
    {
        BlockOrder.SplitBranchEdges(_function);
        var order = BlockOrder.Of(_function);
        var done = new HashSet<Block>();
        Block? previous = null;
        for (var i = 0; i < order.Count; i++)
        {
            var block = order[i];
            if (done.Contains(block))
            {
                continue;
            }

            if (block.Preds.Count > 1 || block.Preds.Exists(p => p != previous))
            {
                _body.Append(CultureInfo.InvariantCulture, $"{Label(block)}:\n");
            }

            EmitBody(block);
            var join = JoinOfShortSides(block);
            foreach (var side in block.Succs.Where(s => join is not null && s != join))
            {
                EmitSide(block, side);
                done.Add(side);
            }

            var next = order.Skip(i + 1).FirstOrDefault(b => !done.Contains(b));
            if (join is not null)
            {
                JumpTo(join, next);
            }
            else
            {
                EmitEnd(block, next);
            }

            previous = block;
        }
    }

    // Each thread runs one side only, so that the copies of one never disturb the other. What has no effect and reads nothing that depends on the
    // side is computed by all, and what is loaded is zero before: a register that only some write would keep its old value for the others, through
    // every loop around, and these values take registers from those loops.
    private void EmitSide(Block block, Block side)
    {
        var guard = $"@{(side == block.Target ? "" : "!")}{Use(block.Condition!)} ";
        var guarded = new HashSet<Value>();
        foreach (var load in side.Body.Where(v => v.Op == Op.Load && IsUsed(v)))
        {
            Line($"mov.{Registers.MoveType(Registers.ClassOf(load.Type, load.Space))} {Name(load)}, {Literal(_function.Const(load.Type, 0))}");
        }

        foreach (var value in side.Body)
        {
            if (!value.Op.IsPure() || Array.Exists(value.Args, guarded.Contains))
            {
                guarded.Add(value);
                _guard = guard;
            }

            EmitValue(value);
            _guard = "";
        }

        _guard = guard;
        CopyPhis(side, side.Target!);
        _guard = "";
    }

    /// <summary>
    /// Where if (c) { .. } else { .. } goes on, if its sides (one may be missing) are few instructions without branches of their own and
    /// without meeting other threads; else null.
    /// </summary>
    private Block? JoinOfShortSides(Block block)
    {
        if (block.Kind != Terminator.Branch)
        {
            return null;
        }

        Block target = block.Target!, otherwise = block.Else!;
        var join = IsShortSide(target, block) ? target.Target! : target;
        if ((target == join && otherwise == join) || (otherwise != join && !(IsShortSide(otherwise, block) && otherwise.Target == join)))
        {
            return null;
        }

        // A phi of the join that is the condition itself would change under the instructions that it guards.
        var count = block.Succs.Where(s => s != join).Sum(s => s.Body.Count + join.Phis.Count);
        return join != block && count <= MaxPredicated && !join.Phis.Contains(block.Condition!) ? join : null;
    }

    private static bool IsShortSide(Block side, Block from) =>
        side.Kind == Terminator.Jump && side.Preds.Count == 1 && side.Preds[0] == from && side.Phis.Count == 0 && side.Body.Count <= MaxPredicated
        && side.Body.TrueForAll(v => v.Op.IsPure() || v.Op is Op.Load or Op.Store || (v.Op == Op.Atomic && !NeedsLoop(v)));

    private static string Label(Block block) => $"B{block.Index}";

    private void EmitBody(Block block)
    {
        foreach (var value in block.Body)
        {
            EmitValue(value);
        }
    }

    private void EmitEnd(Block block, Block? next)
    {
        switch (block.Kind)
        {
            case Terminator.Return:
                Line("ret");
                break;
            case Terminator.Jump:
                CopyPhis(block, block.Target!);
                JumpTo(block.Target!, next);
                break;
            default:
                var condition = Use(block.Condition!);
                if (next == block.Target)
                {
                    Line($"@!{condition} bra {Label(block.Else!)}");
                }
                else
                {
                    Line($"@{condition} bra {Label(block.Target!)}");
                    JumpTo(block.Else!, next);
                }

                break;
        }
    }

    private void JumpTo(Block target, Block? next)
    {
        if (target != next)
        {
            Line($"bra {Label(target)}");
        }
    }

    /// <summary>All copies of an edge happen at once: one whose register is still to be read waits, and a circle is broken by a temporary.</summary>
    private void CopyPhis(Block from, Block to)
    {
        var index = to.Preds.IndexOf(from);
        var copies = new List<(string Target, string Source, RegisterClass Kind)>();
        foreach (var phi in to.Phis.Where(IsUsed))
        {
            var source = phi.Type == IrType.Pointer ? AsPointerIn(phi.Args[index], phi.Space) : Use(phi.Args[index]);
            if (source != Name(phi))
            {
                copies.Add((Name(phi), source, Registers.ClassOf(phi.Type, phi.Space)));
            }
        }

        while (copies.Count > 0)
        {
            var ready = copies.FindIndex(c => !copies.Exists(o => o.Source == c.Target));
            if (ready >= 0)
            {
                Line($"mov.{Registers.MoveType(copies[ready].Kind)} {copies[ready].Target}, {copies[ready].Source}");
                copies.RemoveAt(ready);
                continue;
            }

            var (_, source, kind) = copies[0];
            var temporary = Temporary(kind);
            Line($"mov.{Registers.MoveType(kind)} {temporary}, {source}");
            copies = copies.ConvertAll(c => c.Source == source ? (c.Target, temporary, c.Kind) : c);
        }
    }
}
