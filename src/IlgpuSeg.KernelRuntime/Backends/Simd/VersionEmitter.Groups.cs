using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// What threads of a group do together. In a group of one warp they are in step anyway; a warp of several is put aside at a barrier until
/// the others have come there too.
/// </summary>
internal sealed partial class VersionEmitter
{
    private void Barrier(Value value)
    {
        if (_kernel.Phases is { } phases)
        {
            Suspend(phases, value);
        }
    }

    private void BarrierReduce(Value value)
    {
        if (_kernel.Phases is { } phases)
        {
            _il.Emit(OpCodes.Ldarg_0);
            Push(value.Args[0], Form.Vector);
            PushMask();
            _il.Call(typeof(GroupExchange), nameof(GroupExchange.Vote), null, typeof(LaunchFrame*), typeof(Vector256<int>), typeof(Vector256<int>));
            Suspend(phases, value);
            _il.Emit(OpCodes.Ldarg_0);
            _il.Int((int)value.Imm);
            _il.Call(typeof(GroupExchange), nameof(GroupExchange.Outcome), null, typeof(LaunchFrame*), typeof(int));
        }
        else
        {
            ReduceWarp(value);
        }

        StoreResult(value, Form.Scalar);
    }

    private void ReduceWarp(Value value)
    {
        var kind = (ReduceKind)value.Imm;
        Push(value.Args[0], Form.Vector);
        PushMask();
        if (kind == ReduceKind.And)
        {
            // All: none of the active lanes lacks it.
            _il.Call(typeof(Lanes), nameof(Lanes.Lacking), null, typeof(Vector256<int>), typeof(Vector256<int>));
        }
        else
        {
            _il.Call(typeof(Vector256), "BitwiseAnd", typeof(int), typeof(Vector256<int>), typeof(Vector256<int>));
        }

        if (kind == ReduceKind.PopCount)
        {
            _il.Call(typeof(Lanes), nameof(Lanes.CountTrue), null, typeof(Vector256<int>));
        }
        else
        {
            _il.Call(typeof(Lanes), nameof(Lanes.Any), null, typeof(Vector256<int>));
            if (kind == ReduceKind.And)
            {
                _il.Int(0);
                _il.Emit(OpCodes.Ceq);
            }
        }
    }

    private void GroupBroadcast(Value value)
    {
        if (_kernel.Phases is { } phases)
        {
            _il.Emit(OpCodes.Ldarg_0);
            phases.PushWarpBase(_il);
            Push(value.Args[0], Form.Vector);
            Push(value.Args[1], Form.Scalar);
            _il.Call(typeof(GroupExchange), nameof(GroupExchange.Offer), Il.ElementOf(value.Type),
                typeof(LaunchFrame*), typeof(int), _il.Width.VectorOf(value.Type), typeof(int));
            Suspend(phases, value);
            _il.Emit(OpCodes.Ldarg_0);
            _il.Call(typeof(GroupExchange), nameof(GroupExchange.Taken), Il.ElementOf(value.Type), typeof(LaunchFrame*));
        }
        else
        {
            Push(value.Args[0], Form.Vector);
            Push(value.Args[1], Form.Scalar);
            _il.Call(_il.Width.ApiOf(value.Type), "GetElement", Il.ElementOf(value.Type), _il.Width.VectorOf(value.Type), typeof(int));
        }

        StoreResult(value, Form.Scalar);
    }

    /// <summary>Leaves this warp, and goes on from here in the group's next phase with the variables that are still read.</summary>
    private void Suspend(GroupPhases phases, Value barrier)
    {
        if (_il.IsDry)
        {
            return;
        }

        var variables = KeptVariables(barrier);
        var masks = _flow.IsMasked(_block) ? [.. _ownMask.Concat(_arriving).OfType<LocalBuilder>()] : Array.Empty<LocalBuilder>();
        var slots = phases.Place([.. variables, .. masks]);
        foreach (var (local, offset) in slots)
        {
            phases.PushSlot(_il, offset);
            _il.Emit(OpCodes.Ldloc, local);
            _il.Emit(OpCodes.Stobj, local.LocalType);
        }

        if (masks.Length > 0)
        {
            // The next warp may start at the beginning, where no lanes have been collected yet.
            foreach (var arriving in _arriving.OfType<LocalBuilder>())
            {
                _il.Call(typeof(Vector256<int>), "get_Zero", null);
                _il.Emit(OpCodes.Stloc, arriving);
            }
        }

        phases.EmitSuspension(_il);
        foreach (var (local, offset) in slots)
        {
            phases.PushSlot(_il, offset);
            _il.Emit(OpCodes.Ldobj, local.LocalType);
            _il.Emit(OpCodes.Stloc, local);
        }
    }

    /// <summary>The variables that code after a barrier may read, directly or to compute a value that this version keeps in no variable.</summary>
    private List<LocalBuilder> KeptVariables(Value barrier)
    {
        var live = _kernel.Liveness.After(_block, _position);
        live.Remove(barrier);
        var work = new Stack<Value>(live);
        var variables = new List<(int Id, LocalBuilder Local)>();
        while (work.TryPop(out var value))
        {
            var info = _infos.GetValueOrDefault(value);
            if (info?.ScalarLocal is { } scalar)
            {
                variables.Add((value.Id, scalar));
            }

            if (info?.VectorLocal is { } vector)
            {
                variables.Add((value.Id, vector));
            }

            if (info?.ScalarLocal is null && info?.VectorLocal is null && value.Op != Op.Phi)
            {
                foreach (var arg in value.Args.Where(a => !a.Op.IsLeaf() && live.Add(a)))
                {
                    work.Push(arg);
                }
            }
        }

        return [.. variables.OrderBy(v => v.Id).Select(v => v.Local)];
    }
}
