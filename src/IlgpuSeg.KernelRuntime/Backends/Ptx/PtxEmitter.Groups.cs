using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>What threads of a group or a warp do together. Threads that have exited are not waited for.</summary>
internal sealed partial class PtxEmitter
{
    private const string AllLanes = "0xffffffff";

    private void Meet(Value value)
    {
        switch (value.Op)
        {
            case Op.Barrier:
                Line("bar.sync 0");
                break;
            case Op.BarrierReduce:
                BarrierReduce(value);
                break;
            case Op.GroupBroadcast:
                GroupBroadcast(value);
                break;
            case Op.Fence:
                Line((FenceKind)value.Imm switch
                {
                    FenceKind.Warp => $"bar.warp.sync {AllLanes}",
                    FenceKind.Group => "membar.cta",
                    FenceKind.Device => "membar.gl",
                    _ => "membar.sys",
                });
                break;
            default:
                Shuffle(value);
                break;
        }
    }

    private void BarrierReduce(Value value)
    {
        var operation = (ReduceKind)value.Imm switch { ReduceKind.And => "and.pred", ReduceKind.Or => "or.pred", _ => "popc.u32" };
        Line($"bar.red.{operation} {Name(value)}, 0, {UseRegister(value.Args[0])}");
    }

    // Through shared memory: the thread that has the value stores it, all load it, and nobody goes on before all have.
    private void GroupBroadcast(Value value)
    {
        var (name, offset) = (_layout.IsSharedDynamic ? ArrayLayout.DynamicName : ArrayLayout.SharedName, _layout.BroadcastOffset);
        var place = $"[{name}{(offset == 0 ? "" : $"+{offset}")}]";
        var isSource = Temporary(RegisterClass.Predicate);
        var kind = Registers.ClassOf(value.Type, value.Space);
        var type = kind == RegisterClass.Predicate ? "b32" : Registers.MoveType(kind);
        var operand = UseRegister(value.Args[0]);
        if (kind == RegisterClass.Predicate)
        {
            operand = ToBits(operand);
        }

        Line($"setp.eq.s32 {isSource}, {BuiltinRegister(BuiltinKind.GroupLinear)}, {Use(value.Args[1])}");
        Line($"@{isSource} st.shared.{type} {place}, {operand}");
        Line("bar.sync 0");
        var target = kind == RegisterClass.Predicate ? Temporary(RegisterClass.Bits32) : Name(value);
        Line($"ld.shared.{type} {target}, {place}");
        Line("bar.sync 0");
        if (kind == RegisterClass.Predicate)
        {
            Line($"setp.ne.s32 {Name(value)}, {target}, 0");
        }
    }

    private string ToBits(string predicate)
    {
        var bits = Temporary(RegisterClass.Bits32);
        Line($"selp.s32 {bits}, 1, 0, {predicate}");
        return bits;
    }

    // A lane that the group does not have is replaced by the own one.
    private void Shuffle(Value value)
    {
        var exists = Temporary(RegisterClass.Predicate);
        var lane = Temporary(RegisterClass.Bits32);
        Line($"setp.lt.u32 {exists}, {Use(value.Args[1])}, {LaneCount()}");
        Line($"selp.b32 {lane}, {Use(value.Args[1])}, {Special("%laneid")}, {exists}");
        var operand = UseRegister(value.Args[0]);
        switch (Registers.ClassOf(value.Type, value.Space))
        {
            case RegisterClass.Predicate:
                var moved = Temporary(RegisterClass.Bits32);
                Exchange(moved, ToBits(operand), lane);
                Line($"setp.ne.s32 {Name(value)}, {moved}, 0");
                break;
            case RegisterClass.Bits64 or RegisterClass.Double:
                string[] halves = [.. Enumerable.Range(0, 4).Select(_ => Temporary(RegisterClass.Bits32))];
                Line($"mov.b64 {{{halves[0]}, {halves[1]}}}, {operand}");
                Exchange(halves[2], halves[0], lane);
                Exchange(halves[3], halves[1], lane);
                Line($"mov.b64 {Name(value)}, {{{halves[2]}, {halves[3]}}}");
                break;
            default:
                Exchange(Name(value), operand, lane);
                break;
        }
    }

    private void Exchange(string target, string operand, string lane) => Line($"shfl.sync.idx.b32 {target}, {operand}, {lane}, 31, {AllLanes}");
}
