using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>What IL's evaluation stack, arguments and locals hold while a method is being translated.</summary>
internal abstract record Operand(Type Type);

/// <summary>A primitive (one part) or a struct (its primitives in a row).</summary>
internal sealed record ValueOperand(Type Type, Value[] Parts) : Operand(Type)
{
    public Value Single => Parts[0].Resolve();
}

/// <summary>The address of a local variable or of a field of one: known while compiling, never a run-time value.</summary>
internal sealed record PlaceOperand(Type Type, int Start) : Operand(Type);

/// <summary>An address in memory, of a value of type <see cref="Operand.Type"/>.</summary>
internal sealed record AddressOperand(Type Type, Value Pointer) : Operand(Type);

/// <summary>typeof(X), for comparisons that are decided while compiling.</summary>
internal sealed record TypeOperand(Type Named) : Operand(typeof(Type));

/// <summary>A literal string; only functions that ignore it may be called with it.</summary>
internal sealed record TextOperand(string Text) : Operand(typeof(string));
