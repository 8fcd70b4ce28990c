using System.Globalization;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>Blocks, branches and phis.</summary>
internal sealed partial class PtxEmitter
{
    // A branch over no more than this is cheaper as instructions under a predicate.
    private const int MaxPredicated = 8;

    private void EmitBlocks()
    {
        BlockOrder.SplitBranchEdges(_function);
        var order = BlockOrder.Of(_function);
        for (var i = 0; i < order.Count; i++)
        {
            var block = order[i];
            if (block.Preds.Exists(p => i == 0 || p != order[i - 1]) || block.Preds.Count > 1)
            {
                _body.Append(CultureInfo.InvariantCulture, $"{Label(block)}:\n");
            }

            EmitBody(block);
            var side = i + 1 < order.Count ? order[i + 1] : null;
            if (side is not null && IsShortSide(block, side))
            {
                _guard = $"@{(side == block.Target ? "" : "!")}{Use(block.Condition!)} ";
                EmitBody(side);
                _guard = "";
                i++;
                JumpTo(side.Target!, i + 1 < order.Count ? order[i + 1] : null);
                continue;
            }

            EmitEnd(block, side);
        }
    }

    private static string Label(Block block) => $"B{block.Index}";

    private void EmitBody(Block block)
    {
        foreach (var value in block.Body)
        {
            EmitValue(value);
        }
    }

    /// <summary>if (c) { side } with nothing in the side that has branches of its own or makes threads meet.</summary>
    private static bool IsShortSide(Block block, Block side) =>
        block.Kind == Terminator.Branch && side.Kind == Terminator.Jump && side.Preds.Count == 1 && side.Phis.Count == 0
        && side.Target is { Phis.Count: 0 } join && (side == block.Target ? join == block.Else : side == block.Else && join == block.Target)
        && side.Body.Count <= MaxPredicated && side.Body.TrueForAll(v => v.Op.IsPure() || v.Op is Op.Load or Op.Store || (v.Op == Op.Atomic && !NeedsLoop(v)));

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
