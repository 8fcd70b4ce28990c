using System.Reflection.Emit;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// The way of a group of several warps through a kernel with barriers: in every phase each warp in turn runs from the barrier where it was
/// put aside to the next one, or to its end. What it still needs lies in its frame meanwhile.
/// </summary>
/// <remarks>A warp's frame: where it goes on (one integer), the places of its threads, then the variables of the barrier it waits at.</remarks>
internal sealed class GroupPhases
{
    /// <summary>A warp that has not run yet.</summary>
    public const int AtStart = 0;

    private const int Ended = -1;
    private const int Alignment = 64;

    private readonly List<Label> _resumptions = [];
    private readonly LocalBuilder?[] _threadIndices;
    private readonly LocalBuilder _warpBase;
    private readonly LocalBuilder _frame;
    private readonly LocalBuilder _local;
    private readonly LocalBuilder _waiting;
    private readonly Label _phase;
    private readonly Label _warp;
    private readonly Label _resume;
    private readonly Label _next;

    /// <param name="il">The method.</param>
    /// <param name="warpBase">The number of the current warp's first thread.</param>
    /// <param name="threadIndices">The variables for the places of the threads, once they are there.</param>
    public GroupPhases(Il il, LocalBuilder warpBase, LocalBuilder?[] threadIndices)
    {
        _warpBase = warpBase;
        _threadIndices = threadIndices;
        _frame = il.NewLocal(typeof(byte*))!;
        _local = il.NewLocal(typeof(byte*))!;
        _waiting = il.NewLocal(typeof(int))!;
        (_phase, _warp, _resume, _next) = (il.NewLabel(), il.NewLabel(), il.NewLabel(), il.NewLabel());
        FrameBytes = FirstSlot;
    }

    /// <summary>The bytes that a warp's frame takes, once all suspensions are emitted.</summary>
    public int FrameBytes { get; private set; }

    private int FirstSlot => Alignment * (1 + _threadIndices.Length);

    public void PushWarpBase(Il il) => il.Emit(OpCodes.Ldloc, _warpBase);

    /// <summary>Pushes the local memory of the current warp.</summary>
    public void PushLocal(Il il) => il.Emit(OpCodes.Ldloc, _local);

    /// <summary>Pushes an address in the current warp's frame.</summary>
    public void PushSlot(Il il, int offset)
    {
        il.Emit(OpCodes.Ldloc, _frame);
        il.Int(offset);
        il.Emit(OpCodes.Add);
    }

    /// <summary>Gives variables places in the frame, the widest first.</summary>
    public List<(LocalBuilder Local, int Offset)> Place(LocalBuilder[] locals)
    {
        var places = new List<(LocalBuilder, int)>();
        var offset = FirstSlot;
        foreach (var (local, bytes) in locals.Select(l => (Local: l, Bytes: SizeOf(l.LocalType))).OrderByDescending(l => l.Bytes))
        {
            places.Add((local, offset));
            offset += bytes;
        }

        FrameBytes = Math.Max(FrameBytes, (offset + Alignment - 1) & -Alignment);
        return places;
    }

    /// <summary>Puts the current warp aside; the code that follows is where it goes on.</summary>
    public void EmitSuspension(Il il)
    {
        var here = il.NewLabel();
        _resumptions.Add(here);
        il.Emit(OpCodes.Ldloc, _frame);
        il.Int(_resumptions.Count);
        il.Emit(OpCodes.Stind_I4);
        il.Emit(OpCodes.Ldloc, _waiting);
        il.Int(1);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Stloc, _waiting);
        il.Emit(OpCodes.Br, _next);
        il.Mark(here);
    }

    /// <summary>A group's start, up to where a warp that has not run yet begins.</summary>
    /// <param name="il">The method.</param>
    /// <param name="emitThreadIndices">Computes the places of the current warp's threads.</param>
    public void EmitStart(Il il, Action emitThreadIndices)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Call(typeof(GroupExchange), nameof(GroupExchange.Start), null, typeof(LaunchFrame*));
        il.Mark(_phase);
        il.Int(0);
        il.Emit(OpCodes.Stloc, _waiting);
        il.Int(0);
        il.Emit(OpCodes.Stloc, _warpBase);
        Set(_frame, nameof(LaunchFrame.Warps));
        Set(_local, nameof(LaunchFrame.Local));
        il.Mark(_warp);
        il.Emit(OpCodes.Ldloc, _frame);
        il.Emit(OpCodes.Ldind_I4);
        il.Emit(OpCodes.Brtrue, _resume);
        emitThreadIndices();
        for (var i = 0; i < _threadIndices.Length; i++)
        {
            if (_threadIndices[i] is { } index)
            {
                PushSlot(il, Alignment * (1 + i));
                il.Emit(OpCodes.Ldloc, index);
                il.Emit(OpCodes.Stobj, index.LocalType);
            }
        }

        void Set(LocalBuilder pointer, string field)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, LaunchFrame.Field(field));
            il.Emit(OpCodes.Stloc, pointer);
        }
    }

    /// <summary>What follows the code of a warp: the next warp, the next phase, the next group.</summary>
    /// <param name="il">The method.</param>
    /// <param name="ended">Where warps go that have ended.</param>
    /// <param name="nextGroup">Where it goes on when all warps have ended.</param>
    public void EmitEnd(Il il, Label ended, Label nextGroup)
    {
        il.Mark(ended);
        il.Emit(OpCodes.Ldloc, _frame);
        il.Int(Ended);
        il.Emit(OpCodes.Stind_I4);
        il.Mark(_next);
        Advance(_warpBase, () => il.Int(Lanes.Count));
        Advance(_frame, () => PushField(nameof(LaunchFrame.WarpBytes)));
        Advance(_local, () => PushField(nameof(LaunchFrame.LocalBytes)));
        il.Emit(OpCodes.Ldloc, _warpBase);
        PushField(nameof(LaunchFrame.GroupSize));
        il.Emit(OpCodes.Blt, _warp);
        il.Emit(OpCodes.Ldloc, _waiting);
        il.Emit(OpCodes.Brfalse, nextGroup);
        il.Emit(OpCodes.Ldarg_0);
        il.Call(typeof(GroupExchange), nameof(GroupExchange.Publish), null, typeof(LaunchFrame*));
        il.Emit(OpCodes.Br, _phase);

        il.Mark(_resume);
        for (var i = 0; i < _threadIndices.Length; i++)
        {
            if (_threadIndices[i] is { } index)
            {
                PushSlot(il, Alignment * (1 + i));
                il.Emit(OpCodes.Ldobj, index.LocalType);
                il.Emit(OpCodes.Stloc, index);
            }
        }

        il.Emit(OpCodes.Ldloc, _frame);
        il.Emit(OpCodes.Ldind_I4);
        il.Int(1);
        il.Emit(OpCodes.Sub);
        il.Switch([.. _resumptions]);
        // Not a barrier: this warp has ended.
        il.Emit(OpCodes.Br, _next);

        void PushField(string field)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, LaunchFrame.Field(field));
        }

        void Advance(LocalBuilder local, Action step)
        {
            il.Emit(OpCodes.Ldloc, local);
            step();
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Stloc, local);
        }
    }

    private static int SizeOf(Type type) => type.IsGenericType ? (type.GetGenericTypeDefinition() == typeof(System.Runtime.Intrinsics.Vector512<>) ? 64 : 32) : 8;
}
