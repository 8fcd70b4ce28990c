using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend.Intrinsics;

/// <summary>Views, shared and local memory, atomics and bit casts.</summary>
internal static class MemoryIntrinsics
{
    public static void Register(Dictionary<string, Func<IntrinsicCall, Operand?>> table)
    {
        // Views are indexed without range checks: kernels are total, the host has checked extents.
        table["ILGPU.ArrayView`1.get_Item"] = Element;
        table["ILGPU.ArrayView`1.SubView"] = SubView;
        table["ILGPU.ArrayView`1.get_IntLength"] = call => call.Result(call.Builder.Convert(ConvertKind.Truncate, IrType.Int32, call.Parts(0)[1]));
        table["ILGPU.SharedMemory.Allocate"] = Shared;
        table["ILGPU.SharedMemory.GetDynamic"] = Dynamic;
        table["ILGPU.LocalMemory.Allocate"] = Local;
        foreach (var kind in Enum.GetValues<AtomicKind>().Where(k => k is not (AtomicKind.MinUn or AtomicKind.MaxUn)))
        {
            table["ILGPU.Atomic." + kind] = call => Atomic(call, kind);
        }

        foreach (var name in (string[])["SingleToInt32Bits", "SingleToUInt32Bits", "Int32BitsToSingle", "UInt32BitsToSingle",
            "DoubleToInt64Bits", "DoubleToUInt64Bits", "Int64BitsToDouble", "UInt64BitsToDouble"])
        {
            table["System.BitConverter." + name] = Bitcast;
        }

        table["System.Runtime.CompilerServices.Unsafe.SizeOf"] = call => call.Result(call.Function.Int(TypeShape.Of(call.TypeArgument).Size));
        table["ILGPU.Half.op_Implicit"] = HalfToFloat;
        table["ILGPU.Half.op_Explicit"] = HalfConversion;
    }

    private static AddressOperand Element(IntrinsicCall call)
    {
        var element = call.ReturnType.GetElementType()!;
        return new AddressOperand(element, call.Builder.PtrAdd(call.Parts(0)[0], call.Parts(1)[0].Resolve(), TypeShape.Of(element).Size));
    }

    private static ValueOperand SubView(IntrinsicCall call)
    {
        var view = call.Parts(0);
        var element = call.Method.DeclaringType!.GetGenericArguments()[0];
        var index = call.Arg(1);
        var pointer = call.Builder.PtrAdd(view[0].Resolve(), index, TypeShape.Of(element).Size);
        var length = call.Arguments.Length > 2 ? ToLong(call, call.Arg(2)) : call.Builder.Binary(Op.Sub, view[1].Resolve(), ToLong(call, index));
        return new ValueOperand(call.ReturnType, [pointer, length, .. view[2..]]);
    }

    private static Value ToLong(IntrinsicCall call, Value value) =>
        value.Type == IrType.Int64 ? value : call.Builder.Convert(ConvertKind.SignExtend32, IrType.Int64, value);

    private static Operand Shared(IntrinsicCall call)
    {
        var size = TypeShape.Of(call.TypeArgument).Size;
        var count = call.Arguments.Length == 0 ? 1 : call.Constant(0, "shared memory");
        var pointer = call.Builder.Append(new Value(Op.Shared, IrType.Pointer) { Imm = (long)count * size, Scale = size });
        return call.Arguments.Length == 0 ? new AddressOperand(call.TypeArgument, pointer) : View(call, pointer, call.Function.Long(count));
    }

    private static ValueOperand Dynamic(IntrinsicCall call)
    {
        var pointer = call.Builder.Append(new Value(Op.DynamicShared, IrType.Pointer));
        var bytes = call.Function.Builtin(BuiltinKind.DynamicSharedBytes);
        var count = call.Builder.Binary(Op.Div, bytes, call.Function.Int(TypeShape.Of(call.TypeArgument).Size));
        return View(call, pointer, call.Builder.Convert(ConvertKind.SignExtend32, IrType.Int64, count));
    }

    private static ValueOperand Local(IntrinsicCall call)
    {
        var shape = TypeShape.Of(call.TypeArgument);
        var count = call.Constant(0, "local memory");
        // Scale tells the back end how fine it may interleave the lanes: one primitive, or a whole struct.
        var pointer = call.Builder.Append(new Value(Op.Local, IrType.Pointer) { Imm = (long)count * shape.Size, Scale = shape.IsPrimitive ? shape.Size : 0 });
        return View(call, pointer, call.Function.Long(count));
    }

    private static ValueOperand View(IntrinsicCall call, Value pointer, Value count)
    {
        var rest = TypeShape.Of(call.ReturnType).Parts[2..].Select(p => call.Function.Const(p.Type, 0));
        return new ValueOperand(call.ReturnType, [pointer, count, .. rest]);
    }

    private static Operand Atomic(IntrinsicCall call, AtomicKind kind)
    {
        var type = call.ParameterType(1);
        var part = TypeShape.Of(type).Parts[0];
        if (Type.GetTypeCode(type) is TypeCode.UInt32 or TypeCode.UInt64)
        {
            kind = kind switch { AtomicKind.Min => AtomicKind.MinUn, AtomicKind.Max => AtomicKind.MaxUn, _ => kind };
        }

        // CompareExchange(ref target, compare, value)
        Value[] operands = kind == AtomicKind.CompareExchange
            ? [call.Memory(0), call.Parts(2)[0].Resolve(), call.Parts(1)[0].Resolve()]
            : [call.Memory(0), call.Parts(1)[0].Resolve()];
        return call.Result(call.Builder.Append(new Value(Op.Atomic, part.Type, operands) { Imm = (long)kind, Memory = part.Memory }));
    }

    private static Operand Bitcast(IntrinsicCall call) =>
        call.Result(call.Builder.Convert(ConvertKind.Bitcast, TypeShape.Of(call.ReturnType).Parts[0].Type, call.Arg(0)));

    private static Operand HalfToFloat(IntrinsicCall call)
    {
        var single = call.Builder.Convert(ConvertKind.HalfToFloat, IrType.Float32, call.Parts(0)[0].Resolve());
        return call.Result(call.Builder.Convert(ConvertKind.FloatResize, TypeShape.Of(call.ReturnType).Parts[0].Type, single));
    }

    // Only float -> Half is an operation; the other conversions come down to it.
    private static Operand? HalfConversion(IntrinsicCall call)
    {
        var from = call.ParameterType(0);
        if (call.ReturnType == typeof(ILGPU.Half) && from == typeof(float))
        {
            return call.Result(call.Builder.Convert(ConvertKind.FloatToHalf, IrType.Int32, call.Arg(0)));
        }

        if (call.ReturnType == typeof(ILGPU.Half) && from == typeof(double))
        {
            return call.Result(call.Builder.Convert(ConvertKind.FloatToHalf, IrType.Int32, RoundToOdd(call.Builder, call.Arg(0))));
        }

        return MethodTranslator.Inline(call.Context, call.Method, call.Arguments, call.Site);
    }

    /// <summary>
    /// A double as a float that rounds to the same half: cut off to float's 23 bits, the last of them set if anything was lost, so that what
    /// lay beside a half-way point still does. (Rounding to float first would move some onto it.)
    /// </summary>
    private static Value RoundToOdd(Builder builder, Value value)
    {
        const long Lost = (1L << 29) - 1;
        var function = builder.Function;
        var bits = builder.Convert(ConvertKind.Bitcast, IrType.Int64, value);
        var isInexact = builder.Compare(CompareKind.Ne, builder.Binary(Op.And, bits, function.Long(Lost)), function.Long(0));
        var kept = builder.Binary(Op.And, bits, function.Long(~Lost));
        var odd = builder.Binary(Op.Or, kept, builder.Select(isInexact, function.Long(Lost + 1), function.Long(0)));
        return builder.Convert(ConvertKind.FloatResize, IrType.Float32, builder.Convert(ConvertKind.Bitcast, IrType.Float64, odd));
    }
}
