using System.Reflection;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend.Intrinsics;

/// <summary>
/// Arithmetic functions, by name: of XMath, IntrinsicMath, Math, MathF and our own DeviceIntrinsics, and the operators and
/// constants that INumber&lt;T&gt; and its relatives give to primitive types.
/// </summary>
internal static class MathIntrinsics
{
    private static readonly HashSet<string> Classes =
    [
        "ILGPU.Algorithms.XMath", "ILGPU.IntrinsicMath", "System.Math", "System.MathF", "System.Numerics.BitOperations",
        "IlgpuSeg.KernelRuntime.DeviceIntrinsics",
    ];

    private static readonly Dictionary<string, MathKind> Functions = new()
    {
        ["Sqrt"] = MathKind.Sqrt, ["Rsqrt"] = MathKind.Rsqrt, ["Rcp"] = MathKind.Rcp, ["Exp"] = MathKind.Exp, ["Exp2"] = MathKind.Exp2,
        ["Log2"] = MathKind.Log2, ["Log10"] = MathKind.Log10, ["Sin"] = MathKind.Sin, ["Cos"] = MathKind.Cos, ["Tan"] = MathKind.Tan,
        ["Asin"] = MathKind.Asin, ["Acos"] = MathKind.Acos, ["Atan"] = MathKind.Atan, ["Sinh"] = MathKind.Sinh, ["Cosh"] = MathKind.Cosh,
        ["Tanh"] = MathKind.Tanh, ["Erf"] = MathKind.Erf, ["Floor"] = MathKind.Floor, ["Ceiling"] = MathKind.Ceiling,
        ["Truncate"] = MathKind.Truncate, ["RoundToEven"] = MathKind.RoundEven, ["Pow"] = MathKind.Pow, ["Atan2"] = MathKind.Atan2,
    };

    private static readonly Dictionary<string, Op> Binaries = new()
    {
        ["op_Addition"] = Op.Add, ["op_Subtraction"] = Op.Sub, ["op_Multiply"] = Op.Mul, ["op_Division"] = Op.Div, ["op_Modulus"] = Op.Rem,
        ["op_BitwiseAnd"] = Op.And, ["op_BitwiseOr"] = Op.Or, ["op_ExclusiveOr"] = Op.Xor, ["op_LeftShift"] = Op.Shl,
        ["op_RightShift"] = Op.Shr, ["op_UnsignedRightShift"] = Op.ShrUn, ["Min"] = Op.Min, ["Max"] = Op.Max, ["Rem"] = Op.Rem,
    };

    private static readonly Dictionary<string, CompareKind> Comparisons = new()
    {
        ["op_Equality"] = CompareKind.Eq, ["op_Inequality"] = CompareKind.Ne, ["op_LessThan"] = CompareKind.Lt,
        ["op_LessThanOrEqual"] = CompareKind.Le, ["op_GreaterThan"] = CompareKind.Gt, ["op_GreaterThanOrEqual"] = CompareKind.Ge,
    };

    public static void Register(Dictionary<string, Func<IntrinsicCall, Operand?>> table)
    {
        foreach (var type in (string[])["ILGPU.IntrinsicMath", "ILGPU.Algorithms.XMath", "System.Numerics.BitOperations"])
        {
            table[type + ".PopCount"] = call => Count(call, MathKind.PopCount);
            table[type + ".LeadingZeroCount"] = call => Count(call, MathKind.LeadingZeros);
            table[type + ".TrailingZeroCount"] = call => Count(call, MathKind.TrailingZeros);
        }
    }

    public static Func<IntrinsicCall, Operand?>? Find(Type type, MethodBase method)
    {
        var name = method.Name[(method.Name.LastIndexOf('.') + 1)..];
        var primitive = type.IsPrimitive;
        if (!primitive && !Classes.Contains(type.FullName!))
        {
            return null;
        }

        var first = method.GetParameters() is [{ ParameterType: var t }, ..] ? t : type;
        var floats = first == typeof(float) || first == typeof(double);
        var count = method.GetParameters().Length;
        if (floats && Functions.TryGetValue(name, out var function) && count == (function >= MathKind.Pow ? 2 : 1))
        {
            return call => Math(call, function);
        }

        return name switch
        {
            "Fma" or "FusedMultiplyAdd" => call => call.Result(call.Builder.Fma(call.Arg(0), call.Arg(1), call.Arg(2))),
            "Log" when floats && count == 1 => call => Math(call, MathKind.Log),
            "Round" when floats && count == 1 => call => Math(call, MathKind.RoundEven),
            "Abs" when !IsUnsigned(first) => call => call.Result(call.Builder.Unary(Op.Abs, call.Arg(0))),
            "Abs" or "op_UnaryPlus" => call => call.Arguments[0],
            "CopySign" when floats => call => call.Result(CopySign(call)),
            "Min" or "Max" when floats && type.Namespace == "System" => call => call.Result(PropagatingExtreme(call, Binaries[name])),
            "Clamp" when type.Namespace == "System" => call => call.Result(Clamp(call)),
            "IsNaN" when floats => call => call.Result(call.Builder.Compare(CompareKind.Ne, call.Arg(0), call.Arg(0))),
            "IsInfinity" when floats => call => call.Result(CompareAbs(call, CompareKind.Eq)),
            "IsFinite" when floats => call => call.Result(CompareAbs(call, CompareKind.Lt)),
            "op_Modulus" or "Rem" when floats && count == 2 => call => Remainder(call.Context, call.Arg(0), call.Arg(1), call.Site),
            _ when Binaries.TryGetValue(name, out var op) && count == 2 => call => call.Result(Binary(call, op, first)),
            _ when primitive && Comparisons.TryGetValue(name, out var kind) => call => call.Result(Compare(call, kind, first)),
            "op_UnaryNegation" => call => call.Result(call.Builder.Unary(Op.Neg, call.Arg(0))),
            "op_OnesComplement" => call => call.Result(call.Builder.Unary(Op.Not, call.Arg(0))),
            "op_Increment" => call => call.Result(call.Builder.Binary(Op.Add, call.Arg(0), Number(call, first, 1))),
            "op_Decrement" => call => call.Result(call.Builder.Binary(Op.Sub, call.Arg(0), Number(call, first, 1))),
            _ when primitive && ConstantNamed(name, type) is { } value => call => call.Result(Literal(call, type, value)),
            _ => null,
        };
    }

    private static Operand Math(IntrinsicCall call, MathKind kind) => call.Context.Target.IsPtx && DeviceMath.Find(kind, call.Arg(0).Type) is { } code
        ? DeviceMath.Inline(call.Context, code, call.ReturnType, call.Site, [.. Enumerable.Range(0, call.Arguments.Length).Select(call.Arg)])
        : call.Result(call.Builder.Math(kind, [.. Enumerable.Range(0, call.Arguments.Length).Select(call.Arg)]));

    /// <summary>C#'s % of two floating-point numbers.</summary>
    public static Operand Remainder(TranslationContext context, Value a, Value b, IlSite site)
    {
        var type = a.Type == IrType.Float32 ? typeof(float) : typeof(double);
        return context.Target.IsPtx
            ? DeviceMath.Inline(context, DeviceMath.Remainder(type), type, site, a, b)
            : new ValueOperand(type, [context.Builder.Binary(Op.Rem, a, b)]);
    }

    private static Operand Count(IntrinsicCall call, MathKind kind) =>
        call.Result(call.Builder.Append(new Value(Op.Math, IrType.Int32, call.Arg(0)) { Imm = (long)kind }));

    private static bool IsUnsigned(Type type) => Type.GetTypeCode(type) is TypeCode.UInt32 or TypeCode.UInt64 or TypeCode.Byte or TypeCode.UInt16;

    private static Value Binary(IntrinsicCall call, Op op, Type type)
    {
        if (IsUnsigned(type))
        {
            op = op switch { Op.Div => Op.DivUn, Op.Rem => Op.RemUn, Op.Min => Op.MinUn, Op.Max => Op.MaxUn, Op.Shr => Op.ShrUn, _ => op };
        }

        var b = call.Arg(1);
        if (op is Op.Shl or Op.Shr or Op.ShrUn)
        {
            // Generic shifts take the count modulo the type's own width, narrow or not.
            b = call.Builder.Binary(Op.And, b, call.Function.Int((TypeShape.Of(type).Parts[0].Memory.Size() * 8) - 1));
        }

        var a = call.Arg(0);
        if (op == Op.ShrUn)
        {
            // Zeros come in at the top of the narrow type, not of the wider one that computes it.
            a = Type.GetTypeCode(type) switch
            {
                TypeCode.SByte => call.Builder.Convert(ConvertKind.ZeroExtend8, IrType.Int32, a),
                TypeCode.Int16 => call.Builder.Convert(ConvertKind.ZeroExtend16, IrType.Int32, a),
                _ => a,
            };
        }

        return call.Builder.Binary(op, a, b);
    }

    private static Value Compare(IntrinsicCall call, CompareKind kind, Type type)
    {
        if (IsUnsigned(type) && kind > CompareKind.Ne)
        {
            kind += CompareKind.LtUn - CompareKind.Lt;
        }

        return call.Builder.Compare(kind, call.Arg(0), call.Arg(1));
    }

    private static Value CompareAbs(IntrinsicCall call, CompareKind kind)
    {
        var value = call.Arg(0);
        return call.Builder.Compare(kind, call.Builder.Unary(Op.Abs, value), call.Function.Float(value.Type, double.PositiveInfinity));
    }

    private static Value CopySign(IntrinsicCall call)
    {
        Value x = call.Arg(0), y = call.Arg(1);
        var bits = x.Type == IrType.Float32 ? IrType.Int32 : IrType.Int64;
        var sign = call.Function.Const(bits, bits == IrType.Int32 ? int.MinValue : long.MinValue);
        var magnitude = call.Builder.Binary(Op.And, call.Builder.Convert(ConvertKind.Bitcast, bits, x), call.Builder.Unary(Op.Not, sign));
        var joined = call.Builder.Binary(Op.Or, magnitude, call.Builder.Binary(Op.And, call.Builder.Convert(ConvertKind.Bitcast, bits, y), sign));
        return call.Builder.Convert(ConvertKind.Bitcast, x.Type, joined);
    }

    // Math.Min and Max of .NET let NaN through, where those of ILGPU (and our operation) prefer a number.
    private static Value PropagatingExtreme(IntrinsicCall call, Op op)
    {
        Value a = call.Arg(0), b = call.Arg(1);
        var number = call.Builder.Binary(op, a, b);
        var second = call.Builder.Select(call.Builder.Compare(CompareKind.Ne, b, b), b, number);
        return call.Builder.Select(call.Builder.Compare(CompareKind.Ne, a, a), a, second);
    }

    private static Value Clamp(IntrinsicCall call)
    {
        Value value = call.Arg(0), min = call.Arg(1), max = call.Arg(2);
        var unsigned = IsUnsigned(call.ParameterType(0));
        var low = call.Builder.Select(call.Builder.Compare(unsigned ? CompareKind.LtUn : CompareKind.Lt, value, min), min, value);
        return call.Builder.Select(call.Builder.Compare(unsigned ? CompareKind.GtUn : CompareKind.Gt, value, max), max, low);
    }

    private static Value Number(IntrinsicCall call, Type type, double value) => Literal(call, type, value);

    private static double? ConstantNamed(string name, Type type) => name switch
    {
        "get_Zero" or "get_AdditiveIdentity" => 0,
        "get_One" or "get_MultiplicativeIdentity" => 1,
        "get_NegativeOne" => -1,
        "get_PositiveInfinity" => double.PositiveInfinity,
        "get_NegativeInfinity" => double.NegativeInfinity,
        "get_NaN" => double.NaN,
        "get_Pi" => System.Math.PI,
        "get_E" => System.Math.E,
        "get_Tau" => System.Math.Tau,
        "get_Epsilon" when type == typeof(float) => float.Epsilon,
        "get_Epsilon" => double.Epsilon,
        "get_MinValue" or "get_MaxValue" when type == typeof(float) => name == "get_MinValue" ? float.MinValue : float.MaxValue,
        "get_MinValue" or "get_MaxValue" when type == typeof(double) => name == "get_MinValue" ? double.MinValue : double.MaxValue,
        "get_MinValue" or "get_MaxValue" when type == typeof(int) => name == "get_MinValue" ? int.MinValue : int.MaxValue,
        _ => null,
    };

    private static Value Literal(IntrinsicCall call, Type type, double value)
    {
        var part = TypeShape.Of(type).Parts[0];
        return part.Type.IsFloat() ? call.Function.Float(part.Type, value) : call.Function.Const(part.Type, (long)value);
    }
}
