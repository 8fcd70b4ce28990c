using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>How a group's threads fall into warps.</summary>
internal enum GroupKind : byte
{
    /// <summary>One dimension: lanes are consecutive in x.</summary>
    Line,

    /// <summary>More dimensions, rows of whole warps: lanes are still consecutive in x.</summary>
    Rows,

    /// <summary>Anything else: every lane has its own x, y and z.</summary>
    Any,
}

/// <summary>
/// Emits a kernel as one method that runs a range of groups: loops over groups and their warps, around the full and the tail version
/// of the code for one warp. What does not depend on the group is computed once in front.
/// </summary>
internal sealed partial class KernelEmitter
{
    private readonly GroupKind _kind;
    private readonly int[] _parameterOffsets;
    private readonly Dictionary<Value, (bool Scalar, bool Vector)> _invariants = [];
    private readonly Dictionary<(Value, Form), LocalBuilder> _invariantLocals = [];
    private readonly Dictionary<int, LocalBuilder> _parameters = [];
    private readonly Dictionary<BuiltinKind, LocalBuilder> _builtins = [];
    private readonly HashSet<Value> _invariantCandidates = [];
    private readonly Dictionary<Value, int> _sharedOffsets = [];
    private readonly DynamicMethod _method;
    private readonly Il _il;
    private readonly LocalBuilder _warpBase;
    private readonly LocalBuilder _streamMask;

    /// <param name="function">The kernel.</param>
    /// <param name="forest">Its loops.</param>
    /// <param name="width">How many threads run at once.</param>
    /// <param name="kind">How groups fall into warps.</param>
    /// <param name="hasPhases">Whether groups have several warps that meet at barriers.</param>
    /// <param name="parameterOffsets">The places of the parameters in the block of arguments.</param>
    /// <param name="sharedOffsets">The places of arrays in shared memory.</param>
    public KernelEmitter(
        Function function, LoopForest forest, LaneWidth width, GroupKind kind, bool hasPhases, int[] parameterOffsets, Dictionary<Value, int> sharedOffsets)
    {
        _method = new DynamicMethod(
            function.Name, typeof(void), [typeof(LaunchFrame*), typeof(byte*), typeof(long), typeof(long)], typeof(KernelEmitter).Module, skipVisibility: true);
        _il = new Il(_method.GetILGenerator(), width);
        _warpBase = _il.NewLocal(typeof(int))!;
        _streamMask = _il.NewLocal(typeof(nint))!;
        Streaming = new StreamingStores(function);
        Function = function;
        _kind = kind;
        _parameterOffsets = parameterOffsets;
        _sharedOffsets = sharedOffsets;
        Forest = forest;
        PostDominators = Dominators.PostDominators(function);
        Liveness = new Liveness(function);
        FindInvariants();
        DeclareThreadIndices();
        Phases = hasPhases ? new GroupPhases(_il, _warpBase, [.. ThreadIndexKinds.Select(_builtins.GetValueOrDefault)]) : null;
    }

    public Function Function { get; }

    public LaneWidth Width => _il.Width;

    /// <summary>Whether a group is one full vector: its threads are never a part of one, nor several.</summary>
    private bool GroupIsVector => Function.LineSize == Width.Count;

    public LoopForest Forest { get; }

    public int[] PostDominators { get; }

    public Liveness Liveness { get; }

    /// <summary>How groups of several warps come past barriers; null if there is nothing to wait for.</summary>
    public GroupPhases? Phases { get; }

    /// <summary>The stores that may go past the caches.</summary>
    public StreamingStores Streaming { get; }

    /// <summary>The code, or null if there are no vectors of so many lanes for a value.</summary>
    public KernelCode? Emit()
    {
        var dominators = Dominators.Of(Function);
        var full = PlanFull(dominators);
        var none = new HashSet<Block>();
        var divergence = new Divergence(Function, Forest, PostDominators, _kind != GroupKind.Any, none);
        var tail = new VersionEmitter(this, divergence, new FlowPlan(Function, Forest, dominators, PostDominators, divergence, startsMasked: true), none);
        if (!full.Fits || !tail.Fits)
        {
            return null;
        }

        EmitMethod(_il, full, tail);
        return _method.CreateDelegate<KernelCode>();
    }

    // Leaving the kernel or a loop is what lanes mostly do together: the full version runs on without masks as long as they do.
    private VersionEmitter PlanFull(Dominators dominators)
    {
        var guards = Function.Blocks.Where(b => b.Kind == Terminator.Branch && (LeavesLoop(b) || LeadsOut(b.Target!) || LeadsOut(b.Else!))).ToHashSet();
        while (true)
        {
            var divergence = new Divergence(Function, Forest, PostDominators, _kind != GroupKind.Any, guards);
            var masked = guards.Where(g => divergence.DivergentBranches.Any(b => divergence.RegionOf(b).Contains(g))).ToList();
            if (masked.Count == 0)
            {
                guards.RemoveWhere(g => divergence.Of(g.Condition!).IsUniform);
                return new VersionEmitter(this, divergence, new FlowPlan(Function, Forest, dominators, PostDominators, divergence, startsMasked: false), guards);
            }

            guards.ExceptWith(masked);
        }
    }

    private bool LeavesLoop(Block block) =>
        Forest.Innermost(block) is { } loop && (!loop.Blocks.Contains(block.Target!) || !loop.Blocks.Contains(block.Else!));

    private static bool LeadsOut(Block block)
    {
        while (block is { Kind: Terminator.Jump, Body.Count: 0, Target: { } next } && next != block)
        {
            block = next;
        }

        return block is { Kind: Terminator.Return, Body.Count: 0 };
    }

    private void EmitMethod(Il il, VersionEmitter full, VersionEmitter tail)
    {
        var first = il.NewLabel();
        var groupLoop = il.NewLabel();
        var done = il.NewLabel();
        var exit = il.NewLabel();
        full.Prepare(il, done);
        // Partial vectors begin in the tail version, and guards lead there.
        var usesTail = full.HasGuards || !GroupIsVector;
        if (usesTail)
        {
            tail.Prepare(il, done);
        }

        EmitParameters(il);
        PushFrame(il, nameof(LaunchFrame.StreamMask));
        il.Emit(OpCodes.Stloc, _streamMask);
        EmitInvariants(il, full);
        EmitGroupStart(il);
        var position = il.NewLocal(typeof(long));
        var end = il.NewLocal(typeof(long));
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Stloc, position);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldarg_3);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, end);
        il.Emit(OpCodes.Br, first);

        il.Mark(groupLoop);
        EmitNextGroup(il);
        il.Mark(first);
        il.Emit(OpCodes.Ldloc, position);
        il.Emit(OpCodes.Ldloc, end);
        il.Emit(OpCodes.Bge, exit);
        il.Emit(OpCodes.Ldloc, position);
        il.Long(1);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, position);
        EmitWarps(il, full, usesTail ? tail : null, done, groupLoop);
        il.Mark(exit);
        il.Emit(OpCodes.Ret);
    }

    // All warps of a group, one after the other.
    private void EmitWarps(Il il, VersionEmitter full, VersionEmitter? tail, Label done, Label nextGroup)
    {
        var warpLoop = il.NewLabel();
        if (Phases is { } phases)
        {
            phases.EmitStart(il, () => EmitThreadIndices(il));
        }
        else
        {
            il.Int(0);
            il.Emit(OpCodes.Stloc, _warpBase);
            il.Mark(warpLoop);
            EmitThreadIndices(il);
        }

        if (GroupIsVector)
        {
            il.Emit(OpCodes.Br, full.StartLabel);
        }
        else
        {
            EmitChoice(il, full, tail!);
        }

        full.EmitBlocks();
        tail?.EmitBlocks();
        if (tail is not null)
        {
            full.EmitTransfers(tail);
        }

        if (Phases is not null)
        {
            Phases.EmitEnd(il, done, nextGroup);
            return;
        }

        il.Mark(done);
        if (GroupIsVector)
        {
            il.Emit(OpCodes.Br, nextGroup);
            return;
        }

        il.Emit(OpCodes.Ldloc, _warpBase);
        il.Int(Width.Count);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, _warpBase);
        il.Emit(OpCodes.Ldloc, _warpBase);
        PushFrame(il, nameof(LaunchFrame.GroupSize));
        il.Emit(OpCodes.Blt, warpLoop);
        il.Emit(OpCodes.Br, nextGroup);
    }

    private void EmitChoice(Il il, VersionEmitter full, VersionEmitter tail)
    {
        PushRemaining(il);
        il.Int(Width.Count);
        il.Emit(OpCodes.Bge, full.StartLabel);
        PushRemaining(il);
        il.Call(Width.Operations, nameof(Lanes.FirstLanes), null, typeof(int));
        il.Emit(OpCodes.Stloc, tail.StartMask);
        il.Emit(OpCodes.Br, tail.StartLabel);
    }

    private void PushRemaining(Il il)
    {
        PushFrame(il, nameof(LaunchFrame.GroupSize));
        il.Emit(OpCodes.Ldloc, _warpBase);
        il.Emit(OpCodes.Sub);
    }

    private static void PushFrame(Il il, string field)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, LaunchFrame.Field(field));
    }

    private void EmitParameters(Il il)
    {
        var used = Function.Values().SelectMany(v => v.Args).Concat(Function.Blocks.Select(b => b.Condition).OfType<Value>())
            .Where(v => v.Op == Op.Parameter).Select(v => (int)v.Imm).ToHashSet();
        foreach (var index in used)
        {
            var parameter = Function.Parameters[index];
            il.Emit(OpCodes.Ldarg_1);
            il.Int(_parameterOffsets[parameter.Source] + parameter.Offset);
            il.Emit(OpCodes.Add);
            il.Emit(parameter.Memory switch
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
            });
            _parameters[index] = il.NewLocal(Il.ScalarOf(parameter.Memory.ValueType()))!;
            il.Emit(OpCodes.Stloc, _parameters[index]);
        }
    }

    // Grid position of the first group, x fastest.
    private void EmitGroupStart(Il il)
    {
        var rest = il.NewLocal(typeof(long));
        foreach (var kind in (BuiltinKind[])[BuiltinKind.GridIdxX, BuiltinKind.GridIdxY, BuiltinKind.GridIdxZ])
        {
            _builtins[kind] = il.NewLocal(typeof(int))!;
        }

        il.Emit(OpCodes.Ldarg_2);
        PushGrid(il, "GridX");
        il.Emit(OpCodes.Rem);
        Store(BuiltinKind.GridIdxX);
        il.Emit(OpCodes.Ldarg_2);
        PushGrid(il, "GridX");
        il.Emit(OpCodes.Div);
        il.Emit(OpCodes.Stloc, rest);
        il.Emit(OpCodes.Ldloc, rest);
        PushGrid(il, "GridY");
        il.Emit(OpCodes.Rem);
        Store(BuiltinKind.GridIdxY);
        il.Emit(OpCodes.Ldloc, rest);
        PushGrid(il, "GridY");
        il.Emit(OpCodes.Div);
        Store(BuiltinKind.GridIdxZ);

        void Store(BuiltinKind kind)
        {
            il.Emit(OpCodes.Conv_I4);
            il.Emit(OpCodes.Stloc, _builtins[kind]);
        }
    }

    private static void PushGrid(Il il, string field)
    {
        PushFrame(il, field);
        il.Emit(OpCodes.Conv_I8);
    }

    private void EmitNextGroup(Il il)
    {
        var done = il.NewLabel();
        Increment(BuiltinKind.GridIdxX);
        il.Emit(OpCodes.Ldloc, _builtins[BuiltinKind.GridIdxX]);
        PushFrame(il, "GridX");
        il.Emit(OpCodes.Blt, done);
        Reset(BuiltinKind.GridIdxX);
        Increment(BuiltinKind.GridIdxY);
        il.Emit(OpCodes.Ldloc, _builtins[BuiltinKind.GridIdxY]);
        PushFrame(il, "GridY");
        il.Emit(OpCodes.Blt, done);
        Reset(BuiltinKind.GridIdxY);
        Increment(BuiltinKind.GridIdxZ);
        il.Mark(done);

        void Increment(BuiltinKind kind)
        {
            il.Emit(OpCodes.Ldloc, _builtins[kind]);
            il.Int(1);
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Stloc, _builtins[kind]);
        }

        void Reset(BuiltinKind kind)
        {
            il.Int(0);
            il.Emit(OpCodes.Stloc, _builtins[kind]);
        }
    }

    private static readonly BuiltinKind[] ThreadIndexKinds = [BuiltinKind.GroupIdxX, BuiltinKind.GroupIdxY, BuiltinKind.GroupIdxZ];

    // Variables for the places of threads that do not follow from the number of the warp's first one.
    private void DeclareThreadIndices()
    {
        var used = Function.Values().SelectMany(v => v.Args).Concat(Function.Blocks.Select(b => b.Condition).OfType<Value>())
            .Where(v => v.Op == Op.Builtin).Select(v => v.Builtin).ToHashSet();
        foreach (var kind in ThreadIndexKinds.Where(k => _kind != GroupKind.Line && used.Contains(k)))
        {
            _builtins[kind] = _il.NewLocal(_kind == GroupKind.Any ? typeof(Vector256<int>) : typeof(int))!;
        }
    }

    private void EmitThreadIndices(Il il)
    {
        foreach (var kind in ThreadIndexKinds.Where(_builtins.ContainsKey))
        {
            il.Emit(OpCodes.Ldloc, _warpBase);
            PushFrame(il, nameof(LaunchFrame.GroupX));
            PushFrame(il, nameof(LaunchFrame.GroupY));
            il.Call(typeof(ThreadIndices), kind.ToString() + (_kind == GroupKind.Any ? "Lanes" : ""), null, typeof(int), typeof(int), typeof(int));
            il.Emit(OpCodes.Stloc, _builtins[kind]);
        }
    }

    private void FindInvariants()
    {
        foreach (var value in Function.Blocks.SelectMany(b => b.Body))
        {
            if (value.Op.IsPure() && !value.Op.MayTrap() && value.Op != Op.Select && value.Args.Length > 0 && Array.TrueForAll(value.Args, IsInvariantOperand))
            {
                _invariantCandidates.Add(value);
            }
        }
    }

    private bool IsInvariantOperand(Value value) => value.Op is Op.Constant or Op.Parameter
        || (value.Op == Op.Builtin && value.Builtin is BuiltinKind.GridDimX or BuiltinKind.GridDimY or BuiltinKind.GridDimZ or BuiltinKind.GroupDimX
            or BuiltinKind.GroupDimY or BuiltinKind.GroupDimZ or BuiltinKind.ExtentX or BuiltinKind.ExtentY or BuiltinKind.ExtentSize or BuiltinKind.DynamicSharedBytes)
        || _invariantCandidates.Contains(value);

    public bool IsInvariant(Value value) => _invariantCandidates.Contains(value);

    public void RequireInvariant(Value value, Form form)
    {
        var (scalar, vector) = _invariants.GetValueOrDefault(value);
        _invariants[value] = (scalar || form == Form.Scalar, vector || form == Form.Vector);
    }

    public LocalBuilder? InvariantLocal(Value value, Form form) => _invariantLocals.GetValueOrDefault((value, form));

    private void EmitInvariants(Il il, VersionEmitter full)
    {
        foreach (var value in Function.Blocks.SelectMany(b => b.Body).Where(_invariants.ContainsKey))
        {
            var (scalar, vector) = _invariants[value];
            Keep(scalar, value, Form.Scalar);
            Keep(vector, value, Form.Vector);
        }

        void Keep(bool wanted, Value value, Form form)
        {
            if (wanted)
            {
                full.EmitInvariant(value, form);
                var local = il.NewLocal(form == Form.Scalar ? Il.ScalarOf(value.Type) : Width.VectorOf(value.Type))!;
                il.Emit(OpCodes.Stloc, local);
                _invariantLocals[(value, form)] = local;
            }
        }
    }
}
