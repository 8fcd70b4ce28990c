using System.Numerics;

namespace IlgpuSeg.KernelRuntime.Ir;

/// <summary>
/// Local algebraic simplification: every value passes through here when it is built, and again after each pass that may have
/// made operands constant. Only identities that hold bit for bit are used.
/// </summary>
/// <param name="function">The function that owns constants.</param>
/// <param name="append">Adds a helper value in front of the one being simplified and returns what stands for it.</param>
internal sealed class Simplifier(Function function, Func<Value, Value> append)
{
    /// <summary>Returns what <paramref name="value"/> equals: itself (perhaps rewritten in place), an operand, or a constant.</summary>
    public Value Apply(Value value)
    {
        if (ConstantFolding.Evaluate(function, value, value.Args) is { } constant)
        {
            return constant;
        }

        if (value.Args.Length == 2 && value.Args[0].IsConstant && !value.Args[1].IsConstant)
        {
            MoveConstantRight(value);
        }

        return value.Op switch
        {
            Op.Compare => Compare(value),
            Op.Select => Select(value),
            Op.Convert => Convert(value),
            Op.PtrAdd => PtrAdd(value),
            Op.Not => Not(value),
            Op.Neg => value.Args[0].Op == Op.Neg ? value.Args[0].Args[0] : value,
            _ when value.Type.IsInteger() && value.Args.Length == 2 && value.Op.IsPure() => Integer(value),
            _ when value.Type.IsFloat() && value.Args.Length == 2 && value.Op.IsPure() => Float(value),
            _ => value,
        };
    }

    private static void MoveConstantRight(Value value)
    {
        if (value.Op == Op.Compare)
        {
            value.Imm = (long)value.Compare.Swapped();
        }
        else if (!value.Op.IsCommutative() && !(value.Type.IsInteger() && value.Op is Op.Min or Op.Max))
        {
            return;
        }

        (value.Args[0], value.Args[1]) = (value.Args[1], value.Args[0]);
    }

    private Value Integer(Value value)
    {
        Value a = value.Args[0], b = value.Args[1];
        if (a == b)
        {
            switch (value.Op)
            {
                case Op.Sub or Op.Xor: return function.Const(value.Type, 0);
                case Op.And or Op.Or or Op.Min or Op.Max or Op.MinUn or Op.MaxUn: return a;
            }
        }

        return b.IsConstant ? IntegerByConstant(value, a, b.Imm) : value;
    }

    private Value IntegerByConstant(Value value, Value a, long c)
    {
        var power = c > 0 && BitOperations.IsPow2(c) ? BitOperations.Log2((ulong)c) : -1;
        switch (value.Op)
        {
            case Op.Add or Op.Sub or Op.Or or Op.Xor or Op.Shl or Op.Shr or Op.ShrUn when c == 0:
            case Op.Mul or Op.Div or Op.DivUn when c == 1:
            case Op.And when c == -1:
                return a;
            case Op.Mul or Op.And when c == 0:
            case Op.Rem or Op.RemUn when c == 1:
                return function.Const(value.Type, 0);
            case Op.Sub:
                return Rewrite(value, Op.Add, a, -c);
            case Op.Add when a.Op == Op.Add && a.Args[1].IsConstant:
                return Rewrite(value, Op.Add, a.Args[0], a.Args[1].Imm + c);
            case Op.Mul when a.Op == Op.Mul && a.Args[1].IsConstant:
                return Rewrite(value, Op.Mul, a.Args[0], a.Args[1].Imm * c);
            case Op.Shl when a.Op == Op.Mul && a.Args[1].IsConstant:
                return Rewrite(value, Op.Mul, a.Args[0], a.Args[1].Imm << (int)c);
            // Sub-groups of a warp are cut out of lane numbers by masks.
            case Op.And when (PossibleBits(a) & c) == 0:
                return function.Const(value.Type, 0);
            case Op.And when (PossibleBits(a) & ~c) == 0:
                return a;
            case Op.And when a.Op == Op.And && a.Args[1].IsConstant:
                return Rewrite(value, Op.And, a.Args[0], a.Args[1].Imm & c);
            case Op.DivUn when power > 0:
                return Rewrite(value, Op.ShrUn, a, power);
            case Op.RemUn when power > 0:
                return Rewrite(value, Op.And, a, c - 1);
            // Of numbers of threads and groups, which are never negative.
            case Op.Div when power > 0 && IsNotNegative(a):
                return Rewrite(value, Op.ShrUn, a, power);
            case Op.Rem when power > 0 && IsNotNegative(a):
                return Rewrite(value, Op.And, a, c - 1);
            default:
                return value;
        }
    }

    /// <summary>The bits that may be set in a value computed from the lane's number; all for others.</summary>
    private long PossibleBits(Value value, int depth = 0) => value.Op switch
    {
        _ when depth > 3 => -1,
        Op.Builtin when value.Builtin == BuiltinKind.LaneIdx => function.WarpSize - 1,
        Op.Constant when value.Imm >= 0 => value.Imm,
        Op.Or or Op.Xor => PossibleBits(value.Args[0], depth + 1) | PossibleBits(value.Args[1], depth + 1),
        Op.And => PossibleBits(value.Args[0], depth + 1) & PossibleBits(value.Args[1], depth + 1),
        _ => -1,
    };

    private static bool IsNotNegative(Value value, int depth = 0) => value.Op switch
    {
        _ when depth > 3 => false,
        Op.Builtin => value.Builtin is not BuiltinKind.ExtentSize,
        Op.Constant => value.Imm >= 0,
        Op.And => IsNotNegative(value.Args[0], depth + 1) || IsNotNegative(value.Args[1], depth + 1),
        Op.ShrUn => value.Args[1].IsConstant && value.Args[1].Imm > 0,
        Op.Div or Op.Rem => IsNotNegative(value.Args[0], depth + 1) && value.Args[1].IsConstant && value.Args[1].Imm > 0,
        _ => false,
    };

    private Value Rewrite(Value value, Op op, Value a, long c)
    {
        value.Op = op;
        // A shift count is Int32 whatever it shifts.
        value.Args = [a, op is Op.Shl or Op.Shr or Op.ShrUn ? function.Int((int)c) : function.Const(value.Type, c)];
        return Apply(value);
    }

    private static Value Float(Value value)
    {
        var b = value.Args[1];
        if (!b.IsConstant)
        {
            return value;
        }

        return value.Op switch
        {
            Op.Mul or Op.Div when b.FloatValue == 1 => value.Args[0],
            Op.Sub when b.FloatValue == 0 && !double.IsNegative(b.FloatValue) => value.Args[0],
            Op.Add when b.FloatValue == 0 && double.IsNegative(b.FloatValue) => value.Args[0],
            _ => value,
        };
    }

    private Value Not(Value value)
    {
        var a = value.Args[0];
        if (a.Op == Op.Not)
        {
            return a.Args[0];
        }

        if (value.Type != IrType.Bool || a.Op != Op.Compare)
        {
            return value;
        }

        return append(new Value(Op.Compare, IrType.Bool, [.. a.Args]) { Imm = (long)a.Compare.Inverse(a.Args[0].Type.IsFloat()), Site = value.Site });
    }

    private Value Compare(Value value)
    {
        Value a = value.Args[0], b = value.Args[1];
        if (a == b && !a.Type.IsFloat())
        {
            return function.Bool(value.Compare is CompareKind.Eq or CompareKind.Le or CompareKind.Ge or CompareKind.LeUn or CompareKind.GeUn);
        }

        // IL turns truth into 0 or 1 and tests it again; here it stays a truth value.
        if (a.Op == Op.Convert && a.Convert == ConvertKind.BoolToInt && b.IsConstant && b.Imm is 0 or 1)
        {
            var isOne = value.Compare switch
            {
                CompareKind.Eq => b.Imm == 1,
                CompareKind.Ne or CompareKind.GtUn or CompareKind.Gt when b.Imm == 0 => true,
                CompareKind.Ne => false,
                _ => (bool?)null,
            };
            return isOne switch
            {
                true => a.Args[0],
                false => append(new Value(Op.Not, IrType.Bool, a.Args[0]) { Site = value.Site }),
                null => value,
            };
        }

        // x >u 0 is how compilers write x != 0.
        if (value.Compare == CompareKind.GtUn && b.IsConst(0) && !a.Type.IsFloat())
        {
            value.Imm = (long)CompareKind.Ne;
        }

        return value;
    }

    private Value Select(Value value)
    {
        Value condition = value.Args[0], a = value.Args[1], b = value.Args[2];
        if (condition.IsConstant)
        {
            return condition.Imm != 0 ? a : b;
        }

        if (a == b)
        {
            return a;
        }

        if (value.Type == IrType.Int32 && a.IsConst(1) && b.IsConst(0))
        {
            return append(new Value(Op.Convert, IrType.Int32, condition) { Imm = (long)ConvertKind.BoolToInt, Site = value.Site });
        }

        return value;
    }

    private static Value Convert(Value value)
    {
        var a = value.Args[0];
        var kind = value.Convert;
        if (kind == ConvertKind.FloatResize && a.Type == value.Type)
        {
            return a;
        }

        if (kind == ConvertKind.Bitcast && (a.Type == value.Type || (a.Op == Op.Convert && a.Convert == kind && a.Args[0].Type == value.Type)))
        {
            return a.Type == value.Type ? a : a.Args[0];
        }

        if (a.Op == Op.Convert && kind == ConvertKind.Truncate && a.Convert is ConvertKind.SignExtend32 or ConvertKind.ZeroExtend32)
        {
            return a.Args[0];
        }

        if (kind <= ConvertKind.ZeroExtend16 && AlreadyFits(a, kind))
        {
            return a;
        }

        return value;
    }

    private static bool AlreadyFits(Value a, ConvertKind kind)
    {
        if (a.Op == Op.Load)
        {
            return (a.Memory, kind) is (MemoryType.Int8, ConvertKind.SignExtend8 or ConvertKind.SignExtend16)
                or (MemoryType.UInt8, ConvertKind.ZeroExtend8 or ConvertKind.ZeroExtend16 or ConvertKind.SignExtend16)
                or (MemoryType.Int16, ConvertKind.SignExtend16) or (MemoryType.UInt16, ConvertKind.ZeroExtend16);
        }

        return a.Op == Op.Convert && (a.Convert == kind || a.Convert == ConvertKind.BoolToInt
            || (a.Convert == ConvertKind.FloatToHalf && kind == ConvertKind.ZeroExtend16));
    }

    // Addresses are kept as base, then variable parts, then one constant: equal prefixes are then shared. An index that leaves the
    // Int32 range would lie outside of every view, so a sum of indices may be added part by part.
    private Value PtrAdd(Value value)
    {
        var pointer = value.Args[0];
        if (value.Args.Length == 2)
        {
            var index = value.Args[1];
            if (index.Op == Op.Convert && index.Convert == ConvertKind.SignExtend32)
            {
                index = index.Args[0];
                value.Args[1] = index;
            }

            if (index.IsConstant)
            {
                value.Imm += index.Imm * value.Scale;
                value.Args = [pointer];
            }
            else if (index.Op == Op.Add && index.Args[1].IsConstant)
            {
                value.Args[1] = index.Args[0];
                value.Imm += index.Args[1].Imm * value.Scale;
                return Apply(value);
            }
        }

        if (pointer.Op == Op.PtrAdd && pointer.Args.Length == 1)
        {
            value.Imm += pointer.Imm;
            value.Args[0] = pointer.Args[0];
            return Apply(value);
        }

        if (value.Args.Length == 2 && value.Imm != 0)
        {
            var inner = append(new Value(Op.PtrAdd, IrType.Pointer, value.Args) { Scale = value.Scale, Site = value.Site });
            value.Args = [inner];
            value.Scale = 0;
            return value;
        }

        return value.Args.Length == 1 && value.Imm == 0 ? value.Args[0] : value;
    }
}
