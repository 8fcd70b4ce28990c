using System.Reflection;

namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>The place in the source that a value comes from, for error messages.</summary>
internal sealed record IlSite(MethodBase Method, int Offset);

/// <summary>One SSA value: an operation with its operands. Which of the extra fields count depends on <see cref="Op"/>.</summary>
internal sealed class Value(Op op, IrType type, params Value[] args)
{
    public int Id { get; set; }
    public Op Op { get; set; } = op;
    public IrType Type { get; set; } = type;
    public Value[] Args { get; set; } = args;

    /// <summary>Constant bits, parameter index, byte offset or size, or the kind of the operation.</summary>
    public long Imm { get; set; }

    public int Scale { get; set; }
    public MemoryType Memory { get; set; }
    public AddressSpace Space { get; set; }
    public Block? Block { get; set; }
    public IlSite? Site { get; set; }

    /// <summary>Set when a pass found that another value is always the same; followed by <see cref="Resolve"/>.</summary>
    public Value? Replacement { get; set; }

    public bool IsConstant => Op == Op.Constant;
    public CompareKind Compare => (CompareKind)Imm;
    public ConvertKind Convert => (ConvertKind)Imm;
    public MathKind Math => (MathKind)Imm;
    public BuiltinKind Builtin => (BuiltinKind)Imm;

    /// <summary>The constant as a floating-point number.</summary>
    public double FloatValue => Type == IrType.Float32 ? BitConverter.Int32BitsToSingle((int)Imm) : BitConverter.Int64BitsToDouble(Imm);

    public bool IsConst(long value) => IsConstant && Type is IrType.Int32 or IrType.Int64 or IrType.Bool && Imm == value;

    public Value Resolve()
    {
        var value = this;
        while (value.Replacement is { } next)
        {
            value = next;
        }

        return value;
    }

    public void ReplaceBy(Value other) => Replacement = other.Resolve();

    /// <summary>A copy with other operands; not yet in a block.</summary>
    public Value CloneWith(Value[] operands) => new(Op, Type, operands) { Imm = Imm, Scale = Scale, Memory = Memory, Space = Space, Site = Site };
}

internal enum Terminator : byte { None, Jump, Branch, Return }

/// <summary>A basic block: phis (their operands run parallel to <see cref="Preds"/>), straight-line values, and one terminator.</summary>
internal sealed class Block(int id)
{
    public int Id { get; } = id;

    /// <summary>Position in the function's order, set by <see cref="Function.Renumber"/>.</summary>
    public int Index { get; set; }

    public List<Value> Phis { get; } = [];
    public List<Value> Body { get; set; } = [];
    public List<Block> Preds { get; } = [];
    public Terminator Kind { get; set; }
    public Value? Condition { get; set; }
    public IlSite? Site { get; set; }

    /// <summary>Jump target, or the target when the condition holds.</summary>
    public Block? Target { get; set; }

    /// <summary>The target when the condition does not hold.</summary>
    public Block? Else { get; set; }

    public IEnumerable<Block> Succs
    {
        get
        {
            if (Target is not null)
            {
                yield return Target;
            }

            if (Else is not null)
            {
                yield return Else;
            }
        }
    }

    public void JumpTo(Block target)
    {
        (Kind, Condition, Target, Else) = (Terminator.Jump, null, target, null);
        target.Preds.Add(this);
    }

    public void BranchTo(Value condition, Block target, Block otherwise)
    {
        (Kind, Condition, Target, Else) = (Terminator.Branch, condition, target, otherwise);
        target.Preds.Add(this);
        otherwise.Preds.Add(this);
    }

    public void Return() => (Kind, Condition, Target, Else) = (Terminator.Return, null, null, null);

    public void Add(Value value)
    {
        value.Block = this;
        Body.Add(value);
    }

    public void AddPhi(Value phi)
    {
        phi.Block = this;
        Phis.Add(phi);
    }

    /// <summary>Forgets the edge from <paramref name="pred"/> and the phi operands that came along it.</summary>
    public void RemovePred(Block pred)
    {
        var index = Preds.IndexOf(pred);
        Preds.RemoveAt(index);
        foreach (var phi in Phis)
        {
            phi.Args = [.. phi.Args[..index], .. phi.Args[(index + 1)..]];
        }
    }

    public void Retarget(Block from, Block to)
    {
        Target = Target == from ? to : Target;
        Else = Else == from ? to : Else;
    }
}

/// <summary>What the launch hands to the kernel: one flattened primitive of one parameter.</summary>
internal sealed record IrParameter(string Name, int Source, MemoryType Memory, int Offset);

/// <summary>A kernel in SSA form, with everything inlined.</summary>
/// <param name="name">Its name in messages.</param>
/// <param name="warpSize">The lanes of a warp where it will run.</param>
/// <param name="lineSize">The threads of a group, if all groups are lines of so many; 0 if that is known at the launch only.</param>
internal sealed class Function(string name, int warpSize, int lineSize = 0)
{
    private readonly Dictionary<(Op, IrType, long), Value> _leaves = [];
    private int _nextBlock;
    private int _nextValue;

    public string Name { get; } = name;
    public int WarpSize { get; } = warpSize;
    public int LineSize => lineSize;
    public List<Block> Blocks { get; set; } = [];
    public List<IrParameter> Parameters { get; } = [];
    public Block Entry => Blocks[0];

    public Block NewBlock()
    {
        var block = new Block(_nextBlock++);
        Blocks.Add(block);
        return block;
    }

    public int NextValueId() => _nextValue++;

    public Value Leaf(Op op, IrType type, long imm)
    {
        if (!_leaves.TryGetValue((op, type, imm), out var value))
        {
            _leaves[(op, type, imm)] = value = new Value(op, type) { Imm = imm, Id = _nextValue++ };
        }

        return value;
    }

    public Value Const(IrType type, long bits) => Leaf(Op.Constant, type, type == IrType.Int32 ? (int)bits : bits);

    public Value Int(int value) => Const(IrType.Int32, value);

    public Value Long(long value) => Const(IrType.Int64, value);

    public Value Bool(bool value) => Const(IrType.Bool, value ? 1 : 0);

    public Value Float(IrType type, double value) =>
        type == IrType.Float32 ? Const(type, BitConverter.SingleToInt32Bits((float)value)) : Const(type, BitConverter.DoubleToInt64Bits(value));

    public Value Builtin(BuiltinKind kind) => kind switch
    {
        BuiltinKind.GroupDimX when lineSize != 0 => Int(lineSize),
        BuiltinKind.GroupDimY or BuiltinKind.GroupDimZ when lineSize != 0 => Int(1),
        BuiltinKind.GroupIdxY or BuiltinKind.GroupIdxZ when lineSize != 0 => Int(0),
        _ => Leaf(Op.Builtin, IrType.Int32, (long)kind),
    };

    /// <summary>Drops unreachable blocks, puts the rest into reverse post-order and numbers them.</summary>
    public void Renumber()
    {
        var order = new List<Block>();
        var seen = new HashSet<Block>();
        var stack = new Stack<(Block, IEnumerator<Block>)>();
        seen.Add(Entry);
        stack.Push((Entry, ReverseSuccs(Entry)));
        while (stack.Count > 0)
        {
            var (block, succs) = stack.Peek();
            if (!succs.MoveNext())
            {
                order.Add(block);
                stack.Pop();
            }
            else if (seen.Add(succs.Current))
            {
                stack.Push((succs.Current, ReverseSuccs(succs.Current)));
            }
        }

        order.Reverse();
        foreach (var block in Blocks.Where(b => !seen.Contains(b)))
        {
            foreach (var succ in block.Succs.Where(seen.Contains))
            {
                succ.RemovePred(block);
            }
        }

        Blocks = order;
        for (var i = 0; i < order.Count; i++)
        {
            order[i].Index = i;
        }
    }

    /// <summary>Replaces operands by what they were found to equal, everywhere.</summary>
    public void ResolveAll()
    {
        foreach (var block in Blocks)
        {
            foreach (var value in block.Phis.Concat(block.Body))
            {
                for (var i = 0; i < value.Args.Length; i++)
                {
                    value.Args[i] = value.Args[i].Resolve();
                }
            }

            block.Condition = block.Condition?.Resolve();
        }
    }

    /// <summary>Every value that lives in a block, in order.</summary>
    public IEnumerable<Value> Values() => Blocks.SelectMany(b => b.Phis.Concat(b.Body));

    // The else side first, so that in the final order the taken side follows its branch.
    private static IEnumerator<Block> ReverseSuccs(Block block)
    {
        if (block.Else is not null)
        {
            yield return block.Else;
        }

        if (block.Target is not null)
        {
            yield return block.Target;
        }
    }
}
