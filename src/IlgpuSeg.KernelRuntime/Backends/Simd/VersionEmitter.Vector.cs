using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>Vector code: all lanes of a warp at once.</summary>
internal sealed partial class VersionEmitter
{
    private void Vector(Value value)
    {
        switch (value.Op)
        {
            case Op.Compare:
                VectorCompare(value);
                break;
            case Op.Select:
                Push(value.Args[0], Form.Vector);
                Push(value.Args[1], Form.Vector);
                Push(value.Args[2], Form.Vector);
                SelectVectors(value.Type);
                break;
            case Op.Convert:
                Push(value.Args[0], Form.Vector);
                VectorConvert(value);
                break;
            case Op.PtrAdd:
                VectorAddress(value);
                break;
            case Op.Load:
                VectorLoad(value);
                break;
            case Op.Math:
                PushAll(value, Form.Vector);
                VectorMath(value);
                break;
            case Op.Shuffle:
                Push(value.Args[0], Form.Vector);
                Push(value.Args[1], Form.Vector);
                _kernel.PushLaneCount(_il);
                _il.Call(typeof(Lanes), nameof(Lanes.Shuffle), Il.ElementOf(value.Type), Il.VectorOf(value.Type), typeof(Vector256<int>), typeof(int));
                break;
            case Op.Shl or Op.Shr or Op.ShrUn:
                VectorShift(value);
                break;
            default:
                PushAll(value, Form.Vector);
                VectorArithmetic(value);
                break;
        }
    }

    private void SelectVectors(IrType type) =>
        _il.Call(typeof(Lanes), nameof(Lanes.Select), Il.ElementOf(type), typeof(Vector256<int>), Il.VectorOf(type), Il.VectorOf(type));

    private void VectorArithmetic(Value value)
    {
        var type = value.Type;
        var vector = Il.VectorOf(type);
        switch (value.Op)
        {
            case Op.Div or Op.Rem or Op.DivUn or Op.RemUn when !type.IsFloat():
                _il.Call(typeof(Lanes), value.Op.ToString(), null, vector, vector);
                break;
            case Op.Rem:
                _il.Call(typeof(LaneLoops), nameof(LaneLoops.Rem), null, vector, vector);
                break;
            case Op.MinUn or Op.MaxUn:
                _il.Call(typeof(Lanes), value.Op.ToString(), null, vector, vector);
                break;
            case Op.Neg when type.IsFloat():
                _il.Call(typeof(Lanes), nameof(Lanes.Negate), null, vector);
                break;
            case Op.Fma:
                _il.Call(Il.ApiOf(type), "FusedMultiplyAdd", null, vector, vector, vector);
                break;
            default:
                var parameters = new Type[value.Args.Length];
                Array.Fill(parameters, vector);
                _il.Call(Il.ApiOf(type), VectorName(value.Op, type), Il.ElementOf(type), parameters);
                break;
        }
    }

    private static string VectorName(Op op, IrType type) => op switch
    {
        Op.Add => "Add",
        Op.Sub => "Subtract",
        Op.Mul => "Multiply",
        Op.Div => "Divide",
        Op.And => "BitwiseAnd",
        Op.Or => "BitwiseOr",
        Op.Xor => "Xor",
        Op.Not => "OnesComplement",
        Op.Neg => "Negate",
        Op.Abs => "Abs",
        Op.Min => type.IsFloat() ? "MinNumber" : "Min",
        Op.Max => type.IsFloat() ? "MaxNumber" : "Max",
        _ => throw new InvalidOperationException($"{op} has no vector code."),
    };

    private void VectorShift(Value value)
    {
        Push(value.Args[0], Form.Vector);
        if (ShapeOf(value.Args[1]).IsUniform)
        {
            Push(value.Args[1], Form.Scalar);
            var name = value.Op switch { Op.Shl => "ShiftLeft", Op.Shr => "ShiftRightArithmetic", _ => "ShiftRightLogical" };
            _il.Call(Il.ApiOf(value.Type), name, null, Il.VectorOf(value.Type), typeof(int));
            return;
        }

        Push(value.Args[1], Form.Vector);
        _il.Call(typeof(Lanes), value.Op.ToString(), null, Il.VectorOf(value.Type), typeof(Vector256<int>));
    }

    private void VectorCompare(Value value)
    {
        var type = value.Args[0].Type;
        var floats = type.IsFloat();
        var kind = value.Compare;
        // What has no instruction of its own is the complement of its inverse.
        var negate = kind == CompareKind.Ne || (floats && kind >= CompareKind.LtUn);
        kind = negate ? kind.Inverse(floats) : kind;
        var swap = kind is CompareKind.Gt or CompareKind.Ge or CompareKind.GtUn or CompareKind.GeUn;
        kind = swap ? kind.Swapped() : kind;
        Push(value.Args[swap ? 1 : 0], Form.Vector);
        Push(value.Args[swap ? 0 : 1], Form.Vector);
        var vector = Il.VectorOf(type);
        var (name, element) = kind switch
        {
            CompareKind.Eq => (nameof(Lanes.Equal), Il.ElementOf(type)),
            CompareKind.Lt => (nameof(Lanes.Less), Il.ElementOf(type)),
            CompareKind.Le => (nameof(Lanes.LessOrEqual), Il.ElementOf(type)),
            CompareKind.LtUn => (nameof(Lanes.LessUn), null),
            _ => (nameof(Lanes.LessOrEqualUn), (Type?)null),
        };
        _il.Call(typeof(Lanes), name, element, vector, vector);
        if (negate)
        {
            _il.Call(typeof(Vector256), "OnesComplement", typeof(int), typeof(Vector256<int>));
        }
    }

    private void VectorConvert(Value value)
    {
        var from = value.Args[0].Type;
        var single = value.Type == IrType.Float32;
        var fromSingle = from == IrType.Float32;
        var wide = value.Type == IrType.Int64;
        if (value.Convert == ConvertKind.Bitcast)
        {
            _il.Call(Il.ApiOf(from), value.Type switch
            {
                IrType.Int32 => "AsInt32",
                IrType.Int64 => "AsInt64",
                IrType.Float32 => "AsSingle",
                _ => "AsDouble",
            }, Il.ElementOf(from), Il.VectorOf(from));
            return;
        }

        var name = value.Convert switch
        {
            ConvertKind.SignedToFloat => single ? nameof(Lanes.SignedToSingle) : nameof(Lanes.SignedToDouble),
            ConvertKind.UnsignedToFloat => single ? nameof(Lanes.UnsignedToSingle) : nameof(Lanes.UnsignedToDouble),
            ConvertKind.FloatToSigned => (fromSingle ? "SingleTo" : "DoubleTo") + (wide ? "Long" : "Int"),
            ConvertKind.FloatToUnsigned => (fromSingle ? "SingleTo" : "DoubleTo") + (wide ? "ULong" : "UInt"),
            ConvertKind.FloatResize => single ? nameof(Lanes.Narrow) : nameof(Lanes.Widen),
            var kind => kind.ToString(),
        };
        _il.Call(typeof(Lanes), name, null, Il.VectorOf(from));
    }

    private void VectorMath(Value value)
    {
        var vector = Il.VectorOf(value.Args[0].Type);
        switch (value.Math)
        {
            case MathKind.PopCount or MathKind.LeadingZeros or MathKind.TrailingZeros:
                _il.Call(typeof(LaneIntegers), value.Math.ToString(), null, vector);
                break;
            case MathKind.Sqrt:
                _il.Call(Il.ApiOf(value.Type), "Sqrt", Il.ElementOf(value.Type), vector);
                break;
            case MathKind.Floor or MathKind.Ceiling or MathKind.Truncate:
                _il.Call(Il.ApiOf(value.Type), value.Math.ToString(), null, vector);
                break;
            case MathKind.RoundEven:
                _il.Call(Il.ApiOf(value.Type), "Round", null, vector);
                break;
            default:
                var parameters = new Type[value.Args.Length];
                Array.Fill(parameters, vector);
                _il.Call(typeof(LaneMath), value.Math.ToString(), null, parameters);
                break;
        }
    }

    private void VectorAddress(Value value)
    {
        Push(value.Args[0], Form.Vector);
        if (value.Args.Length > 1)
        {
            Push(value.Args[1], Form.Vector);
            if (value.Args[1].Type == IrType.Int32)
            {
                _il.Call(typeof(Lanes), nameof(Lanes.SignExtend32), null, typeof(Vector256<int>));
            }

            _il.Long(value.Scale);
            _il.Call(typeof(Vector512), "Create", null, typeof(long));
            _il.Call(typeof(Vector512), "Multiply", typeof(long), typeof(Vector512<long>), typeof(Vector512<long>));
            _il.Call(typeof(Vector512), "Add", typeof(long), typeof(Vector512<long>), typeof(Vector512<long>));
        }

        if (value.Imm != 0)
        {
            _il.Long(value.Imm);
            _il.Call(typeof(Vector512), "Create", null, typeof(long));
            _il.Call(typeof(Vector512), "Add", typeof(long), typeof(Vector512<long>), typeof(Vector512<long>));
        }
    }
}
