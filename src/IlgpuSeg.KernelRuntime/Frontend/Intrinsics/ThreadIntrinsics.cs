using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Frontend.Intrinsics;

/// <summary>Where a thread is, and how it meets the others of its group and warp.</summary>
internal static class ThreadIntrinsics
{
    public static void Register(Dictionary<string, Func<IntrinsicCall, Operand?>> table)
    {
        foreach (var (name, kind) in new (string, BuiltinKind)[]
        {
            ("Grid.get_IdxX", BuiltinKind.GridIdxX), ("Grid.get_IdxY", BuiltinKind.GridIdxY), ("Grid.get_IdxZ", BuiltinKind.GridIdxZ),
            ("Grid.get_DimX", BuiltinKind.GridDimX), ("Grid.get_DimY", BuiltinKind.GridDimY), ("Grid.get_DimZ", BuiltinKind.GridDimZ),
            ("Group.get_IdxX", BuiltinKind.GroupIdxX), ("Group.get_IdxY", BuiltinKind.GroupIdxY), ("Group.get_IdxZ", BuiltinKind.GroupIdxZ),
            ("Group.get_DimX", BuiltinKind.GroupDimX), ("Group.get_DimY", BuiltinKind.GroupDimY), ("Group.get_DimZ", BuiltinKind.GroupDimZ),
            ("Group.get_LinearIndex", BuiltinKind.GroupLinear), ("Warp.get_LaneIdx", BuiltinKind.LaneIdx), ("Warp.get_WarpIdx", BuiltinKind.WarpIdx),
        })
        {
            table["ILGPU." + name] = call => call.Result(call.Function.Builtin(kind));
        }

        table["ILGPU.Warp.get_WarpSize"] = call => call.Result(call.Function.Int(call.Context.Target.WarpSize));
        table["ILGPU.Group.Barrier"] = call => Effect(call, new Value(Op.Barrier, IrType.Void));
        table["ILGPU.Warp.Barrier"] = call => Fence(call, FenceKind.Warp);
        table["ILGPU.MemoryFence.GroupLevel"] = call => Fence(call, FenceKind.Group);
        table["ILGPU.MemoryFence.DeviceLevel"] = call => Fence(call, FenceKind.Device);
        table["ILGPU.MemoryFence.SystemLevel"] = call => Fence(call, FenceKind.System);
        table["ILGPU.Group.BarrierAnd"] = call => Reduce(call, ReduceKind.And);
        table["ILGPU.Group.BarrierOr"] = call => Reduce(call, ReduceKind.Or);
        table["ILGPU.Group.BarrierPopCount"] = call => Reduce(call, ReduceKind.PopCount);
        table["ILGPU.Group.Broadcast"] = call => Exchange(call, Op.GroupBroadcast);
        table["ILGPU.Warp.Broadcast"] = call => Exchange(call, Op.Shuffle);
        table["IlgpuSeg.KernelRuntime.Devices.Cpu.GroupSync.ExchangeInWarp"] = call => Exchange(call, Op.Shuffle);
    }

    private static Operand? Effect(IntrinsicCall call, Value value)
    {
        call.Builder.Append(value);
        return null;
    }

    private static Operand? Fence(IntrinsicCall call, FenceKind kind) => Effect(call, new Value(Op.Fence, IrType.Void) { Imm = (long)kind });

    private static Operand Reduce(IntrinsicCall call, ReduceKind kind)
    {
        var type = kind == ReduceKind.PopCount ? IrType.Int32 : IrType.Bool;
        return call.Result(call.Builder.Append(new Value(Op.BarrierReduce, type, call.Builder.ToBool(call.Arg(0))) { Imm = (long)kind }));
    }

    // A struct is exchanged part by part.
    private static ValueOperand Exchange(IntrinsicCall call, Op op)
    {
        var lane = call.Arg(1);
        return new ValueOperand(call.ReturnType, [.. call.Parts(0).Select(p => call.Builder.Append(new Value(op, p.Resolve().Type, p.Resolve(), lane)))]);
    }
}
