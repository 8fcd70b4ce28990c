namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Constants at the point of use: converted to the instruction's type.</summary>
internal static class Constants
{
    public static ulong Bits(Operand constant, PtxType type, int line) => constant switch
    {
        IntegerOperand when type.IsFloat() => throw new PtxRefusedException(line, $"an integer constant where {type.Name()} is expected"),
        // The manual on predicate constants: as in C, zero is false and all else true.
        IntegerOperand integer when type == PtxType.Pred => integer.Value == 0 ? 0UL : 1,
        IntegerOperand integer => integer.Value & type.Mask(),
        FloatOperand real => Float(real, type, line),
        _ => throw new PtxRefusedException(line, "not a constant"),
    };

    private static ulong Float(FloatOperand real, PtxType type, int line)
    {
        // Untyped moves take the exact hexadecimal forms of their own size.
        if (real.IsSingle)
        {
            return type is PtxType.F32 or PtxType.B32
                ? real.Bits
                : throw new PtxRefusedException(line, $"a 0f constant where {type.Name()} is expected");
        }

        return type switch
        {
            PtxType.F64 or PtxType.B64 => real.Bits,
            PtxType.F32 => BitConverter.SingleToUInt32Bits((float)BitConverter.UInt64BitsToDouble(real.Bits)),
            _ => throw new PtxRefusedException(line, $"a floating-point constant where {type.Name()} is expected"),
        };
    }
}
