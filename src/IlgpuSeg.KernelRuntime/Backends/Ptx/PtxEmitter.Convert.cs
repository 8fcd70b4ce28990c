using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>Conversions, with C#'s results: from floats saturating, NaN to zero.</summary>
internal sealed partial class PtxEmitter
{
    private void Convert(Value value)
    {
        var (target, a, from, to) = (Name(value), Use(value.Args[0]), value.Args[0].Type, value.Type);
        switch (value.Convert)
        {
            case ConvertKind.SignExtend8:
                Line($"cvt.s32.s8 {target}, {UseRegister(value.Args[0])}");
                break;
            case ConvertKind.SignExtend16:
                Line($"cvt.s32.s16 {target}, {UseRegister(value.Args[0])}");
                break;
            case ConvertKind.ZeroExtend8:
                Line($"and.b32 {target}, {a}, 255");
                break;
            case ConvertKind.ZeroExtend16:
                Line($"and.b32 {target}, {a}, 65535");
                break;
            case ConvertKind.FloatToTf32:
                Line($"cvt.rna.tf32.f32 {target}, {UseRegister(value.Args[0])}");
                break;
            case ConvertKind.SignExtend32:
                Line($"cvt.s64.s32 {target}, {a}");
                break;
            case ConvertKind.ZeroExtend32:
                Line($"cvt.u64.u32 {target}, {a}");
                break;
            case ConvertKind.Truncate:
                Line($"cvt.u32.u64 {target}, {a}");
                break;
            case ConvertKind.SignedToFloat:
                Line($"cvt.rn.{Signed(to)}.{Signed(from)} {target}, {a}");
                break;
            case ConvertKind.UnsignedToFloat:
                Line($"cvt.rn.{Signed(to)}.{Unsigned(from)} {target}, {a}");
                break;
            case ConvertKind.FloatToSigned:
                ToInteger(value, Signed(to));
                break;
            case ConvertKind.FloatToUnsigned:
                ToInteger(value, Unsigned(to));
                break;
            case ConvertKind.FloatResize:
                Line($"cvt.{(to == IrType.Float32 ? "rn." : "")}{Signed(to)}.{Signed(from)} {target}, {a}");
                break;
            case ConvertKind.BoolToInt:
                Line($"selp.s32 {target}, 1, 0, {a}");
                break;
            case ConvertKind.Bitcast:
                Line($"mov.{Bits(to)} {target}, {a}");
                break;
            case ConvertKind.HalfToFloat:
                var half = Temporary(RegisterClass.Bits16);
                Line($"cvt.u16.u32 {half}, {a}");
                Line($"cvt.f32.f16 {target}, {half}");
                break;
            case ConvertKind.FloatToHalf:
                var rounded = Temporary(RegisterClass.Bits16);
                Line($"cvt.rn.f16.f32 {rounded}, {a}");
                Line($"cvt.u32.u16 {target}, {rounded}");
                break;
        }
    }

    // cvt gives the lowest number for NaN where 64 bits are on either side.
    private void ToInteger(Value value, string type)
    {
        var (target, a, from) = (Name(value), UseRegister(value.Args[0]), Signed(value.Args[0].Type));
        if (from == "f32" && value.Type == IrType.Int32)
        {
            Line($"cvt.rzi.{type}.f32 {target}, {a}");
            return;
        }

        var isNumber = Temporary(RegisterClass.Predicate);
        var converted = Temporary(Registers.ClassOf(value.Type, default));
        Line($"cvt.rzi.{type}.{from} {converted}, {a}");
        Line($"setp.num.{from} {isNumber}, {a}, {a}");
        Line($"selp.{Signed(value.Type)} {target}, {converted}, 0, {isNumber}");
    }
}
