namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

internal enum StateSpace : byte { Generic, Global, Shared, Local, Const, Param }

/// <summary>A declared variable. Offset is its place in its state space's window; Size is 0 for an extern array without bound.</summary>
internal sealed record PtxVariable(string Name, StateSpace Space, PtxType Type, int Alignment, long Size, bool IsExtern, int Line)
{
    public long Offset { get; set; }

    public byte[]? Initial { get; init; }
}

internal sealed record PtxRegister(string Name, PtxType Type, int Index);

internal abstract record Operand;

/// <summary>A register, special register, variable, label or sink (_), perhaps negated (!p), perhaps with a second name (p|q).</summary>
internal sealed record NameOperand(string Name, bool Negated = false, string? Second = null) : Operand;

internal sealed record IntegerOperand(ulong Value) : Operand;

/// <summary>A floating-point constant: bits of a float (0f...) or of a double.</summary>
internal sealed record FloatOperand(ulong Bits, bool IsSingle) : Operand;

internal sealed record VectorOperand(IReadOnlyList<Operand> Elements) : Operand;

/// <summary>[base + offset]; base is a name, or null for an absolute address.</summary>
internal sealed record AddressOperand(string? Base, long Offset) : Operand;

/// <summary>variable + offset as a value.</summary>
internal sealed record SymbolOperand(string Name, long Offset) : Operand;

/// <summary>One instruction as written.</summary>
internal sealed record Statement(int Line, string? Guard, bool GuardNegated, string Opcode, IReadOnlyList<Operand> Operands, Scope Scope)
{
    public string Text { get; init; } = "";
}

/// <summary>Names declared in one pair of braces; inner scopes hide outer ones.</summary>
internal sealed class Scope(Scope? parent)
{
    private readonly Dictionary<string, object> names = [];

    /// <summary>False if the name is taken in this very scope.</summary>
    public bool TryDeclare(string name, object what) => names.TryAdd(name, what);

    /// <summary>A PtxRegister, a PtxVariable, a label's instruction index (int), a jump table (string[]), or null.</summary>
    public object? Find(string name) => names.TryGetValue(name, out var found) ? found : parent?.Find(name);
}

/// <summary>One .entry, parsed but not yet checked instruction by instruction.</summary>
internal sealed class PtxEntrySyntax
{
    public required string Name { get; init; }

    public required int Line { get; init; }

    public required Scope Scope { get; init; }

    public List<PtxVariable> Parameters { get; } = [];

    public List<PtxVariable> Variables { get; } = [];

    public List<Statement> Body { get; } = [];

    public int RegisterCount { get; set; }

    /// <summary>.maxntid, .reqntid, .minnctapersm, .maxnreg and their numbers.</summary>
    public Dictionary<string, int[]> Limits { get; } = [];
}

internal sealed class PtxModuleSyntax
{
    public int Version { get; set; }   // 83 for 8.3

    public int Target { get; set; }    // 90 for sm_90a

    public bool IsArchitectureSpecific { get; set; }   // sm_90a

    public Scope Scope { get; } = new(null);

    public List<PtxVariable> Variables { get; } = [];

    public List<PtxEntrySyntax> Entries { get; } = [];
}
