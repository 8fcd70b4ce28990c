namespace IlgpuSeg.KernelRuntime.Ir.Passes;

/// <summary>
/// Gives equal pure values one name where one dominates the other, and equal loads within a block as long as nothing
/// in between may have written there.
/// </summary>
internal sealed class CommonSubexpressions
{
    private readonly Dictionary<Key, List<Value>> _known = [];
    private readonly Dominators _dominators;

    private CommonSubexpressions(Dominators dominators) => _dominators = dominators;

    public static void Run(Function function)
    {
        function.Renumber();
        new CommonSubexpressions(Dominators.Of(function)).Visit(function);
        function.ResolveAll();
    }

    private void Visit(Function function)
    {
        // Reverse post-order visits dominators first.
        foreach (var block in function.Blocks)
        {
            var memory = new Dictionary<(Value, MemoryType), Value>();
            var kept = new List<Value>(block.Body.Count);
            foreach (var value in block.Body)
            {
                for (var i = 0; i < value.Args.Length; i++)
                {
                    value.Args[i] = value.Args[i].Resolve();
                }

                var same = value.Op.IsPure() && value.Op is not (Op.Local or Op.Shared) ? FindPure(value, block) : FindLoaded(value, memory);
                if (same is null)
                {
                    kept.Add(value);
                }
                else
                {
                    value.ReplaceBy(same);
                }
            }

            block.Body = kept;
        }
    }

    private Value? FindPure(Value value, Block block)
    {
        var key = new Key(value);
        if (!_known.TryGetValue(key, out var candidates))
        {
            _known[key] = candidates = [];
        }

        var found = candidates.Find(c => _dominators.Dominates(c.Block!, block));
        if (found is null)
        {
            candidates.Add(value);
        }

        return found;
    }

    private static Value? FindLoaded(Value value, Dictionary<(Value, MemoryType), Value> memory)
    {
        switch (value.Op)
        {
            case Op.Load:
                if (memory.TryGetValue((value.Args[0], value.Memory), out var known))
                {
                    return known;
                }

                memory[(value.Args[0], value.Memory)] = value;
                return null;
            case Op.Store:
                memory.Clear();
                return null;
            default:
                if (value.Op.HasEffect())
                {
                    memory.Clear();
                }

                return null;
        }
    }

    private readonly struct Key(Value value) : IEquatable<Key>
    {
        private readonly Value _value = value;

        public bool Equals(Key other)
        {
            Value a = _value, b = other._value;
            return a.Op == b.Op && a.Type == b.Type && a.Imm == b.Imm && a.Scale == b.Scale && a.Args.AsSpan().SequenceEqual(b.Args);
        }

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            var hash = HashCode.Combine(_value.Op, _value.Type, _value.Imm, _value.Scale);
            foreach (var arg in _value.Args)
            {
                hash = HashCode.Combine(hash, arg.Id);
            }

            return hash;
        }
    }
}
