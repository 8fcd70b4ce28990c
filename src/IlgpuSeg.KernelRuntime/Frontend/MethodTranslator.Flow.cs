using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>Branches, joins and returns.</summary>
internal sealed partial class MethodTranslator
{
    private void JumpTo(Arrival target)
    {
        Arrive(target);
        Builder.Block.JumpTo(target.Ir);
    }

    private void Branch(Value condition, Arrival target)
    {
        var next = _blocks[_current.Next];
        condition = Builder.ToBool(condition);
        if (condition.IsConstant || target == next)
        {
            JumpTo(condition.IsConstant && condition.Imm == 0 ? next : target);
            return;
        }

        Arrive(target);
        Arrive(next);
        Builder.Block.Site = Site;
        Builder.Block.BranchTo(condition, target.Ir, next.Ir);
    }

    private void Switch(int[] targets)
    {
        var index = PopValue();
        var next = _blocks[_current.Next];
        if (index.IsConstant)
        {
            JumpTo((uint)index.Imm < (uint)targets.Length ? _blocks[targets[(int)index.Imm]] : next);
            return;
        }

        // A chain of tests; equal targets in a row become one range test.
        for (var i = 0; i < targets.Length;)
        {
            var end = i + 1;
            while (end < targets.Length && targets[end] == targets[i])
            {
                end++;
            }

            var target = _blocks[targets[i]];
            var hit = end == i + 1
                ? Builder.Compare(CompareKind.Eq, index, _context.Function.Int(i))
                : Builder.Compare(CompareKind.LtUn, Builder.Binary(Op.Sub, index, _context.Function.Int(i)), _context.Function.Int(end - i));
            i = end;
            if (target == next)
            {
                continue;
            }

            var otherwise = _context.Function.NewBlock();
            ArriveThroughEdgeBlock(hit, target, otherwise);
            _context.Variables.Seal(otherwise);
            Builder.Block = otherwise;
        }

        JumpTo(next);
    }

    // Several tests of one switch may lead to one target: an edge block of its own for each keeps predecessors distinct.
    private void ArriveThroughEdgeBlock(Value hit, Arrival target, Block otherwise)
    {
        var edge = _context.Function.NewBlock();
        Builder.Block.Site = Site;
        Builder.Block.BranchTo(hit, edge, otherwise);
        _context.Variables.Seal(edge);
        Builder.Block = edge;
        JumpTo(target);
    }

    /// <summary>Passes the evaluation stack on to a block: values through variables, the rest as it is.</summary>
    private void Arrive(Arrival target)
    {
        var stack = _stack.Reverse().ToArray();
        if (target.EntryStack is null)
        {
            target.SpilledStack = [];
            target.EntryStack = [.. stack.Select(o => NewSpill(target, o))];
        }

        for (var i = 0; i < stack.Length; i++)
        {
            if (Parts(stack[i]) is { } parts && target.EntryStack[i] is PlaceOperand place && target.SpilledStack!.Contains(place))
            {
                WriteParts(place, parts);
            }
            else if (stack[i] != target.EntryStack[i])
            {
                throw KernelError.At(Site, "a reference that depends on control flow", "Choose between values, or copy the code into both branches.");
            }
        }
    }

    private Operand NewSpill(Arrival target, Operand operand)
    {
        if (Parts(operand) is not { } parts)
        {
            return operand;
        }

        var start = -1;
        foreach (var part in parts)
        {
            var variable = _context.Variables.New(part.Type);
            start = start < 0 ? variable : start;
        }

        var place = new PlaceOperand(operand is AddressOperand ? operand.Type.MakePointerType() : operand.Type, start);
        target.SpilledStack!.Add(place);
        return place;
    }

    /// <summary>The run-time values behind an operand; null where it is known while compiling only.</summary>
    private static Value[]? Parts(Operand operand) => operand switch
    {
        ValueOperand value => [.. value.Parts.Select(p => p.Resolve())],
        AddressOperand address => [address.Pointer.Resolve()],
        _ => null,
    };

    private void Return()
    {
        var result = _returnType == typeof(void) ? null : Coerce(_stack.Pop(), _returnType);
        if (_exit is null)
        {
            _result = result;
            return;
        }

        switch (result)
        {
            case ValueOperand or AddressOperand:
                _returnStart = _returnStart < 0 ? NewPlace(_returnType).Start : _returnStart;
                WriteParts(new PlaceOperand(_returnType, _returnStart), Parts(result)!);
                break;
            case not null when _result is not null && _result != result:
                throw KernelError.At(Site, "a returned reference that depends on control flow", "Return a value.");
            default:
                _result = result;
                break;
        }

        Builder.Block.JumpTo(_exit);
    }

    private Operand ReadReturn() => ReadPlace(new PlaceOperand(_returnType, _returnStart));
}
