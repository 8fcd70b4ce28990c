namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>
/// Mutable variables turned into SSA values while the code is built, after Braun et al. ("Simple and efficient construction of
/// static single assignment form"): a block is sealed when all its predecessors are known, until then reads make open phis.
/// </summary>
internal sealed class Variables(Function function)
{
    private readonly List<IrType> _types = [];
    // By the block's number.
    private readonly List<Dictionary<int, Value>?> _definitions = [];
    private readonly Dictionary<Block, List<(int Variable, Value Phi)>> _open = [];
    private readonly HashSet<Block> _sealed = [];

    public int New(IrType type)
    {
        _types.Add(type);
        return _types.Count - 1;
    }

    public void Write(int variable, Block block, Value value)
    {
        while (_definitions.Count <= block.Id)
        {
            _definitions.Add(null);
        }

        (_definitions[block.Id] ??= [])[variable] = value;
    }

    public Value Read(int variable, Block block)
    {
        // Up to where the variable is known or paths meet; nothing is kept on the way, the way would fill with variables that it only passes on.
        var from = block;
        Value? value;
        while ((value = Known(variable, from)) is null && _sealed.Contains(from) && from.Preds.Count == 1)
        {
            from = from.Preds[0];
        }

        value ??= Begin(variable, from);
        if (from != block)
        {
            Write(variable, block, value);
        }

        return value;
    }

    private Value? Known(int variable, Block block)
    {
        if (block.Id >= _definitions.Count || _definitions[block.Id] is not { } map || !map.TryGetValue(variable, out var value))
        {
            return null;
        }

        return value.Replacement is null ? value : map[variable] = value.Resolve();
    }

    /// <summary>The value at the beginning of a block that has no or several predecessors, or does not know all.</summary>
    private Value Begin(int variable, Block block)
    {
        Value value;
        if (!_sealed.Contains(block))
        {
            value = NewPhi(variable, block);
            if (!_open.TryGetValue(block, out var open))
            {
                _open[block] = open = [];
            }

            open.Add((variable, value));
        }
        else if (block.Preds.Count == 0)
        {
            // Read before any write: IL guarantees zero.
            value = function.Const(_types[variable], 0);
        }
        else
        {
            var phi = NewPhi(variable, block);
            Write(variable, block, phi);
            value = Complete(variable, phi);
        }

        Write(variable, block, value);
        return value;
    }

    public void Seal(Block block)
    {
        _sealed.Add(block);
        if (_open.Remove(block, out var open))
        {
            foreach (var (variable, phi) in open)
            {
                Complete(variable, phi);
            }
        }
    }

    private Value NewPhi(int variable, Block block)
    {
        var phi = new Value(Op.Phi, _types[variable]) { Id = function.NextValueId() };
        block.AddPhi(phi);
        return phi;
    }

    private Value Complete(int variable, Value phi)
    {
        phi.Args = [.. phi.Block!.Preds.Select(p => Read(variable, p))];
        return Phis.SimplifyTrivial(phi);
    }
}

/// <summary>What every pass that touches phis shares.</summary>
internal static class Phis
{
    /// <summary>Replaces a phi whose operands are all one value (or itself) by that value.</summary>
    public static Value SimplifyTrivial(Value phi)
    {
        Value? same = null;
        foreach (var arg in phi.Args)
        {
            var operand = arg.Resolve();
            if (operand == phi || operand == same)
            {
                continue;
            }

            if (same is not null)
            {
                return phi;
            }

            same = operand;
        }

        if (same is null)
        {
            return phi;
        }

        phi.Block!.Phis.Remove(phi);
        phi.ReplaceBy(same);
        return same;
    }
}
