namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>Appends values to the current block, simplifying on the way.</summary>
internal sealed class Builder
{
    private readonly Simplifier _simplifier;

    public Builder(Function function)
    {
        Function = function;
        _simplifier = new Simplifier(function, Append);
        Block = null!;
    }

    public Function Function { get; }
    public Block Block { get; set; }
    public IlSite? Site { get; set; }

    public Value Append(Value value)
    {
        value.Site ??= Site;
        var result = _simplifier.Apply(value);
        if (result == value)
        {
            value.Id = Function.NextValueId();
            Block.Add(value);
        }

        return result;
    }

    public Value Unary(Op op, Value a) => Append(new Value(op, a.Type, a));

    public Value Binary(Op op, Value a, Value b) => Append(new Value(op, a.Type, a, b));

    public Value Fma(Value a, Value b, Value c) => Append(new Value(Op.Fma, a.Type, a, b, c));

    public Value Compare(CompareKind kind, Value a, Value b) => Append(new Value(Op.Compare, IrType.Bool, a, b) { Imm = (long)kind });

    public Value Select(Value condition, Value a, Value b) => Append(new Value(Op.Select, a.Type, condition, a, b));

    public Value Convert(ConvertKind kind, IrType type, Value a) => Append(new Value(Op.Convert, type, a) { Imm = (long)kind });

    public Value Math(MathKind kind, params Value[] args) => Append(new Value(Op.Math, args[0].Type, args) { Imm = (long)kind });

    public Value PtrAdd(Value pointer, Value index, int scale) => Append(new Value(Op.PtrAdd, IrType.Pointer, pointer, index) { Scale = scale });

    public Value PtrAdd(Value pointer, long offset) => Append(new Value(Op.PtrAdd, IrType.Pointer, pointer) { Imm = offset });

    public Value Load(Value pointer, MemoryType memory) => Append(new Value(Op.Load, memory.ValueType(), pointer) { Memory = memory });

    public void Store(Value pointer, Value value, MemoryType memory) => Append(new Value(Op.Store, IrType.Void, pointer, value) { Memory = memory });

    /// <summary>The Int32 that IL's stack holds for a truth value.</summary>
    public Value ToInt(Value value) => value.Type == IrType.Bool ? Convert(ConvertKind.BoolToInt, IrType.Int32, value) : value;

    /// <summary>The truth value that a branch tests.</summary>
    public Value ToBool(Value value) => value.Type == IrType.Bool
        ? value
        : value.Type.IsFloat()
            ? Compare(CompareKind.Ne, value, Function.Float(value.Type, 0))
            : Compare(CompareKind.Ne, value, Function.Const(value.Type, 0));
}
