using System.Reflection.Emit;
using ILGPU;

namespace IlgpuSeg.KernelRuntime.Tests.Language.RandomKernels;

/// <summary>Writes expressions as IL.</summary>
internal sealed class ExprEmitter(ILGenerator il, LocalBuilder[][] locals, LocalBuilder thread, int inputs, int owned, int stored, bool isNarrow)
{
    private static readonly Type[] Types = [typeof(int), typeof(long), typeof(float), typeof(double)];
    private static readonly long[] Wholes = [0, 1, -1, 2, 3, 7, 31, -8, 255, 65_537, int.MaxValue, int.MinValue];
    private static readonly double[] Reals = [0, 1, -1, 0.5, -2.75, 3, 1e10, -1e20, 255.9, 1e-30, double.PositiveInfinity, double.NaN];
    private static readonly OpCode[] Compares = [OpCodes.Ceq, OpCodes.Clt, OpCodes.Cgt, OpCodes.Clt_Un, OpCodes.Cgt_Un];

    private static readonly OpCode[] BranchesUnless =
    [
        OpCodes.Bne_Un, OpCodes.Beq, OpCodes.Blt, OpCodes.Ble, OpCodes.Bgt, OpCodes.Bge, OpCodes.Blt_Un, OpCodes.Ble_Un, OpCodes.Bgt_Un, OpCodes.Bge_Un,
    ];

    private static readonly OpCode[] IntegerOps =
    [
        OpCodes.Add, OpCodes.Sub, OpCodes.Mul, OpCodes.And, OpCodes.Or, OpCodes.Xor,
        OpCodes.Shl, OpCodes.Shr, OpCodes.Shr_Un, OpCodes.Div, OpCodes.Rem, OpCodes.Div_Un, OpCodes.Rem_Un,
    ];

    private static readonly OpCode[] FloatOps = [OpCodes.Add, OpCodes.Sub, OpCodes.Mul, OpCodes.Div];
    private static readonly OpCode[] NarrowOps = [OpCodes.Conv_I1, OpCodes.Conv_U1, OpCodes.Conv_I2, OpCodes.Conv_U2];

    public void Emit(Expr e)
    {
        switch (e.Op)
        {
            case ExprOp.Constant:
                Constant(e.Kind, e.Data);
                break;
            case ExprOp.Local:
                il.Emit(OpCodes.Ldloc, locals[(int)e.Kind][e.Data % locals[0].Length]);
                break;
            case ExprOp.Thread:
                il.Emit(OpCodes.Ldloc, thread);
                break;
            case ExprOp.Group:
                il.Emit(OpCodes.Call, typeof(Grid).GetProperty(nameof(Grid.IdxX))!.GetMethod!);
                break;
            case ExprOp.Input:
                Input(e.Kind, () => Emit(e.Args[0]));
                break;
            case ExprOp.Own:
                OwnAddress(e.Kind, () => Masked(e.Args[0], stored - 1));
                il.Emit(OpCodes.Ldobj, Types[(int)e.Kind]);
                break;
            case ExprOp.Binary:
                Binary(e);
                break;
            case ExprOp.Unary:
                Emit(e.Args[0]);
                il.Emit(e.Kind < Kind.Float && (e.Data & 1) == 0 ? OpCodes.Not : OpCodes.Neg);
                break;
            case ExprOp.Convert:
                Emit(e.Args[0]);
                Convert(e.Args[0].Kind, e.Kind, e.Data);
                break;
            case ExprOp.Compare:
                Emit(e.Args[0]);
                Emit(e.Args[1]);
                il.Emit(Compares[e.Data % Compares.Length]);
                break;
            case ExprOp.Choose:
                Choose(e);
                break;
        }
    }

    /// <summary>Leaves a condition's jump: either on its value or fused with its comparison.</summary>
    public void BranchUnless(Expr condition, Label target)
    {
        if (condition.Op == ExprOp.Compare && (condition.Data & 32) != 0)
        {
            Emit(condition.Args[0]);
            Emit(condition.Args[1]);
            il.Emit(BranchesUnless[condition.Data % BranchesUnless.Length], target);
            return;
        }

        Emit(condition);
        il.Emit(OpCodes.Brfalse, target);
    }

    public void Masked(Expr e, int mask)
    {
        Emit(e);
        il.Emit(OpCodes.Ldc_I4, mask);
        il.Emit(OpCodes.And);
    }

    public void Input(Kind kind, Action index)
    {
        il.Emit(OpCodes.Ldarga_S, (byte)kind);
        index();
        il.Emit(OpCodes.Ldc_I4, inputs - 1);
        il.Emit(OpCodes.And);
        Element(kind);
        il.Emit(OpCodes.Ldobj, Types[(int)kind]);
    }

    public void OwnAddress(Kind kind, Action index)
    {
        il.Emit(OpCodes.Ldarga_S, (byte)kind);
        il.Emit(OpCodes.Ldloc, thread);
        if (!isNarrow)
        {
            il.Emit(OpCodes.Ldc_I4, owned);
            il.Emit(OpCodes.Mul);
        }

        il.Emit(OpCodes.Ldc_I4, inputs);
        il.Emit(OpCodes.Add);
        index();
        if (isNarrow)
        {
            // What one thread owns lies a grid apart, as sixteen lanes store only side by side.
            il.Emit(OpCodes.Call, typeof(Grid).GetProperty(nameof(Grid.DimX))!.GetMethod!);
            il.Emit(OpCodes.Mul);
            il.Emit(OpCodes.Call, typeof(Group).GetProperty(nameof(Group.DimX))!.GetMethod!);
            il.Emit(OpCodes.Mul);
        }

        il.Emit(OpCodes.Add);
        Element(kind);
    }

    /// <summary>The address of an element of the view whose address and index are on the stack.</summary>
    public void Element(Kind kind) =>
        il.Emit(OpCodes.Call, typeof(ArrayView<>).MakeGenericType(Types[(int)kind]).GetMethod("get_Item", [typeof(int)])!);

    private void Constant(Kind kind, int data)
    {
        var (whole, real) = (Wholes[data % Wholes.Length], Reals[data % Reals.Length]);
        switch (kind)
        {
            case Kind.Int:
                il.Emit(OpCodes.Ldc_I4, (int)whole);
                break;
            case Kind.Long:
                il.Emit(OpCodes.Ldc_I8, (data & 16) == 0 ? whole : whole << 31);
                break;
            case Kind.Float:
                il.Emit(OpCodes.Ldc_R4, (float)real);
                break;
            default:
                il.Emit(OpCodes.Ldc_R8, real);
                break;
        }
    }

    private void Binary(Expr e)
    {
        Emit(e.Args[0]);
        Emit(e.Args[1]);
        if (e.Kind >= Kind.Float)
        {
            il.Emit(FloatOps[e.Data % FloatOps.Length]);
            return;
        }

        // As C# writes them: counts within the width; and divisors that cannot trap.
        var op = IntegerOps[e.Data % IntegerOps.Length];
        if (op == OpCodes.Shl || op == OpCodes.Shr || op == OpCodes.Shr_Un)
        {
            if (e.Kind == Kind.Long)
            {
                il.Emit(OpCodes.Conv_I4);
            }

            il.Emit(OpCodes.Ldc_I4, e.Kind == Kind.Long ? 63 : 31);
            il.Emit(OpCodes.And);
        }
        else if (op == OpCodes.Div || op == OpCodes.Rem || op == OpCodes.Div_Un || op == OpCodes.Rem_Un)
        {
            Constant(e.Kind, 5);
            il.Emit(OpCodes.And);
            Constant(e.Kind, 1);
            il.Emit(OpCodes.Add);
        }

        il.Emit(op);
    }

    private void Convert(Kind from, Kind to, int data)
    {
        var unsigned = (data & 1) != 0;
        switch (to)
        {
            case Kind.Int when from == Kind.Int:
                il.Emit(NarrowOps[data % NarrowOps.Length]);
                break;
            case Kind.Int:
                il.Emit(unsigned ? OpCodes.Conv_U4 : OpCodes.Conv_I4);
                break;
            case Kind.Long:
                il.Emit(unsigned ? OpCodes.Conv_U8 : OpCodes.Conv_I8);
                break;
            default:
                if (unsigned && from < Kind.Float)
                {
                    il.Emit(OpCodes.Conv_R_Un);
                }

                il.Emit(to == Kind.Float ? OpCodes.Conv_R4 : OpCodes.Conv_R8);
                break;
        }
    }

    // Values below stay on the stack across the branches.
    private void Choose(Expr e)
    {
        var (otherwise, end) = (il.DefineLabel(), il.DefineLabel());
        BranchUnless(e.Args[0], otherwise);
        Emit(e.Args[1]);
        il.Emit(OpCodes.Br, end);
        il.MarkLabel(otherwise);
        Emit(e.Args[2]);
        il.MarkLabel(end);
    }
}
