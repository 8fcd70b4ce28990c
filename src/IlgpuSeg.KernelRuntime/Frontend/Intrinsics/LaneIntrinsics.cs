using System.Reflection;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Backends.Simd;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend.Intrinsics;

/// <summary>
/// Vector code read one lane at a time: the CPU's math functions (LaneMath) are straight-line code without traffic between lanes, so that
/// a device whose threads are scalar runs the same code with the same bits. A <c>Vector256&lt;T&gt;</c> is one T here, a mask the choice
/// between all bits and none.
/// </summary>
internal static class LaneIntrinsics
{
    private const string Vectors = "System.Runtime.Intrinsics.Vector256";

    private static readonly Dictionary<string, Op> Binaries = new()
    {
        ["op_Addition"] = Op.Add, ["op_Subtraction"] = Op.Sub, ["op_Multiply"] = Op.Mul, ["op_Division"] = Op.Div,
        ["op_LeftShift"] = Op.Shl, ["op_RightShift"] = Op.Shr, ["ShiftRightLogical"] = Op.ShrUn,
    };

    private static readonly Dictionary<string, CompareKind> Comparisons = new()
    {
        ["Equals"] = CompareKind.Eq, ["LessThan"] = CompareKind.Lt, ["LessThanOrEqual"] = CompareKind.Le, ["GreaterThan"] = CompareKind.Gt,
    };

    public static Func<IntrinsicCall, Operand?>? Find(Type type, MethodBase method)
    {
        if (type.FullName is not (Vectors or Vectors + "`1"))
        {
            return null;
        }

        return Handler(method.Name) is { } handler ? call => handler(Checked(call)) : null;
    }

    private static IntrinsicCall Checked(IntrinsicCall call) => call.Context.CallChain.Exists(m => m.DeclaringType == typeof(LaneMath) || m.DeclaringType == typeof(ScalarMath))
        ? call
        : throw KernelError.At(call.Site, "vector code", "A kernel is the code of one thread; the compiler makes vectors of it.");

    private static Func<IntrinsicCall, Operand?>? Handler(string name)
    {
        return name switch
        {
            _ when Binaries.TryGetValue(name, out var op) => call => call.Result(call.Builder.Binary(op, call.Arg(0), call.Arg(1))),
            _ when Comparisons.TryGetValue(name, out var kind) => call => Mask(call, call.Builder.Compare(kind, call.Arg(0), call.Arg(1))),
            "Create" or "ToScalar" or "AsInt32" or "AsInt64" or "AsSingle" or "AsDouble" => Reinterpret,
            "get_One" => call => Number(call, 1),
            "get_Zero" => call => Number(call, 0),
            "op_UnaryNegation" => call => call.Result(call.Builder.Unary(Op.Neg, call.Arg(0))),
            "Abs" => call => call.Result(call.Builder.Unary(Op.Abs, call.Arg(0))),
            "Sqrt" => call => call.Result(call.Builder.Math(MathKind.Sqrt, call.Arg(0))),
            "FusedMultiplyAdd" => call => call.Result(call.Builder.Fma(call.Arg(0), call.Arg(1), call.Arg(2))),
            "ConvertToSingle" => call => call.Result(call.Builder.Convert(ConvertKind.SignedToFloat, IrType.Float32, call.Arg(0))),
            "op_BitwiseAnd" => And,
            "op_BitwiseOr" => call => Bitwise(call, Op.Or),
            "op_ExclusiveOr" => call => Bitwise(call, Op.Xor),
            "ConditionalSelect" => Select,
            _ => null,
        };
    }

    private static Operand Number(IntrinsicCall call, double value)
    {
        var type = TypeShape.Of(call.ReturnType).Parts[0].Type;
        return call.Result(type.IsFloat() ? call.Function.Float(type, value) : call.Function.Const(type, (long)value));
    }

    private static Operand Reinterpret(IntrinsicCall call) =>
        call.Result(call.Builder.Convert(ConvertKind.Bitcast, TypeShape.Of(call.ReturnType).Parts[0].Type, call.Arg(0)));

    private static Operand Mask(IntrinsicCall call, Value condition)
    {
        var type = call.Arg(0).Type;
        return call.Result(call.Builder.Select(condition, call.Function.Const(type, -1), call.Function.Const(type, 0)));
    }

    /// <summary>The condition behind a mask; null for other values.</summary>
    private static Value? Condition(Value value) =>
        value is { Op: Op.Select } && value.Args[1] is { IsConstant: true, Imm: -1 } && value.Args[2] is { IsConstant: true, Imm: 0 } ? value.Args[0] : null;

    private static Operand And(IntrinsicCall call)
    {
        Value a = call.Arg(0), b = call.Arg(1);
        return (Condition(a), Condition(b)) switch
        {
            ({ } first, { } second) => Mask(call, call.Builder.Binary(Op.And, first, second)),
            ({ } mask, null) => call.Result(call.Builder.Select(mask, b, call.Function.Const(b.Type, 0))),
            (null, { } mask) => call.Result(call.Builder.Select(mask, a, call.Function.Const(a.Type, 0))),
            _ => Bitwise(call, Op.And),
        };
    }

    private static Operand Bitwise(IntrinsicCall call, Op op)
    {
        Value a = call.Arg(0), b = call.Arg(1);
        return call.Result(a.Type.IsFloat() ? FromBits(call, a.Type, call.Builder.Binary(op, Bits(call, a), Bits(call, b))) : call.Builder.Binary(op, a, b));
    }

    // By bits where the mask is not one of ours: a sign, for instance.
    private static Operand Select(IntrinsicCall call)
    {
        Value mask = call.Arg(0), a = call.Arg(1), b = call.Arg(2);
        if (Condition(mask) is { } condition)
        {
            return call.Result(call.Builder.Select(condition, a, b));
        }

        var bits = Bits(call, mask);
        var chosen = call.Builder.Binary(Op.And, bits, Bits(call, a));
        var rest = call.Builder.Binary(Op.And, call.Builder.Unary(Op.Not, bits), Bits(call, b));
        return call.Result(FromBits(call, a.Type, call.Builder.Binary(Op.Or, chosen, rest)));
    }

    private static Value Bits(IntrinsicCall call, Value value) => value.Type.IsFloat()
        ? call.Builder.Convert(ConvertKind.Bitcast, value.Type == IrType.Float32 ? IrType.Int32 : IrType.Int64, value)
        : value;

    private static Value FromBits(IntrinsicCall call, IrType type, Value bits) => call.Builder.Convert(ConvertKind.Bitcast, type, bits);
}
