using IlgpuSeg.KernelRuntime.Frontend.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend;

/// <summary>Arithmetic, comparison and conversion on the abstract stack.</summary>
internal sealed partial class MethodTranslator
{
    private bool? StepArithmetic(string name)
    {
        // Our own index and view types check for overflow when they run as plain C#; in a kernel the host has done so.
        if (name.Contains(".ovf", StringComparison.Ordinal) && _method.Module == typeof(MethodTranslator).Module)
        {
            name = name.Replace(".ovf", "", StringComparison.Ordinal) is var plain && plain is "add.un" or "sub.un" or "mul.un" ? plain[..3] : plain;
        }

        if (BinaryOp(name) is { } op)
        {
            return Binary(op);
        }

        if (name.StartsWith("conv.", StringComparison.Ordinal) && !name.Contains(".ovf", StringComparison.Ordinal))
        {
            return Convert(name[5..]);
        }

        switch (name)
        {
            case "neg":
                return PushResult(Builder.Unary(Op.Neg, PopValue()));
            case "not":
                return PushResult(Builder.Unary(Op.Not, PopValue()));
            case "ceq" or "cgt" or "cgt.un" or "clt" or "clt.un":
                if (_stack.Peek() is TypeOperand)
                {
                    return CompareTypes();
                }

                var (a, b) = PopPair();
                var kind = name switch
                {
                    "ceq" => CompareKind.Eq,
                    "cgt" => CompareKind.Gt,
                    "clt" => CompareKind.Lt,
                    "cgt.un" => CompareKind.GtUn,
                    _ => CompareKind.LtUn,
                };
                return PushResult(Builder.ToInt(Builder.Compare(kind, a, b)));
            default:
                return null;
        }
    }

    private bool CompareTypes()
    {
        var b = (TypeOperand)_stack.Pop();
        var a = (TypeOperand)_stack.Pop();
        return Push(typeof(int), _context.Function.Int(a.Named == b.Named ? 1 : 0));
    }

    private static Op? BinaryOp(string name) => name switch
    {
        "add" => Op.Add,
        "sub" => Op.Sub,
        "mul" => Op.Mul,
        "div" => Op.Div,
        "div.un" => Op.DivUn,
        "rem" => Op.Rem,
        "rem.un" => Op.RemUn,
        "and" => Op.And,
        "or" => Op.Or,
        "xor" => Op.Xor,
        "shl" => Op.Shl,
        "shr" => Op.Shr,
        "shr.un" => Op.ShrUn,
        _ => null,
    };

    private static CompareKind? CompareBranch(string name) => name.EndsWith(".s", StringComparison.Ordinal) ? CompareBranch(name[..^2]) : name switch
    {
        "beq" => CompareKind.Eq,
        "bne.un" => CompareKind.Ne,
        "blt" => CompareKind.Lt,
        "ble" => CompareKind.Le,
        "bgt" => CompareKind.Gt,
        "bge" => CompareKind.Ge,
        "blt.un" => CompareKind.LtUn,
        "ble.un" => CompareKind.LeUn,
        "bgt.un" => CompareKind.GtUn,
        "bge.un" => CompareKind.GeUn,
        _ => null,
    };

    private bool Binary(Op op)
    {
        var right = _stack.Pop();
        var left = _stack.Pop();
        if (left is AddressOperand || right is AddressOperand)
        {
            return PointerArithmetic(op, left, right);
        }

        _stack.Push(left);
        _stack.Push(right);
        if (op is Op.Shl or Op.Shr or Op.ShrUn)
        {
            var count = PopValue();
            var value = PopValue();
            count = count.Type == IrType.Int64 ? Builder.Convert(ConvertKind.Truncate, IrType.Int32, count) : count;
            return PushResult(Builder.Binary(op, value, count));
        }

        var (a, b) = PopPair();
        return op == Op.Rem && a.Type.IsFloat() ? Push(MathIntrinsics.Remainder(_context, a, b, Site)) : PushResult(Builder.Binary(op, a, b));
    }

    private bool PointerArithmetic(Op op, Operand left, Operand right)
    {
        if (op is not (Op.Add or Op.Sub) || right is AddressOperand == left is AddressOperand || (op == Op.Sub && right is AddressOperand))
        {
            throw KernelError.At(Site, "arithmetic between addresses", "Index a view instead.");
        }

        var address = left as AddressOperand ?? (AddressOperand)right;
        var offset = ((ValueOperand)(left is AddressOperand ? right : left)).Single;
        offset = op == Op.Sub ? Builder.Unary(Op.Neg, offset) : offset;
        return Push(new AddressOperand(address.Type, Builder.PtrAdd(address.Pointer, offset, 1)));
    }

    /// <summary>Two operands of one type; native and 64-bit integers widen a 32-bit partner.</summary>
    private (Value A, Value B) PopPair()
    {
        var b = PopValue();
        var a = PopValue();
        return (a.Type, b.Type) switch
        {
            (IrType.Int32, IrType.Int64) => (Builder.Convert(ConvertKind.SignExtend32, IrType.Int64, a), b),
            (IrType.Int64, IrType.Int32) => (a, Builder.Convert(ConvertKind.SignExtend32, IrType.Int64, b)),
            (IrType.Float32, IrType.Float64) => (Builder.Convert(ConvertKind.FloatResize, IrType.Float64, a), b),
            (IrType.Float64, IrType.Float32) => (a, Builder.Convert(ConvertKind.FloatResize, IrType.Float64, b)),
            _ => (a, b),
        };
    }

    private bool PushResult(Value value)
    {
        if (value.Type == IrType.Bool)
        {
            value = Builder.ToInt(value);
        }

        return Push(value.Type switch
        {
            IrType.Int32 => typeof(int),
            IrType.Int64 => typeof(long),
            IrType.Float32 => typeof(float),
            _ => typeof(double),
        }, value);
    }

    private bool Convert(string target)
    {
        if (_stack.Peek() is AddressOperand or PlaceOperand && target is "u" or "i")
        {
            return false;
        }

        var value = PopValue();
        return PushResult(target switch
        {
            "i1" => Builder.Convert(ConvertKind.SignExtend8, IrType.Int32, ToInt32(value, unsigned: false)),
            "u1" => Builder.Convert(ConvertKind.ZeroExtend8, IrType.Int32, ToInt32(value, unsigned: false)),
            "i2" => Builder.Convert(ConvertKind.SignExtend16, IrType.Int32, ToInt32(value, unsigned: false)),
            "u2" => Builder.Convert(ConvertKind.ZeroExtend16, IrType.Int32, ToInt32(value, unsigned: false)),
            "i4" => ToInt32(value, unsigned: false),
            "u4" => ToInt32(value, unsigned: true),
            "i8" or "i" => ToInt64(value, unsigned: false),
            "u8" or "u" => ToInt64(value, unsigned: true),
            "r4" => ToFloat(value, IrType.Float32),
            "r8" => ToFloat(value, IrType.Float64),
            "r.un" => value.Type.IsFloat() ? value : Builder.Convert(ConvertKind.UnsignedToFloat, IrType.Float64, value),
            _ => throw Unsupported("conv." + target),
        });
    }

    private Value ToInt32(Value value, bool unsigned) => value.Type switch
    {
        IrType.Int32 => value,
        IrType.Int64 => Builder.Convert(ConvertKind.Truncate, IrType.Int32, value),
        _ => Builder.Convert(unsigned ? ConvertKind.FloatToUnsigned : ConvertKind.FloatToSigned, IrType.Int32, value),
    };

    private Value ToInt64(Value value, bool unsigned) => value.Type switch
    {
        IrType.Int64 => value,
        IrType.Int32 => Builder.Convert(unsigned ? ConvertKind.ZeroExtend32 : ConvertKind.SignExtend32, IrType.Int64, value),
        _ => Builder.Convert(unsigned ? ConvertKind.FloatToUnsigned : ConvertKind.FloatToSigned, IrType.Int64, value),
    };

    private Value ToFloat(Value value, IrType type) => value.Type.IsFloat()
        ? Builder.Convert(ConvertKind.FloatResize, type, value)
        : Builder.Convert(ConvertKind.SignedToFloat, type, value);
}
