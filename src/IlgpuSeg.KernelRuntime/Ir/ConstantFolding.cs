using System.Numerics;

namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>Evaluates operations on constants with the semantics of C# (unchecked).</summary>
internal static class ConstantFolding
{
    /// <summary>The constant that <paramref name="value"/> equals when its operands are <paramref name="args"/>, or null.</summary>
    public static Value? Evaluate(Function function, Value value, Value[] args)
    {
        if (args.Length == 0 || Array.Exists(args, a => !a.IsConstant))
        {
            return null;
        }

        return value.Op switch
        {
            Op.Compare => function.Bool(Compare(value.Compare, args[0], args[1])),
            Op.Select => args[0].Imm != 0 ? args[1] : args[2],
            Op.Convert => Convert(function, value, args[0]),
            Op.Not when value.Type == IrType.Bool => function.Bool(args[0].Imm == 0),
            Op.Math when value.Type.IsFloat() && args.Length == 1 => Math(function, value, args[0]),
            Op.Math or Op.PtrAdd => null,
            _ when !value.Op.IsPure() => null,
            _ when value.Type.IsFloat() => Float(function, value, args),
            _ when value.Type.IsInteger() || value.Type == IrType.Bool => Integer(function, value, args),
            _ => null,
        };
    }

    private static Value? Integer(Function function, Value value, Value[] args)
    {
        long a = args[0].Imm, b = args.Length > 1 ? args[1].Imm : 0;
        var wide = args[0].Type == IrType.Int64;
        var mask = wide ? 63 : 31;
        ulong ua = wide ? (ulong)a : (uint)a, ub = wide ? (ulong)b : (uint)b;
        if (value.Op.MayTrap() && (b == 0 || (b == -1 && value.Op is Op.Div or Op.Rem)))
        {
            return null;
        }

        return value.Op switch
        {
            Op.Add => Make(a + b),
            Op.Sub => Make(a - b),
            Op.Mul => Make(a * b),
            Op.Div => Make(a / b),
            Op.Rem => Make(a % b),
            Op.DivUn => Make((long)(ua / ub)),
            Op.RemUn => Make((long)(ua % ub)),
            Op.And => Make(a & b),
            Op.Or => Make(a | b),
            Op.Xor => Make(a ^ b),
            Op.Shl => Make(a << ((int)b & mask)),
            Op.Shr => Make(a >> ((int)b & mask)),
            Op.ShrUn => Make((long)(ua >> ((int)b & mask))),
            Op.Min => Make(System.Math.Min(a, b)),
            Op.Max => Make(System.Math.Max(a, b)),
            Op.MinUn => Make((long)System.Math.Min(ua, ub)),
            Op.MaxUn => Make((long)System.Math.Max(ua, ub)),
            Op.Neg => Make(-a),
            Op.Not => Make(~a),
            Op.Abs => Make(a < 0 ? -a : a),
            _ => null,
        };

        Value Make(long bits) => function.Const(value.Type, bits);
    }

    // Single precision is folded in single precision: double arithmetic would round twice.
    private static Value? Float(Function function, Value value, Value[] args)
    {
        if (value.Type == IrType.Float32)
        {
            return Float((float)args[0].FloatValue, args.Length > 1 ? (float)args[1].FloatValue : 0, args.Length > 2 ? (float)args[2].FloatValue : 0, value.Op)
                is { } single ? function.Float(IrType.Float32, single) : null;
        }

        return Float(args[0].FloatValue, args.Length > 1 ? args[1].FloatValue : 0, args.Length > 2 ? args[2].FloatValue : 0, value.Op)
            is { } result ? function.Float(IrType.Float64, result) : null;
    }

    private static T? Float<T>(T a, T b, T c, Op op)
        where T : struct, IFloatingPointIeee754<T> => op switch
    {
        Op.Add => a + b,
        Op.Sub => a - b,
        Op.Mul => a * b,
        Op.Div => a / b,
        Op.Rem => a % b,
        Op.Min => T.Min(a, b),
        Op.Max => T.Max(a, b),
        Op.Neg => -a,
        Op.Abs => T.Abs(a),
        Op.Fma => T.FusedMultiplyAdd(a, b, c),
        _ => null,
    };

    // Only what is rounded exactly: other functions must give the bits that the back end's own version gives.
    private static Value? Math(Function function, Value value, Value arg) => value.Math switch
    {
        MathKind.Sqrt => function.Float(value.Type, value.Type == IrType.Float32 ? MathF.Sqrt((float)arg.FloatValue) : System.Math.Sqrt(arg.FloatValue)),
        MathKind.Floor => function.Float(value.Type, System.Math.Floor(arg.FloatValue)),
        MathKind.Ceiling => function.Float(value.Type, System.Math.Ceiling(arg.FloatValue)),
        MathKind.Truncate => function.Float(value.Type, System.Math.Truncate(arg.FloatValue)),
        MathKind.RoundEven => function.Float(value.Type, System.Math.Round(arg.FloatValue, MidpointRounding.ToEven)),
        _ => null,
    };

    public static bool Compare(CompareKind kind, Value a, Value b)
    {
        if (a.Type.IsFloat())
        {
            double x = a.FloatValue, y = b.FloatValue;
            return kind switch
            {
                CompareKind.Eq => x == y,
                CompareKind.Ne => x != y,
                CompareKind.Lt => x < y,
                CompareKind.Le => x <= y,
                CompareKind.Gt => x > y,
                CompareKind.Ge => x >= y,
                CompareKind.LtUn => !(x >= y),
                CompareKind.LeUn => !(x > y),
                CompareKind.GtUn => !(x <= y),
                _ => !(x < y),
            };
        }

        long p = a.Imm, q = b.Imm;
        ulong up = a.Type == IrType.Int32 ? (uint)p : (ulong)p, uq = a.Type == IrType.Int32 ? (uint)q : (ulong)q;
        return kind switch
        {
            CompareKind.Eq => p == q,
            CompareKind.Ne => p != q,
            CompareKind.Lt => p < q,
            CompareKind.Le => p <= q,
            CompareKind.Gt => p > q,
            CompareKind.Ge => p >= q,
            CompareKind.LtUn => up < uq,
            CompareKind.LeUn => up <= uq,
            CompareKind.GtUn => up > uq,
            _ => up >= uq,
        };
    }

    private static Value? Convert(Function function, Value value, Value arg)
    {
        var bits = arg.Imm;
        return value.Convert switch
        {
            ConvertKind.SignExtend8 => function.Int((sbyte)bits),
            ConvertKind.ZeroExtend8 => function.Int((byte)bits),
            ConvertKind.SignExtend16 => function.Int((short)bits),
            ConvertKind.ZeroExtend16 => function.Int((ushort)bits),
            ConvertKind.SignExtend32 => function.Long((int)bits),
            ConvertKind.ZeroExtend32 => function.Long((uint)bits),
            ConvertKind.Truncate => function.Int((int)bits),
            ConvertKind.BoolToInt => function.Int((int)bits),
            ConvertKind.SignedToFloat => value.Type == IrType.Float32 ? function.Float(IrType.Float32, (float)bits) : function.Float(IrType.Float64, bits),
            ConvertKind.UnsignedToFloat when arg.Type == IrType.Int32 && value.Type == IrType.Float32 => function.Float(IrType.Float32, (float)(uint)bits),
            ConvertKind.UnsignedToFloat when arg.Type == IrType.Int32 => function.Float(IrType.Float64, (uint)bits),
            ConvertKind.UnsignedToFloat when value.Type == IrType.Float32 => function.Float(IrType.Float32, (float)(ulong)bits),
            ConvertKind.UnsignedToFloat => function.Float(IrType.Float64, (ulong)bits),
            ConvertKind.FloatToSigned => value.Type == IrType.Int32 ? function.Int((int)arg.FloatValue) : function.Long((long)arg.FloatValue),
            ConvertKind.FloatToUnsigned => value.Type == IrType.Int32 ? function.Int((int)(uint)arg.FloatValue) : function.Long((long)(ulong)arg.FloatValue),
            ConvertKind.FloatResize => function.Float(value.Type, arg.FloatValue),
            ConvertKind.Bitcast => function.Const(value.Type, bits),
            ConvertKind.HalfToFloat => function.Float(IrType.Float32, (float)BitConverter.UInt16BitsToHalf((ushort)bits)),
            ConvertKind.FloatToHalf => function.Int(BitConverter.HalfToUInt16Bits((System.Half)(float)arg.FloatValue)),
            _ => null,
        };
    }
}
