using System.Reflection.Emit;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>Scalar code, for values that are uniform or known by their first lane.</summary>
internal sealed partial class VersionEmitter
{
    private void Scalar(Value value)
    {
        switch (value.Op)
        {
            case Op.Compare:
                PushAll(value, Form.Scalar);
                ScalarCompare(value.Compare, value.Args[0].Type.IsFloat());
                break;
            case Op.Select:
                ScalarSelect(value);
                break;
            case Op.Convert:
                Push(value.Args[0], Form.Scalar);
                ScalarConvert(value);
                break;
            case Op.PtrAdd:
                ScalarAddress(value);
                break;
            case Op.Load:
                Push(value.Args[0], Form.Scalar);
                _il.Emit(LoadCode(value.Memory));
                break;
            case Op.Math:
                PushAll(value, Form.Scalar);
                ScalarMath(value);
                break;
            case Op.Fma:
                PushAll(value, Form.Scalar);
                var type = Il.ScalarOf(value.Type);
                _il.Call(value.Type == IrType.Float32 ? typeof(MathF) : typeof(Math), "FusedMultiplyAdd", null, type, type, type);
                break;
            case Op.Local or Op.Shared or Op.DynamicShared:
                _kernel.PushMemory(_il, value);
                break;
            case Op.Phi:
                throw new InvalidOperationException("A phi is not computed.");
            default:
                PushAll(value, Form.Scalar);
                ScalarArithmetic(value);
                break;
        }
    }

    private void PushAll(Value value, Form form)
    {
        foreach (var arg in value.Args)
        {
            Push(arg, form);
        }
    }

    private void ScalarArithmetic(Value value)
    {
        var type = Il.ScalarOf(value.Type);
        switch (value.Op)
        {
            case Op.Min or Op.Max when value.Type.IsFloat():
                _il.Call(type, value.Op == Op.Min ? "MinNumber" : "MaxNumber", null, type, type);
                break;
            case Op.Min or Op.Max:
                _il.Call(typeof(Math), value.Op == Op.Min ? "Min" : "Max", null, type, type);
                break;
            case Op.MinUn or Op.MaxUn:
                var unsigned = value.Type == IrType.Int64 ? typeof(ulong) : typeof(uint);
                _il.Call(typeof(Math), value.Op == Op.MinUn ? "Min" : "Max", null, unsigned, unsigned);
                break;
            case Op.Abs:
                _il.Call(value.Type.IsFloat() ? typeof(Math) : typeof(Lanes), "Abs", null, type);
                break;
            case Op.Not when value.Type == IrType.Bool:
                _il.Int(0);
                _il.Emit(OpCodes.Ceq);
                break;
            default:
                _il.Emit(ScalarCode(value.Op));
                break;
        }
    }

    private static OpCode ScalarCode(Op op) => op switch
    {
        Op.Add => OpCodes.Add,
        Op.Sub => OpCodes.Sub,
        Op.Mul => OpCodes.Mul,
        Op.Div => OpCodes.Div,
        Op.DivUn => OpCodes.Div_Un,
        Op.Rem => OpCodes.Rem,
        Op.RemUn => OpCodes.Rem_Un,
        Op.And => OpCodes.And,
        Op.Or => OpCodes.Or,
        Op.Xor => OpCodes.Xor,
        Op.Shl => OpCodes.Shl,
        Op.Shr => OpCodes.Shr,
        Op.ShrUn => OpCodes.Shr_Un,
        Op.Neg => OpCodes.Neg,
        Op.Not => OpCodes.Not,
        _ => throw new InvalidOperationException($"{op} has no scalar code."),
    };

    private void ScalarCompare(CompareKind kind, bool floats)
    {
        switch (kind)
        {
            case CompareKind.Eq:
                _il.Emit(OpCodes.Ceq);
                return;
            case CompareKind.Lt:
                _il.Emit(OpCodes.Clt);
                return;
            case CompareKind.Gt:
                _il.Emit(OpCodes.Cgt);
                return;
            case CompareKind.LtUn:
                _il.Emit(OpCodes.Clt_Un);
                return;
            case CompareKind.GtUn:
                _il.Emit(OpCodes.Cgt_Un);
                return;
        }

        // The rest negate one that there is; for floats the unordered twin.
        _il.Emit(kind switch
        {
            CompareKind.Ne => OpCodes.Ceq,
            CompareKind.Le => floats ? OpCodes.Cgt_Un : OpCodes.Cgt,
            CompareKind.Ge => floats ? OpCodes.Clt_Un : OpCodes.Clt,
            CompareKind.LeUn => floats ? OpCodes.Cgt : OpCodes.Cgt_Un,
            _ => floats ? OpCodes.Clt : OpCodes.Clt_Un,
        });
        _il.Int(0);
        _il.Emit(OpCodes.Ceq);
    }

    private void ScalarSelect(Value value)
    {
        var otherwise = _il.NewLabel();
        var end = _il.NewLabel();
        Push(value.Args[0], Form.Scalar);
        _il.Emit(OpCodes.Brfalse, otherwise);
        Push(value.Args[1], Form.Scalar);
        _il.Emit(OpCodes.Br, end);
        _il.Mark(otherwise);
        Push(value.Args[2], Form.Scalar);
        _il.Mark(end);
    }

    private void ScalarConvert(Value value)
    {
        switch (value.Convert)
        {
            case ConvertKind.SignExtend8:
                _il.Emit(OpCodes.Conv_I1);
                break;
            case ConvertKind.ZeroExtend8:
                _il.Emit(OpCodes.Conv_U1);
                break;
            case ConvertKind.SignExtend16:
                _il.Emit(OpCodes.Conv_I2);
                break;
            case ConvertKind.ZeroExtend16:
                _il.Emit(OpCodes.Conv_U2);
                break;
            case ConvertKind.SignExtend32:
                _il.Emit(OpCodes.Conv_I8);
                break;
            case ConvertKind.ZeroExtend32:
                _il.Emit(OpCodes.Conv_U8);
                break;
            case ConvertKind.Truncate:
                _il.Emit(OpCodes.Conv_I4);
                break;
            case ConvertKind.SignedToFloat or ConvertKind.FloatResize:
                _il.Emit(value.Type == IrType.Float32 ? OpCodes.Conv_R4 : OpCodes.Conv_R8);
                break;
            case ConvertKind.UnsignedToFloat:
                _il.Emit(OpCodes.Conv_R_Un);
                _il.Emit(value.Type == IrType.Float32 ? OpCodes.Conv_R4 : OpCodes.Conv_R8);
                break;
            case ConvertKind.FloatToSigned:
                _il.Emit(value.Type == IrType.Int32 ? OpCodes.Conv_I4 : OpCodes.Conv_I8);
                break;
            case ConvertKind.FloatToUnsigned:
                _il.Emit(value.Type == IrType.Int32 ? OpCodes.Conv_U4 : OpCodes.Conv_U8);
                break;
            case ConvertKind.Bitcast:
                Bitcast(value.Args[0].Type, value.Type);
                break;
            case ConvertKind.HalfToFloat:
                _il.Call(typeof(Lanes), nameof(Lanes.HalfToFloat), null, typeof(int));
                break;
            case ConvertKind.FloatToHalf:
                _il.Call(typeof(Lanes), nameof(Lanes.FloatToHalf), null, typeof(float));
                break;
        }
    }

    private void Bitcast(IrType from, IrType to)
    {
        var name = to switch
        {
            IrType.Int32 => nameof(BitConverter.SingleToInt32Bits),
            IrType.Float32 => nameof(BitConverter.Int32BitsToSingle),
            IrType.Int64 => nameof(BitConverter.DoubleToInt64Bits),
            _ => nameof(BitConverter.Int64BitsToDouble),
        };
        _il.Call(typeof(BitConverter), name, null, Il.ScalarOf(from));
    }

    private void ScalarMath(Value value)
    {
        var type = Il.ScalarOf(value.Args[0].Type);
        if (!value.Args[0].Type.IsFloat())
        {
            var unsigned = value.Args[0].Type == IrType.Int64 ? typeof(ulong) : typeof(uint);
            var name = value.Math switch
            {
                MathKind.PopCount => "PopCount",
                MathKind.LeadingZeros => "LeadingZeroCount",
                _ => "TrailingZeroCount",
            };
            _il.Call(typeof(System.Numerics.BitOperations), name, null, unsigned);
            return;
        }

        _il.Call(value.Type == IrType.Float32 ? typeof(MathF) : typeof(Math), value.Math == MathKind.RoundEven ? "Round" : value.Math.ToString(), null, type);
    }

    private void ScalarAddress(Value value)
    {
        Push(value.Args[0], Form.Scalar);
        if (value.Args.Length > 1)
        {
            Push(value.Args[1], Form.Scalar);
            _il.Emit(OpCodes.Conv_I);
            if (value.Scale != 1)
            {
                _il.Int(value.Scale);
                _il.Emit(OpCodes.Conv_I);
                _il.Emit(OpCodes.Mul);
            }

            _il.Emit(OpCodes.Add);
        }

        if (value.Imm != 0)
        {
            _il.Long(value.Imm);
            _il.Emit(OpCodes.Conv_I);
            _il.Emit(OpCodes.Add);
        }
    }

    private static OpCode LoadCode(MemoryType memory) => memory switch
    {
        MemoryType.Int8 => OpCodes.Ldind_I1,
        MemoryType.UInt8 => OpCodes.Ldind_U1,
        MemoryType.Int16 => OpCodes.Ldind_I2,
        MemoryType.UInt16 => OpCodes.Ldind_U2,
        MemoryType.Int32 => OpCodes.Ldind_I4,
        MemoryType.Int64 => OpCodes.Ldind_I8,
        MemoryType.Float32 => OpCodes.Ldind_R4,
        MemoryType.Float64 => OpCodes.Ldind_R8,
        _ => OpCodes.Ldind_I,
    };

    private static OpCode StoreCode(MemoryType memory) => memory switch
    {
        MemoryType.Int8 or MemoryType.UInt8 => OpCodes.Stind_I1,
        MemoryType.Int16 or MemoryType.UInt16 => OpCodes.Stind_I2,
        MemoryType.Int32 => OpCodes.Stind_I4,
        MemoryType.Int64 => OpCodes.Stind_I8,
        MemoryType.Float32 => OpCodes.Stind_R4,
        MemoryType.Float64 => OpCodes.Stind_R8,
        _ => OpCodes.Stind_I,
    };
}
