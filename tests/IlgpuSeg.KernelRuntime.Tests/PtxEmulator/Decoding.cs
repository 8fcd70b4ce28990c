namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>
/// One statement while it is being checked: its modifiers, taken in the manual's order, and its operands, taken one after the other
/// against the type that the instruction asks for.
/// </summary>
internal sealed class Decoding
{
    private readonly string[] parts;
    private int part = 1, operand;

    public Decoding(PtxModuleSyntax module, Statement statement)
    {
        (Module, Statement) = (module, statement);
        parts = statement.Opcode.Split('.');
    }

    public PtxModuleSyntax Module { get; }

    public Statement Statement { get; }

    public string Operation => parts[0];

    public int OperandsLeft => Statement.Operands.Count - operand;

    public PtxRefusedException Refuse(string message) => new(Statement.Line, $"{message}\n    {Statement.Text}");

    /// <summary>Takes the next modifier if it is this one.</summary>
    public bool Take(string modifier)
    {
        if (part >= parts.Length || parts[part] != modifier)
            return false;
        part++;
        return true;
    }

    /// <summary>Takes the next modifier if it is one of these.</summary>
    public string? TakeAny(params ReadOnlySpan<string> modifiers)
    {
        foreach (var modifier in modifiers)
        {
            if (Take(modifier))
                return modifier;
        }

        return null;
    }

    public string TakeOne(string what, params ReadOnlySpan<string> modifiers) =>
        TakeAny(modifiers) ?? throw Refuse($"{Operation} needs {what}: one of .{string.Join(", .", modifiers.ToArray())}");

    public void Require(string modifier)
    {
        if (!Take(modifier))
            throw Refuse($"{Operation} needs .{modifier} here");
    }

    /// <summary>Takes a type, one of those allowed.</summary>
    public PtxType Type(params ReadOnlySpan<PtxType> allowed)
    {
        if (part >= parts.Length || !PtxTypes.TryParse(parts[part], out var type))
            throw Refuse(part >= parts.Length ? $"{Operation} needs a type" : $"'.{parts[part]}' is not known here");
        if (!allowed.Contains(type))
            throw Refuse($"{Operation} does not exist for {type.Name()} with these modifiers");
        part++;
        return type;
    }

    public bool NextIsType(out PtxType type)
    {
        type = default;
        return part < parts.Length && PtxTypes.TryParse(parts[part], out type);
    }

    /// <summary>No modifiers may be left.</summary>
    public void EndModifiers()
    {
        if (part < parts.Length)
            throw Refuse($"'.{parts[part]}' is not a modifier of this instruction, or stands in the wrong place");
    }

    /// <summary>Refuses what the module's version or target does not have yet. Version 70 is PTX 7.0, target 80 is sm_80.</summary>
    public void Need(int version, int target, string what)
    {
        if (Module.Version < version)
            throw Refuse($"{what} needs PTX {version / 10}.{version % 10}, the module says {Module.Version / 10}.{Module.Version % 10}");
        if (Module.Target < target)
            throw Refuse($"{what} needs sm_{target}, the module says sm_{Module.Target}");
    }

    public Operand Next() =>
        operand < Statement.Operands.Count ? Statement.Operands[operand++] : throw Refuse($"{Operation} has too few operands");

    public void EndOperands()
    {
        if (OperandsLeft > 0)
            throw Refuse($"{Operation} has too many operands");
    }

    /// <summary>A destination register.</summary>
    public int Target(PtxType type, bool relaxed = false) => TargetRegister(Next(), type, relaxed).Index;

    public PtxRegister TargetRegister(Operand operand, PtxType type, bool relaxed = false)
    {
        if (operand is not NameOperand { Negated: false, Second: null } name)
            throw Refuse($"{Operation} needs a register to write to");
        var register = Register(name.Name);
        CheckType(register, type, relaxed);
        return register;
    }

    /// <summary>A destination that may be the sink _ (-1).</summary>
    public int TargetOrSink(Operand operand, PtxType type) =>
        operand is NameOperand { Name: "_" } ? -1 : TargetRegister(operand, type).Index;

    /// <summary>d or d|p: a destination and, perhaps, a predicate beside it (-1 without).</summary>
    public (int First, int Second) TargetPair(PtxType first, PtxType second)
    {
        var operand = Next();
        if (operand is not NameOperand { Negated: false } name)
            throw Refuse($"{Operation} needs a register to write to");
        var beside = name.Second is null ? -1 : TargetOrSink(new NameOperand(name.Second), second);
        return (TargetOrSink(new NameOperand(name.Name), first), beside);
    }

    /// <summary>An input: register, special register or constant of this type.</summary>
    public Source Source(PtxType type, bool relaxed = false) => Source(Next(), type, relaxed);

    public Source Source(Operand operand, PtxType type, bool relaxed = false)
    {
        switch (operand)
        {
            case IntegerOperand or FloatOperand:
                return new ConstantSource(Constants.Bits(operand, type, Statement.Line));
            case NameOperand { Second: null } name:
                if (SpecialRegister.TryFind(name.Name, out var special, out var value))
                    return Special(name, special, type, relaxed, value);
                var register = Register(name.Name);
                CheckType(register, type, relaxed);
                if (name.Negated && type != PtxType.Pred)
                    throw Refuse("! takes a predicate");
                return name.Negated ? new NegatedSource(new RegisterSource(register)) : new RegisterSource(register);
            default:
                throw Refuse($"{Operation} needs a register or a constant here");
        }
    }

    private SpecialSource Special(NameOperand name, PtxType special, PtxType type, bool relaxed, Func<Warp, int, ulong> value)
    {
        if (Operation is not ("mov" or "cvt"))
            throw Refuse($"special registers are read by mov and cvt only");
        if (name.Negated || !type.Accepts(special, relaxed))
            throw Refuse($"{name.Name} has type {special.Name()}, not {type.Name()}");
        return new SpecialSource(value);
    }

    /// <summary>A constant number.</summary>
    public int Immediate(int low, int high)
    {
        if (Next() is not IntegerOperand number || (long)number.Value < low || (long)number.Value > high)
            throw Refuse($"{Operation} needs a constant from {low} to {high} here");
        return (int)number.Value;
    }

    public IReadOnlyList<Operand> Vector(int count)
    {
        if (Next() is not VectorOperand vector || vector.Elements.Count != count)
            throw Refuse($"{Operation} needs {count} registers in braces here");
        return vector.Elements;
    }

    /// <summary>Registers in braces, or one without them.</summary>
    public IReadOnlyList<Operand> VectorOrOne(int count) =>
        count == 1 && operand < Statement.Operands.Count && Statement.Operands[operand] is not VectorOperand ? [Next()] : Vector(count);

    public PtxRegister Register(string name) => Statement.Scope.Find(name) switch
    {
        PtxRegister register => register,
        null => throw Refuse($"{name} is not declared"),
        _ => throw Refuse($"{name} is not a register"),
    };

    private void CheckType(PtxRegister register, PtxType type, bool relaxed)
    {
        if (!type.Accepts(register.Type, relaxed))
            throw Refuse($"{register.Name} is declared {register.Type.Name()}, which is no operand for {type.Name()}");
    }

    /// <summary>[...] in a state space. Variables must belong to it; registers hold addresses of its size.</summary>
    public AddressSource Address(StateSpace space)
    {
        if (Next() is not AddressOperand address)
            throw Refuse($"{Operation} needs an address in brackets here");
        if (address.Base is null)
            return new AddressSource(space, null, address.Offset, false);
        switch (Statement.Scope.Find(address.Base))
        {
            case PtxVariable variable when variable.Space != space:
                throw Refuse($"{variable.Name} lives in {Name(variable.Space)}, the access is to {Name(space)}");
            case PtxVariable variable:
                return new AddressSource(space, null, AddressOf(variable) + address.Offset, false);
            case PtxRegister register:
                return AddressIn(register, space, address.Offset);
            default:
                throw Refuse($"{address.Base} is not declared");
        }
    }

    private AddressSource AddressIn(PtxRegister register, StateSpace space, long offset)
    {
        if (space == StateSpace.Param)
            throw Refuse("parameters of an entry are addressed by name");
        if (register.Type.IsFloat() || register.Type.Size() < 4)
            throw Refuse($"{register.Name} is declared {register.Type.Name()}: an address is an integer of 32 or 64 bits");
        if (register.Type.Size() == 4 && space is StateSpace.Global or StateSpace.Generic)
            throw Refuse($"{register.Name} has 32 bits: addresses in {space.ToString().ToLowerInvariant()} space have 64");
        return new AddressSource(space, new RegisterSource(register), offset, register.Type.Size() == 4);
    }

    private static string Name(StateSpace space) => "." + space.ToString().ToLowerInvariant();

    /// <summary>A variable's address within its state space.</summary>
    public static long AddressOf(PtxVariable variable) => variable.Offset + variable.Space switch
    {
        StateSpace.Shared => (long)DeviceMemory.SharedStart,
        StateSpace.Local => (long)DeviceMemory.LocalStart,
        StateSpace.Const => 0x1000,
        _ => 0,
    };
}
