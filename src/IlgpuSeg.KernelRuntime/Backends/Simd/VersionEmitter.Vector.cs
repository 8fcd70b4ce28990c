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
                _il.Call(_il.Width.Operations, nameof(Lanes.Shuffle), Il.ElementOf(value.Type), _il.Width.VectorOf(value.Type), _il.Width.MaskType, typeof(int));
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
        _il.Call(_il.Width.Operations, nameof(Lanes.Select), Il.ElementOf(type), _il.Width.MaskType, _il.Width.VectorOf(type), _il.Width.VectorOf(type));

    private void VectorArithmetic(Value value)
    {
        var type = value.Type;
        var vector = _il.Width.VectorOf(type);
        switch (value.Op)
        {
            case Op.Div or Op.Rem or Op.DivUn or Op.RemUn when !type.IsFloat():
                _il.Call(_il.Width.Operations, value.Op.ToString(), null, vector, vector);
                break;
            case Op.Rem:
                CallEight(typeof(LaneLoops), nameof(LaneLoops.Rem), type, 2);
                break;
            case Op.MinUn or Op.MaxUn:
                _il.Call(_il.Width.Operations, value.Op.ToString(), null, vector, vector);
                break;
            case Op.Neg when type.IsFloat():
                _il.Call(_il.Width.Operations, nameof(Lanes.Negate), null, vector);
                break;
            case Op.Fma:
                _il.Call(_il.Width.ApiOf(type), "FusedMultiplyAdd", null, vector, vector, vector);
                break;
            default:
                var parameters = new Type[value.Args.Length];
                Array.Fill(parameters, vector);
                _il.Call(_il.Width.ApiOf(type), VectorName(value.Op, type), Il.ElementOf(type), parameters);
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
            _il.Call(_il.Width.ApiOf(value.Type), name, null, _il.Width.VectorOf(value.Type), typeof(int));
            return;
        }

        Push(value.Args[1], Form.Vector);
        _il.Call(_il.Width.Operations, value.Op.ToString(), null, _il.Width.VectorOf(value.Type), _il.Width.MaskType);
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
        var vector = _il.Width.VectorOf(type);
        var (name, element) = kind switch
        {
            CompareKind.Eq => (nameof(Lanes.Equal), Il.ElementOf(type)),
            CompareKind.Lt => (nameof(Lanes.Less), Il.ElementOf(type)),
            CompareKind.Le => (nameof(Lanes.LessOrEqual), Il.ElementOf(type)),
            CompareKind.LtUn => (nameof(Lanes.LessUn), null),
            _ => (nameof(Lanes.LessOrEqualUn), (Type?)null),
        };
        _il.Call(_il.Width.Operations, name, element, vector, vector);
        if (negate)
        {
            _il.Call(_il.Width.MaskApi, "OnesComplement", typeof(int), _il.Width.MaskType);
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
            _il.Call(_il.Width.ApiOf(from), value.Type switch
            {
                IrType.Int32 => "AsInt32",
                IrType.Int64 => "AsInt64",
                IrType.Float32 => "AsSingle",
                _ => "AsDouble",
            }, Il.ElementOf(from), _il.Width.VectorOf(from));
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
        _il.Call(_il.Width.Operations, name, null, _il.Width.VectorOf(from));
    }

    /// <summary>Calls a function of vectors of eight lanes: once, or on both halves of the operands.</summary>
    private void CallEight(Type holder, string name, IrType type, int count)
    {
        var parameters = new Type[count];
        Array.Fill(parameters, LaneWidth.Eight.VectorOf(type));
        if (_il.Width == LaneWidth.Eight || _il.IsDry)
        {
            _il.Call(holder, name, null, parameters);
            return;
        }

        var operands = parameters.Select(_ => _il.NewLocal(_il.Width.VectorOf(type))).ToArray();
        foreach (var operand in operands.Reverse())
        {
            _il.Emit(OpCodes.Stloc, operand);
        }

        foreach (var half in (string[])["GetLower", "GetUpper"])
        {
            foreach (var operand in operands)
            {
                _il.Emit(OpCodes.Ldloc, operand);
                _il.Call(_il.Width.ApiOf(type), half, Il.ElementOf(type), _il.Width.VectorOf(type));
            }

            _il.Call(holder, name, null, parameters);
        }

        _il.Call(_il.Width.ApiOf(type), "Create", Il.ElementOf(type), parameters[0], parameters[0]);
    }

    private void VectorMath(Value value)
    {
        var vector = _il.Width.VectorOf(value.Args[0].Type);
        switch (value.Math)
        {
            case MathKind.PopCount or MathKind.LeadingZeros or MathKind.TrailingZeros:
                CallEight(typeof(LaneIntegers), value.Math.ToString(), value.Args[0].Type, 1);
                break;
            case MathKind.Sqrt:
                _il.Call(_il.Width.ApiOf(value.Type), "Sqrt", Il.ElementOf(value.Type), vector);
                break;
            case MathKind.Floor or MathKind.Ceiling or MathKind.Truncate:
                _il.Call(_il.Width.ApiOf(value.Type), value.Math.ToString(), null, vector);
                break;
            case MathKind.RoundEven:
                _il.Call(_il.Width.ApiOf(value.Type), "Round", null, vector);
                break;
            default:
                CallEight(typeof(LaneMath), value.Math.ToString(), value.Args[0].Type, value.Args.Length);
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
                _il.Call(_il.Width.Operations, nameof(Lanes.SignExtend32), null, _il.Width.MaskType);
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
