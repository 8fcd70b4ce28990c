using System.Reflection;
using System.Reflection.Emit;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>One IL instruction. <see cref="Operand"/> is an int, long, float, double, token, branch target or target array.</summary>
internal sealed record IlInstruction(int Offset, OpCode Code, object? Operand, int Next);

/// <summary>A basic block: what comes after it, and its place among the instructions.</summary>
internal sealed class IlBlock(int number, int offset, int first)
{
    public int Number { get; } = number;
    public int Offset { get; } = offset;
    public int First { get; } = first;
    public List<IlBlock> Succs { get; } = [];
}

/// <summary>Splits a method body into instructions and basic blocks.</summary>
internal static class IlDecoder
{
    private static readonly OpCode[] OneByte = new OpCode[256];
    private static readonly OpCode[] TwoBytes = new OpCode[256];

    static IlDecoder()
    {
        foreach (var field in typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            var code = (OpCode)field.GetValue(null)!;
            (code.Size == 1 ? OneByte : TwoBytes)[code.Value & 0xff] = code;
        }
    }

    public static List<IlInstruction> Decode(byte[] il)
    {
        var result = new List<IlInstruction>();
        for (var position = 0; position < il.Length;)
        {
            var offset = position;
            var code = il[position] == 0xfe ? TwoBytes[il[position + 1]] : OneByte[il[position]];
            position += code.Size;
            var operand = Operand(il, code, ref position);
            result.Add(new IlInstruction(offset, code, operand, position));
        }

        return result;
    }

    /// <summary>The blocks in the order of their offsets.</summary>
    public static List<IlBlock> Blocks(List<IlInstruction> instructions)
    {
        var leaders = Leaders(instructions);
        var indexOf = instructions.Select((instruction, i) => (instruction.Offset, i)).ToDictionary(p => p.Offset, p => p.i);
        var blocks = leaders.Select((offset, number) => new IlBlock(number, offset, indexOf[offset])).ToList();
        var at = blocks.ToDictionary(b => b.Offset);
        foreach (var block in blocks)
        {
            var end = instructions[block.Number + 1 < blocks.Count ? blocks[block.Number + 1].First - 1 : instructions.Count - 1];
            block.Succs.AddRange(Targets(end).Select(t => at[t]).Distinct());
            if (end.Code.FlowControl is not (FlowControl.Branch or FlowControl.Return or FlowControl.Throw)
                && at.TryGetValue(end.Next, out var fallThrough) && !block.Succs.Contains(fallThrough))
            {
                block.Succs.Add(fallThrough);
            }
        }

        return blocks;
    }

    /// <summary>Offsets where blocks begin: targets and what follows a branch.</summary>
    private static SortedSet<int> Leaders(List<IlInstruction> instructions)
    {
        var leaders = new SortedSet<int> { 0 };
        foreach (var instruction in instructions)
        {
            foreach (var target in Targets(instruction))
            {
                leaders.Add(target);
            }

            if (instruction.Code.FlowControl is FlowControl.Branch or FlowControl.Cond_Branch or FlowControl.Return or FlowControl.Throw)
            {
                leaders.Add(instruction.Next);
            }
        }

        leaders.Remove(instructions[^1].Next);
        return leaders;
    }

    private static IEnumerable<int> Targets(IlInstruction instruction) => instruction.Code.OperandType switch
    {
        OperandType.InlineBrTarget or OperandType.ShortInlineBrTarget => [(int)instruction.Operand!],
        OperandType.InlineSwitch => (int[])instruction.Operand!,
        _ => [],
    };

    private static object? Operand(byte[] il, OpCode code, ref int position)
    {
        var at = position;
        switch (code.OperandType)
        {
            case OperandType.InlineNone:
                return null;
            case OperandType.ShortInlineI:
                position += 1;
                return code == OpCodes.Ldc_I4_S ? (int)(sbyte)il[at] : il[at];
            case OperandType.ShortInlineVar:
                position += 1;
                return (int)il[at];
            case OperandType.InlineVar:
                position += 2;
                return (int)BitConverter.ToUInt16(il, at);
            case OperandType.InlineI8:
                position += 8;
                return BitConverter.ToInt64(il, at);
            case OperandType.ShortInlineR:
                position += 4;
                return BitConverter.ToSingle(il, at);
            case OperandType.InlineR:
                position += 8;
                return BitConverter.ToDouble(il, at);
            case OperandType.ShortInlineBrTarget:
                position += 1;
                return position + (sbyte)il[at];
            case OperandType.InlineBrTarget:
                position += 4;
                return position + BitConverter.ToInt32(il, at);
            case OperandType.InlineSwitch:
                return Switch(il, ref position);
            default:
                position += 4;
                return BitConverter.ToInt32(il, at);
        }
    }

    private static int[] Switch(byte[] il, ref int position)
    {
        var count = BitConverter.ToInt32(il, position);
        position += 4;
        var end = position + (4 * count);
        var targets = new int[count];
        for (var i = 0; i < count; i++, position += 4)
        {
            targets[i] = end + BitConverter.ToInt32(il, position);
        }

        return targets;
    }
}
