using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

// What the versions of the code ask for: parameters, positions in the grid and the group, masks of streaming stores, memory of the group.
internal sealed partial class KernelEmitter
{
    public LocalBuilder ParameterLocal(int index) => _parameters.GetValueOrDefault(index)!;

    public void PushBuiltin(Il il, BuiltinKind kind)
    {
        switch (kind)
        {
            case BuiltinKind.GroupIdxX or BuiltinKind.GroupLinear when GroupIsVector:
                il.Int(0);
                break;
            case BuiltinKind.GroupIdxX when _kind == GroupKind.Line:
            case BuiltinKind.GroupLinear:
                il.Emit(OpCodes.Ldloc, _warpBase);
                break;
            case BuiltinKind.GroupIdxY or BuiltinKind.GroupIdxZ when _kind == GroupKind.Line:
            case BuiltinKind.LaneIdx:
                il.Int(0);
                break;
            case BuiltinKind.WarpIdx:
                il.Emit(OpCodes.Ldloc, _warpBase);
                il.Int(3);
                il.Emit(OpCodes.Shr);
                break;
            case BuiltinKind.GridIdxX or BuiltinKind.GridIdxY or BuiltinKind.GridIdxZ or BuiltinKind.GroupIdxX or BuiltinKind.GroupIdxY or BuiltinKind.GroupIdxZ:
                il.Emit(OpCodes.Ldloc, _builtins.GetValueOrDefault(kind));
                break;
            case BuiltinKind.DynamicSharedBytes:
                PushFrame(il, nameof(LaunchFrame.DynamicBytes));
                break;
            default:
                // GridDimX lies in GridX, GroupDimX in GroupX, extents under their own names.
                PushFrame(il, kind.ToString().Replace("Dim", "", StringComparison.Ordinal));
                break;
        }
    }

    public void PushBuiltinVector(Il il, BuiltinKind kind)
    {
        if (_kind == GroupKind.Any && kind is BuiltinKind.GroupIdxX or BuiltinKind.GroupIdxY or BuiltinKind.GroupIdxZ)
        {
            il.Emit(OpCodes.Ldloc, _builtins.GetValueOrDefault(kind));
            return;
        }

        PushBuiltin(il, kind);
        il.Int(1);
        il.Call(Width.Operations, nameof(Lanes.Steps), null, typeof(int), typeof(int));
    }

    public void PushLaneCount(Il il)
    {
        PushRemaining(il);
        il.Int(Width.Count);
        il.Call(typeof(System.Math), "Min", null, typeof(int), typeof(int));
    }

    /// <summary>Pushes the mask for a store that may go past the caches; nothing for any other.</summary>
    public bool PushStreamMask(Il il, Value store)
    {
        var streams = Streaming.Contains(store);
        if (streams)
        {
            il.Emit(OpCodes.Ldloc, _streamMask);
        }

        return streams;
    }

    public void PushMemory(Il il, Value value)
    {
        if (value.Op == Op.Local && Phases is not null)
        {
            Phases.PushLocal(il);
        }
        else
        {
            PushFrame(il, value.Op switch { Op.Local => nameof(LaunchFrame.Local), Op.Shared => nameof(LaunchFrame.Shared), _ => nameof(LaunchFrame.Dynamic) });
        }

        if (value.Op != Op.DynamicShared)
        {
            il.Int(value.Op == Op.Local ? (int)value.Imm : _sharedOffsets.GetValueOrDefault(value));
            il.Emit(OpCodes.Add);
        }
    }
}
