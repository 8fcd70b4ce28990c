using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Loader;
using ILGPU;

namespace IlgpuSeg.KernelRuntime.Tests.Language.RandomKernels;

internal delegate void RandomKernel(ArrayView<int> ints, ArrayView<long> longs, ArrayView<float> floats, ArrayView<double> doubles, int n);

/// <summary>Writes a program as IL into an assembly of its own.</summary>
/// <remarks>
/// Every buffer begins with <see cref="Inputs"/> elements to read; after them every thread owns <see cref="Owned"/>: a few that the program
/// stores to, and the values of its locals at the end. (Narrow programs own as much, but one element in each of <see cref="Owned"/> parts.)
/// </remarks>
internal sealed class ProgramEmitter
{
    public const int Inputs = 64;
    public const int Owned = 8;
    private const int LocalsPerKind = 3;
    private const int Stored = 4;
    public const int SmallestGroup = 5;
    private const int MaxGroup = 64;
    private static readonly Type[] Types = [typeof(int), typeof(long), typeof(float), typeof(double)];

    private readonly Program _program;
    private readonly ILGenerator _il;
    private readonly LocalBuilder[][] _locals;
    private readonly LocalBuilder _thread;
    private readonly ExprEmitter _expressions;
    private readonly Stack<(Label Break, Label Continue)?> _loops = new();
    private readonly Stack<LocalBuilder> _uniformCounters = new();
    private LocalBuilder[] _shared = [];

    private ProgramEmitter(Program program, ILGenerator il)
    {
        _program = program;
        _il = il;
        _thread = il.DeclareLocal(typeof(int));
        _locals = [.. Types.Select(t => Enumerable.Range(0, LocalsPerKind).Select(_ => il.DeclareLocal(t)).ToArray())];
        _expressions = new ExprEmitter(il, _locals, _thread, Inputs, Owned, Stored, program.IsNarrow);
    }

    public static RandomKernel Emit(Program program)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName("RandomKernel"), typeof(object).Assembly);
        var type = assembly.DefineDynamicModule("RandomKernel").DefineType("Kernels", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
        Type[] parameters = [.. Types.Select(t => typeof(ArrayView<>).MakeGenericType(t)), typeof(int)];
        var method = type.DefineMethod("Kernel", MethodAttributes.Public | MethodAttributes.Static, typeof(void), parameters);
        new ProgramEmitter(program, method.GetILGenerator()).EmitAll();
        type.CreateType();
        using var image = new MemoryStream();
        assembly.Save(image);
        image.Position = 0;
        var loaded = new AssemblyLoadContext("RandomKernel", isCollectible: true).LoadFromStream(image);
        return loaded.GetType("Kernels")!.GetMethod("Kernel")!.CreateDelegate<RandomKernel>();
    }

    private void EmitAll()
    {
        _il.Emit(OpCodes.Call, typeof(Grid).GetProperty(nameof(Grid.IdxX))!.GetMethod!);
        _il.Emit(OpCodes.Call, typeof(Group).GetProperty(nameof(Group.DimX))!.GetMethod!);
        _il.Emit(OpCodes.Mul);
        GroupIndex();
        _il.Emit(OpCodes.Add);
        _il.Emit(OpCodes.Stloc, _thread);
        if (_program.MeetsAtBarriers)
        {
            _shared = [.. Types.Select(AllocateShared)];
            foreach (var kind in Enum.GetValues<Kind>())
            {
                // Who leaves early leaves this to its neighbours.
                SharedElement(kind, 0);
                _il.Emit(OpCodes.Initobj, Types[(int)kind]);
            }
        }
        else
        {
            // The usual guard of the tail.
            var inside = _il.DefineLabel();
            _il.Emit(OpCodes.Ldloc, _thread);
            _il.Emit(OpCodes.Ldarg_S, (byte)4);
            _il.Emit(OpCodes.Blt, inside);
            _il.Emit(OpCodes.Ret);
            _il.MarkLabel(inside);
        }

        Kind[] kinds = _program.IsNarrow ? [Kind.Int, Kind.Float] : Enum.GetValues<Kind>();
        foreach (var kind in kinds)
        {
            _expressions.Input(kind, () => _il.Emit(OpCodes.Ldloc, _thread));
            _il.Emit(OpCodes.Stloc, _locals[(int)kind][0]);
        }

        Block(_program.Body);
        foreach (var kind in kinds)
        {
            for (var local = 0; local < LocalsPerKind; local++)
            {
                _expressions.OwnAddress(kind, () => _il.Emit(OpCodes.Ldc_I4, Stored + local));
                _il.Emit(OpCodes.Ldloc, _locals[(int)kind][local]);
                _il.Emit(OpCodes.Stobj, Types[(int)kind]);
            }
        }

        _il.Emit(OpCodes.Ret);
    }

    private LocalBuilder AllocateShared(Type type)
    {
        var view = _il.DeclareLocal(typeof(ArrayView<>).MakeGenericType(type));
        _il.Emit(OpCodes.Ldc_I4, MaxGroup);
        var allocate = typeof(SharedMemory).GetMethods().Single(m => m.Name == "Allocate" && m.GetParameters().Length == 1);
        _il.Emit(OpCodes.Call, allocate.MakeGenericMethod(type));
        _il.Emit(OpCodes.Stloc, view);
        return view;
    }

    private void Block(Stmt[] statements)
    {
        foreach (var statement in statements)
        {
            Statement(statement);
        }
    }

    private void Statement(Stmt s)
    {
        switch (s.Op)
        {
            case StmtOp.Assign:
                _expressions.Emit(s.Args[0]);
                _il.Emit(OpCodes.Stloc, _locals[(int)s.Kind][s.Data % LocalsPerKind]);
                break;
            case StmtOp.Store:
                _expressions.OwnAddress(s.Kind, () =>
                {
                    if (_program.IsNarrow)
                        _il.Emit(OpCodes.Ldc_I4, s.Data % Stored);
                    else
                        _expressions.Masked(s.Args[0], Stored - 1);
                });
                _expressions.Emit(s.Args[1]);
                _il.Emit(OpCodes.Stobj, Types[(int)s.Kind]);
                break;
            case StmtOp.If:
                If(s);
                break;
            case StmtOp.For or StmtOp.UniformFor:
                For(s);
                break;
            case StmtOp.UniformIf:
                UniformIf(s);
                break;
            case StmtOp.While or StmtOp.UniformWhile:
                While(s);
                break;
            case StmtOp.Switch:
                Switch(s);
                break;
            case StmtOp.Break or StmtOp.Continue when _loops.TryPeek(out var loop) && loop is { } labels:
                _il.Emit(OpCodes.Br, s.Op == StmtOp.Break ? labels.Break : labels.Continue);
                break;
            case StmtOp.Return when !_program.MeetsAtBarriers || _program.ThreadsLeave:
                _il.Emit(OpCodes.Ret);
                break;
            case StmtOp.Exchange:
                Exchange(s);
                break;
            case StmtOp.Vote:
                Vote(s, (s.Data & 3) == 0 ? nameof(Group.BarrierPopCount) : (s.Data & 1) == 0 ? nameof(Group.BarrierAnd) : nameof(Group.BarrierOr));
                _il.Emit(OpCodes.Stloc, _locals[0][s.Data % LocalsPerKind]);
                break;
            case StmtOp.Broadcast:
                _expressions.Emit(s.Args[0]);
                _il.Emit(OpCodes.Ldc_I4, s.Data % SmallestGroup);
                _il.Emit(OpCodes.Call, typeof(Group).GetMethod(nameof(Group.Broadcast))!.MakeGenericMethod(Types[(int)s.Kind]));
                _il.Emit(OpCodes.Stloc, _locals[(int)s.Kind][s.Data % LocalsPerKind]);
                break;
            case StmtOp.Shuffle:
                _expressions.Emit(s.Args[0]);
                _il.Emit(OpCodes.Ldc_I4, 1 + (s.Data % 7));
                var shuffle = typeof(Warp).GetMethods().Single(m => m.Name == "ShuffleXor" && m.GetParameters().Length == 2);
                _il.Emit(OpCodes.Call, shuffle.MakeGenericMethod(Types[(int)s.Kind]));
                _il.Emit(OpCodes.Stloc, _locals[(int)s.Kind][s.Data % LocalsPerKind]);
                break;
        }
    }

    private void If(Stmt s)
    {
        var otherwise = _il.DefineLabel();
        var end = _il.DefineLabel();
        _expressions.BranchUnless(s.Args[0], otherwise);
        Block(s.Blocks[0]);
        _il.Emit(OpCodes.Br, end);
        _il.MarkLabel(otherwise);
        Block(s.Blocks[1]);
        _il.MarkLabel(end);
    }

    private void UniformIf(Stmt s)
    {
        var otherwise = _il.DefineLabel();
        var end = _il.DefineLabel();
        if ((s.Data & 8) != 0)
        {
            Vote(s, nameof(Group.BarrierOr));
        }
        else
        {
            _il.Emit(OpCodes.Call, typeof(Grid).GetProperty(nameof(Grid.IdxX))!.GetMethod!);
            if (_uniformCounters.TryPeek(out var counter))
            {
                _il.Emit(OpCodes.Ldloc, counter);
                _il.Emit(OpCodes.Add);
            }

            _il.Emit(OpCodes.Ldc_I4, 1 + (s.Data & 1));
            _il.Emit(OpCodes.And);
        }

        _il.Emit(OpCodes.Brfalse, otherwise);
        Block(s.Blocks[0]);
        _il.Emit(OpCodes.Br, end);
        _il.MarkLabel(otherwise);
        Block(s.Blocks[1]);
        _il.MarkLabel(end);
    }

    private void Vote(Stmt s, string vote)
    {
        _expressions.Emit(s.Args[0]);
        _il.Emit(OpCodes.Ldc_I4_0);
        _il.Emit(OpCodes.Cgt_Un);
        _il.Emit(OpCodes.Call, typeof(Group).GetMethod(vote, [typeof(bool)])!);
    }

    private void For(Stmt s)
    {
        var counter = _il.DeclareLocal(typeof(int));
        var limit = _il.DeclareLocal(typeof(int));
        var (body, next, test, end) = (_il.DefineLabel(), _il.DefineLabel(), _il.DefineLabel(), _il.DefineLabel());
        if (s.Op == StmtOp.UniformFor)
        {
            _il.Emit(OpCodes.Ldc_I4, s.Data & 3);
        }
        else
        {
            _expressions.Masked(s.Args[0], 7);
        }

        _il.Emit(OpCodes.Stloc, limit);
        _il.Emit(OpCodes.Ldc_I4_0);
        _il.Emit(OpCodes.Stloc, counter);
        _il.Emit(OpCodes.Br, test);
        _il.MarkLabel(body);
        if ((s.Data & 4) != 0)
        {
            _il.Emit(OpCodes.Ldloc, counter);
            _il.Emit(OpCodes.Stloc, _locals[0][s.Data % LocalsPerKind]);
        }

        // Lanes may not leave a loop with barriers one by one.
        _loops.Push(s.Op == StmtOp.UniformFor ? null : (end, next));
        if (s.Op == StmtOp.UniformFor)
        {
            _uniformCounters.Push(counter);
        }

        Block(s.Blocks[0]);
        if (s.Op == StmtOp.UniformFor)
        {
            _uniformCounters.Pop();
        }

        _loops.Pop();
        _il.MarkLabel(next);
        _il.Emit(OpCodes.Ldloc, counter);
        _il.Emit(OpCodes.Ldc_I4_1);
        _il.Emit(OpCodes.Add);
        _il.Emit(OpCodes.Stloc, counter);
        _il.MarkLabel(test);
        _il.Emit(OpCodes.Ldloc, counter);
        _il.Emit(OpCodes.Ldloc, limit);
        _il.Emit(OpCodes.Blt, body);
        _il.MarkLabel(end);
    }

    private void While(Stmt s)
    {
        var fuel = _il.DeclareLocal(typeof(int));
        var (test, end) = (_il.DefineLabel(), _il.DefineLabel());
        _il.Emit(OpCodes.Ldc_I4, 1 + (s.Data & 7));
        _il.Emit(OpCodes.Stloc, fuel);
        _il.MarkLabel(test);
        _il.Emit(OpCodes.Ldloc, fuel);
        _il.Emit(OpCodes.Brfalse, end);
        _il.Emit(OpCodes.Ldloc, fuel);
        _il.Emit(OpCodes.Ldc_I4_1);
        _il.Emit(OpCodes.Sub);
        _il.Emit(OpCodes.Stloc, fuel);
        if (s.Op == StmtOp.UniformWhile)
        {
            Vote(s, nameof(Group.BarrierOr));
            _il.Emit(OpCodes.Brfalse, end);
        }
        else
        {
            _expressions.BranchUnless(s.Args[0], end);
        }

        _loops.Push(s.Op == StmtOp.UniformWhile ? null : (end, test));
        Block(s.Blocks[0]);
        _loops.Pop();
        _il.Emit(OpCodes.Br, test);
        _il.MarkLabel(end);
    }

    // The last block is the default; the first falls through into the second in every other program.
    private void Switch(Stmt s)
    {
        var labels = s.Blocks.Select(_ => _il.DefineLabel()).ToArray();
        var end = _il.DefineLabel();
        _expressions.Masked(s.Args[0], 3);
        _il.Emit(OpCodes.Switch, labels[..^1]);
        _il.Emit(OpCodes.Br, labels[^1]);
        for (var i = 0; i < labels.Length; i++)
        {
            _il.MarkLabel(labels[i]);
            Block(s.Blocks[i]);
            if (i > 0 || (s.Data & 1) == 0)
            {
                _il.Emit(OpCodes.Br, end);
            }
        }

        _il.MarkLabel(end);
    }

    // Everybody writes its own element, and reads a neighbour's when all have written.
    private void Exchange(Stmt s)
    {
        var kind = (int)s.Kind;
        var barrier = typeof(Group).GetMethod(nameof(Group.Barrier))!;
        _il.Emit(OpCodes.Call, barrier);
        SharedElement(s.Kind, 0);
        _expressions.Emit(s.Args[0]);
        _il.Emit(OpCodes.Stobj, Types[kind]);
        _il.Emit(OpCodes.Call, barrier);
        SharedElement(s.Kind, s.Data);
        _il.Emit(OpCodes.Ldobj, Types[kind]);
        _il.Emit(OpCodes.Stloc, _locals[kind][s.Data % LocalsPerKind]);
    }

    /// <summary>Pushes the address of the element of the thread that comes some places after this one.</summary>
    private void SharedElement(Kind kind, int distance)
    {
        _il.Emit(OpCodes.Ldloca, _shared[(int)kind]);
        GroupIndex();
        if (distance > 0)
        {
            _il.Emit(OpCodes.Ldc_I4, distance);
            _il.Emit(OpCodes.Add);
            _il.Emit(OpCodes.Call, typeof(Group).GetProperty(nameof(Group.DimX))!.GetMethod!);
            _il.Emit(OpCodes.Rem);
        }

        _expressions.Element(kind);
    }

    private void GroupIndex() => _il.Emit(OpCodes.Call, typeof(Group).GetProperty(nameof(Group.IdxX))!.GetMethod!);
}
