namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>A checked instruction. Lanes of a warp that stand at one place run it together; a bit mask names them.</summary>
internal abstract class Instruction
{
    public int Line { get; set; }

    public string Text { get; set; } = "";

    /// <summary>Register of the guard predicate, or -1.</summary>
    public int Guard { get; set; } = -1;

    public bool GuardNegated { get; set; }

    /// <summary>
    /// Runs for the lanes <paramref name="active"/> among <paramref name="at"/>, those that stand here. True: all of
    /// <paramref name="at"/> go on to the next instruction. False: the instruction has set places and states itself.
    /// </summary>
    public abstract bool Step(Warp warp, uint at, uint active);
}

/// <summary>An instruction that only computes and moves data.</summary>
internal abstract class DataInstruction : Instruction
{
    public sealed override bool Step(Warp warp, uint at, uint active)
    {
        if (active != 0)
            Execute(warp, active);
        return true;
    }

    protected abstract void Execute(Warp warp, uint lanes);
}

/// <summary>An input operand: a value for each lane.</summary>
internal abstract class Source
{
    /// <summary>The 32 lanes' values; those outside <paramref name="lanes"/> mean nothing.</summary>
    public abstract ReadOnlySpan<ulong> Read(Warp warp, uint lanes);

    /// <summary>The lanes whose value is defined. Only selections may look before they read.</summary>
    public virtual uint DefinedLanes(Warp warp) => uint.MaxValue;

    /// <summary>The values without the check that they are defined.</summary>
    public virtual ReadOnlySpan<ulong> Peek(Warp warp, uint lanes) => Read(warp, lanes);
}

internal sealed class RegisterSource(PtxRegister register) : Source
{
    public PtxRegister Register => register;

    public override ReadOnlySpan<ulong> Read(Warp warp, uint lanes)
    {
        var missing = lanes & ~warp.Defined[register.Index];
        if (missing != 0)
            throw warp.Fault(missing, $"{register.Name} is read before it has a value");
        return warp.Row(register.Index);
    }

    public override uint DefinedLanes(Warp warp) => warp.Defined[register.Index];

    public override ReadOnlySpan<ulong> Peek(Warp warp, uint lanes) => warp.Row(register.Index);
}

internal sealed class ConstantSource : Source
{
    private readonly ulong[] values = new ulong[32];

    public ConstantSource(ulong value)
    {
        Value = value;
        values.AsSpan().Fill(value);
    }

    public ulong Value { get; }

    public override ReadOnlySpan<ulong> Read(Warp warp, uint lanes) => values;
}

internal sealed class SpecialSource(Func<Warp, int, ulong> value) : Source
{
    private readonly ulong[] values = new ulong[32];

    public override ReadOnlySpan<ulong> Read(Warp warp, uint lanes)
    {
        for (var lane = 0; lane < 32; lane++)
            values[lane] = value(warp, lane);
        return values;
    }
}

/// <summary>!p as an operand.</summary>
internal sealed class NegatedSource(Source inner) : Source
{
    private readonly ulong[] values = new ulong[32];

    public override ReadOnlySpan<ulong> Read(Warp warp, uint lanes)
    {
        var row = inner.Read(warp, lanes);
        for (var lane = 0; lane < 32; lane++)
            values[lane] = row[lane] ^ 1;
        return values;
    }
}
