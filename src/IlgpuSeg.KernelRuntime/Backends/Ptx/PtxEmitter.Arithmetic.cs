using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>Arithmetic, comparisons and choices. Every float operation names its rounding, which keeps the driver from fusing it.</summary>
internal sealed partial class PtxEmitter
{
    private void EmitValue(Value value)
    {
        switch (value.Op)
        {
            case Op.Compare:
                Compare(value);
                break;
            case Op.Select:
                Select(value);
                break;
            case Op.Convert:
                Convert(value);
                break;
            case Op.Math:
                Math(value);
                break;
            case Op.PtrAdd or Op.Local or Op.Shared or Op.DynamicShared:
                Address(value);
                break;
            case Op.Load or Op.Store:
                Access(value);
                break;
            case Op.Atomic:
                Atomic(value);
                break;
            case Op.Barrier or Op.BarrierReduce or Op.GroupBroadcast or Op.Shuffle or Op.Fence:
                Meet(value);
                break;
            case Op.AsyncCopy or Op.AsyncCommit or Op.AsyncWait or Op.LoadMatrix or Op.MultiplyMatrix:
                Matrix(value);
                break;
            case Op.Part:
                break;
            default:
                // Predicates as constants are for mov alone.
                Line($"{Mnemonic(value)} {Name(value)}, {string.Join(", ", value.Args.Select(a => value.Type == IrType.Bool ? UseRegister(a) : Use(a)))}");
                break;
        }
    }

    private static string Signed(IrType type) => type switch
    {
        IrType.Int32 => "s32",
        IrType.Int64 => "s64",
        IrType.Float32 => "f32",
        IrType.Float64 => "f64",
        _ => throw new InvalidOperationException($"{type} is no number."),
    };

    private static string Unsigned(IrType type) => type == IrType.Int64 ? "u64" : "u32";

    private static string Bits(IrType type) => type switch
    {
        IrType.Bool => "pred",
        IrType.Int32 or IrType.Float32 => "b32",
        _ => "b64",
    };

    private static string Mnemonic(Value value)
    {
        var (type, floats) = (value.Type, value.Type.IsFloat());
        return value.Op switch
        {
            Op.Add => (floats ? "add.rn." : "add.") + Signed(type),
            Op.Sub => (floats ? "sub.rn." : "sub.") + Signed(type),
            Op.Mul => (floats ? "mul.rn." : "mul.lo.") + Signed(type),
            Op.Div => (floats ? "div.rn." : "div.") + Signed(type),
            Op.Rem when !floats => "rem." + Signed(type),
            Op.DivUn => "div." + Unsigned(type),
            Op.RemUn => "rem." + Unsigned(type),
            Op.Fma => "fma.rn." + Signed(type),
            Op.Min => "min." + Signed(type),
            Op.Max => "max." + Signed(type),
            Op.MinUn => "min." + Unsigned(type),
            Op.MaxUn => "max." + Unsigned(type),
            Op.Neg => "neg." + Signed(type),
            Op.Abs => "abs." + Signed(type),
            Op.And => "and." + Bits(type),
            Op.Or => "or." + Bits(type),
            Op.Xor => "xor." + Bits(type),
            Op.Not => "not." + Bits(type),
            // Counts below the width only: the front end masks them where C# would.
            Op.Shl => "shl." + Bits(type),
            Op.Shr => "shr." + Signed(type),
            Op.ShrUn => "shr." + Unsigned(type),
            _ => throw new InvalidOperationException($"{value.Op} of {type} has no instruction."),
        };
    }

    private void Compare(Value value)
    {
        var (a, b) = (value.Args[0], value.Args[1]);
        switch (a.Type)
        {
            case IrType.Bool:
                Line($"xor.pred {Name(value)}, {UseRegister(a)}, {UseRegister(b)}");
                if (value.Compare == CompareKind.Eq)
                {
                    Line($"not.pred {Name(value)}, {Name(value)}");
                }

                break;
            case IrType.Pointer:
                var space = a.IsConstant ? b.Space : b.IsConstant || a.Space == b.Space ? a.Space : AddressSpace.Generic;
                var type = space == AddressSpace.Shared ? "u32" : "u64";
                Line($"setp.{Relation(value.Compare, floats: false)}.{type} {Name(value)}, {AsPointerIn(a, space)}, {AsPointerIn(b, space)}");
                break;
            default:
                var unsigned = value.Compare >= CompareKind.LtUn && !a.Type.IsFloat();
                Line($"setp.{Relation(value.Compare, a.Type.IsFloat())}.{(unsigned ? Unsigned(a.Type) : Signed(a.Type))} {Name(value)}, {Use(a)}, {Use(b)}");
                break;
        }
    }

    // For floats the Un forms are those that hold for NaN; C#'s != is one of them.
    private static string Relation(CompareKind kind, bool floats) => kind switch
    {
        CompareKind.Eq => "eq",
        CompareKind.Ne => floats ? "neu" : "ne",
        CompareKind.Lt => "lt",
        CompareKind.Le => "le",
        CompareKind.Gt => "gt",
        CompareKind.Ge => "ge",
        CompareKind.LtUn => floats ? "ltu" : "lt",
        CompareKind.LeUn => floats ? "leu" : "le",
        CompareKind.GtUn => floats ? "gtu" : "gt",
        _ => floats ? "geu" : "ge",
    };

    private void Select(Value value)
    {
        var (condition, a, b) = (Use(value.Args[0]), value.Args[1], value.Args[2]);
        switch (value.Type)
        {
            case IrType.Bool:
                // selp does not choose between predicates.
                var (first, second) = (Temporary(RegisterClass.Predicate), Temporary(RegisterClass.Predicate));
                Line($"and.pred {first}, {condition}, {UseRegister(a)}");
                Line($"not.pred {second}, {condition}");
                Line($"and.pred {second}, {second}, {UseRegister(b)}");
                Line($"or.pred {Name(value)}, {first}, {second}");
                break;
            case IrType.Pointer:
                var bits = value.Space == AddressSpace.Shared ? "b32" : "b64";
                Line($"selp.{bits} {Name(value)}, {AsPointerIn(a, value.Space)}, {AsPointerIn(b, value.Space)}, {condition}");
                break;
            default:
                Line($"selp.{Signed(value.Type)} {Name(value)}, {Use(a)}, {Use(b)}, {condition}");
                break;
        }
    }

    private void Math(Value value)
    {
        var (target, a, type) = (Name(value), Use(value.Args[0]), value.Args[0].Type);
        if (!type.IsFloat())
        {
            Count(value.Math, target, a, Bits(type));
            return;
        }

        var suffix = Signed(type);
        switch (value.Math)
        {
            case MathKind.Rsqrt:
                // As XMath has it: two roundings, not the approximate instruction.
                var root = Temporary(Registers.ClassOf(type, default));
                Line($"sqrt.rn.{suffix} {root}, {a}");
                Line($"rcp.rn.{suffix} {target}, {root}");
                break;
            default:
                Line($"{MathMnemonic(value.Math, suffix)} {target}, {a}");
                break;
        }
    }

    private static string MathMnemonic(MathKind kind, string type) => kind switch
    {
        MathKind.Sqrt => $"sqrt.rn.{type}",
        MathKind.Rcp => $"rcp.rn.{type}",
        MathKind.Floor => $"cvt.rmi.{type}.{type}",
        MathKind.Ceiling => $"cvt.rpi.{type}.{type}",
        MathKind.Truncate => $"cvt.rzi.{type}.{type}",
        MathKind.RoundEven => $"cvt.rni.{type}.{type}",
        _ => throw new InvalidOperationException($"{kind} was to be expanded by the front end."),
    };

    private void Count(MathKind kind, string target, string a, string bits)
    {
        switch (kind)
        {
            case MathKind.PopCount:
                Line($"popc.{bits} {target}, {a}");
                break;
            case MathKind.LeadingZeros:
                Line($"clz.{bits} {target}, {a}");
                break;
            default:
                var reversed = Temporary(bits == "b64" ? RegisterClass.Bits64 : RegisterClass.Bits32);
                Line($"brev.{bits} {reversed}, {a}");
                Line($"clz.{bits} {target}, {reversed}");
                break;
        }
    }
}
