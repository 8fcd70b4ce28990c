namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Fundamental, packed and alternate types of PTX.</summary>
internal enum PtxType : byte
{
    Pred, B8, B16, B32, B64, U8, U16, U32, U64, S8, S16, S32, S64, F16, F32, F64,
    F16X2, BF16, BF16X2, TF32,
}

internal static class PtxTypes
{
    private static readonly Dictionary<string, PtxType> ByName =
        Enum.GetValues<PtxType>().ToDictionary(t => t.ToString().ToLowerInvariant());

    public static bool TryParse(string name, out PtxType type) => ByName.TryGetValue(name, out type);

    public static string Name(this PtxType type) => "." + type.ToString().ToLowerInvariant();

    /// <summary>Bytes.</summary>
    public static int Size(this PtxType type) => type switch
    {
        PtxType.Pred or PtxType.B8 or PtxType.U8 or PtxType.S8 => 1,
        PtxType.B16 or PtxType.U16 or PtxType.S16 or PtxType.F16 or PtxType.BF16 => 2,
        PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64 => 8,
        _ => 4,
    };

    public static int Bits(this PtxType type) => type.Size() * 8;

    public static ulong Mask(this PtxType type) => type.Size() == 8 ? ulong.MaxValue : (1UL << type.Bits()) - 1;

    public static bool IsBits(this PtxType type) => type is >= PtxType.B8 and <= PtxType.B64;

    public static bool IsUnsigned(this PtxType type) => type is >= PtxType.U8 and <= PtxType.U64;

    public static bool IsSigned(this PtxType type) => type is >= PtxType.S8 and <= PtxType.S64;

    public static bool IsInteger(this PtxType type) => type.IsUnsigned() || type.IsSigned();

    public static bool IsFloat(this PtxType type) => type >= PtxType.F16;

    /// <summary>Types a register or variable may be declared with: the alternate formats live in .b16 and .b32.</summary>
    public static bool IsFundamental(this PtxType type) => type is not (PtxType.BF16 or PtxType.BF16X2 or PtxType.TF32);

    /// <summary>
    /// May an operand of an instruction of type <paramref name="instruction"/> be a register of type <paramref name="register"/>?
    /// Sizes agree; untyped bits go with every type, signed with unsigned integers, a floating-point type with itself. The relaxed rule of
    /// ld, st and cvt lets a register be wider than the instruction's type.
    /// </summary>
    public static bool Accepts(this PtxType instruction, PtxType register, bool relaxed = false)
    {
        if (instruction == PtxType.Pred || register == PtxType.Pred)
            return instruction == register;
        if (relaxed ? register.Size() < instruction.Size() : register.Size() != instruction.Size())
            return false;
        if (instruction is PtxType.BF16 or PtxType.BF16X2 or PtxType.TF32)
            return register.IsBits();
        if (instruction.IsFloat())
            return register == instruction || register.IsBits();
        return register.IsBits() || instruction.IsBits() && (!relaxed || register.Size() == instruction.Size() || !register.IsFloat())
            || instruction.IsInteger() && register.IsInteger();
    }

    /// <summary>The value's low bits as a signed number.</summary>
    public static long SignExtend(this PtxType type, ulong value) => (long)(value << (64 - type.Bits())) >> (64 - type.Bits());
}
