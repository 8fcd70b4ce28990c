using System.Globalization;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>Atomic updates: one instruction, or a loop around compare-and-swap for the smaller or larger of two floats.</summary>
internal sealed partial class PtxEmitter
{
    private static bool NeedsLoop(Value value) => value.Type.IsFloat() && (AtomicKind)value.Imm is AtomicKind.Min or AtomicKind.Max;

    private void Atomic(Value value)
    {
        if (NeedsLoop(value))
        {
            ExtremeLoop(value);
            return;
        }

        var kind = (AtomicKind)value.Imm;
        var (signed, unsigned, bits) = (Signed(value.Type), Unsigned(value.Type), Bits(value.Type));
        var operation = kind switch
        {
            AtomicKind.Add => "add." + (value.Type.IsFloat() ? signed : unsigned),
            AtomicKind.Min => "min." + signed,
            AtomicKind.Max => "max." + signed,
            AtomicKind.MinUn => "min." + unsigned,
            AtomicKind.MaxUn => "max." + unsigned,
            AtomicKind.And => "and." + bits,
            AtomicKind.Or => "or." + bits,
            AtomicKind.Xor => "xor." + bits,
            AtomicKind.Exchange => "exch." + bits,
            _ => "cas." + bits,
        };
        var space = SpaceSuffix(AddressSpaces.Accessed(value));
        var place = Place(value.Args[0]);
        var operand = UseRegister(value.Args[1]);
        if (kind == AtomicKind.CompareExchange)
        {
            Line($"atom{space}.{operation} {Name(value)}, {place}, {UseRegister(value.Args[2])}, {operand}");
        }
        else if (kind == AtomicKind.Exchange || IsUsed(value))
        {
            Line($"atom{space}.{operation} {Name(value)}, {place}, {operand}");
        }
        else
        {
            Line($"red{space}.{operation} {place}, {operand}");
        }
    }

    // As Math.Min and Max have it: NaN wins, and -0 is less than +0.
    private void ExtremeLoop(Value value)
    {
        var (kind, type, bits) = (Registers.ClassOf(value.Type, default), Signed(value.Type), Bits(value.Type));
        var space = SpaceSuffix(AddressSpaces.Accessed(value));
        var (place, operand, again) = (Place(value.Args[0]), UseRegister(value.Args[1]), NewLabel());
        var (old, next, seen) = (Name(value), Temporary(kind), Temporary(kind));
        var (isNumber, differs) = (Temporary(RegisterClass.Predicate), Temporary(RegisterClass.Predicate));
        var bitsKind = value.Type == IrType.Float64 ? RegisterClass.Bits64 : RegisterClass.Bits32;
        var (oldBits, seenBits) = (Temporary(bitsKind), Temporary(bitsKind));
        Line($"ld.relaxed.gpu{space}.{type} {old}, {place}");
        _body.Append(CultureInfo.InvariantCulture, $"{again}:\n");
        Line($"mov.{type} {seen}, {old}");
        Line($"{((AtomicKind)value.Imm == AtomicKind.Min ? "min" : "max")}.{type} {next}, {seen}, {operand}");
        Line($"setp.num.{type} {isNumber}, {operand}, {operand}");
        Line($"selp.{type} {next}, {next}, {operand}, {isNumber}");
        Line($"setp.num.{type} {isNumber}, {seen}, {seen}");
        Line($"selp.{type} {next}, {next}, {seen}, {isNumber}");
        Line($"atom{space}.cas.{bits} {old}, {place}, {seen}, {next}");
        Line($"mov.{bits} {oldBits}, {old}");
        Line($"mov.{bits} {seenBits}, {seen}");
        Line($"setp.ne.{bits} {differs}, {oldBits}, {seenBits}");
        Line($"@{differs} bra {again}");
    }
}
