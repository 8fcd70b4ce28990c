using System.Globalization;
using System.Text;

namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>Writes a function the way a person reads it: one value a line, blocks with their predecessors.</summary>
internal static class Printer
{
    public static string Print(Function function)
    {
        function.Renumber();
        var text = new StringBuilder();
        var parameters = string.Join(", ", function.Parameters.Select((p, i) => $"%p{i} {p.Name}: {p.Memory}"));
        text.AppendLine(CultureInfo.InvariantCulture, $"kernel {function.Name}({parameters})");
        foreach (var block in function.Blocks)
        {
            var preds = block.Preds.Count == 0 ? "" : $"  ; from {string.Join(", ", block.Preds.Select(p => $"b{p.Index}"))}";
            text.AppendLine(CultureInfo.InvariantCulture, $"b{block.Index}:{preds}");
            foreach (var phi in block.Phis)
            {
                var sources = phi.Args.Select((a, i) => $"b{block.Preds[i].Index}: {Name(a)}");
                text.AppendLine(CultureInfo.InvariantCulture, $"    {Name(phi)}: {phi.Type} = phi {string.Join(", ", sources)}");
            }

            foreach (var value in block.Body)
            {
                text.Append("    ").AppendLine(Line(value));
            }

            text.Append("    ").AppendLine(Ending(block));
        }

        return text.ToString();
    }

    public static string Name(Value value) => value.Op switch
    {
        Op.Constant when value.Type == IrType.Float32 => ((float)value.FloatValue).ToString("R", CultureInfo.InvariantCulture) + "f",
        Op.Constant when value.Type == IrType.Float64 => value.FloatValue.ToString("R", CultureInfo.InvariantCulture) + "d",
        Op.Constant when value.Type == IrType.Int64 => value.Imm.ToString(CultureInfo.InvariantCulture) + "L",
        Op.Constant when value.Type == IrType.Bool => value.Imm != 0 ? "true" : "false",
        Op.Constant => value.Imm.ToString(CultureInfo.InvariantCulture),
        Op.Parameter => $"%p{value.Imm}",
        Op.Builtin => value.Builtin.ToString(),
        _ => $"%{value.Id}",
    };

    public static string Line(Value value)
    {
        var operands = string.Join(", ", value.Args.Select(Name));
        var text = value.Op switch
        {
            Op.Compare => $"{value.Compare} {operands}",
            Op.Convert => $"{value.Convert} {operands}",
            Op.Math => $"{value.Math} {operands}",
            Op.PtrAdd => Name(value.Args[0]) + (value.Args.Length > 1 ? $" + {Name(value.Args[1])} * {value.Scale}" : "")
                + (value.Imm != 0 ? $" + {value.Imm}" : ""),
            Op.Load => $"load.{value.Space}.{value.Memory} [{operands}]",
            Op.Store => $"store.{value.Space}.{value.Memory} [{Name(value.Args[0])}], {Name(value.Args[1])}",
            Op.Local or Op.Shared => $"{value.Op} {value.Imm} bytes",
            Op.Atomic => $"atomic.{(AtomicKind)value.Imm}.{value.Memory} {operands}",
            Op.BarrierReduce => $"barrier.{(ReduceKind)value.Imm} {operands}",
            Op.Fence => $"fence.{(FenceKind)value.Imm}",
            _ => $"{value.Op} {operands}",
        };
        return value.Type == IrType.Void ? text : $"{Name(value)}: {value.Type} = {text}";
    }

    private static string Ending(Block block) => block.Kind switch
    {
        Terminator.Jump => $"jump b{block.Target!.Index}",
        Terminator.Branch => $"branch {Name(block.Condition!)} ? b{block.Target!.Index} : b{block.Else!.Index}",
        _ => "return",
    };
}
