using System.Numerics;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>
/// An instruction that lanes of a warp execute together: it waits until all of them stand here. Which ones is said by a mask operand; the
/// aligned forms (mma, ldmatrix) need all 32 threads, none of which may have exited.
/// </summary>
internal abstract class WarpSyncInstruction : Instruction
{
    /// <summary>The membermask operand; null for instructions that need the whole warp.</summary>
    protected abstract Source? Members { get; }

    protected abstract void Execute(Warp warp, uint lanes);

    public sealed override bool Step(Warp warp, uint at, uint active)
    {
        if (Members is null && active != at)
            throw warp.Fault(at & ~active, "the guard leaves out lanes of an instruction that the whole warp must execute");
        var place = warp.Place(BitOperations.TrailingZeroCount(at));
        warp.MoveTo(at & ~active, place + 1);
        if (active == 0)
            return true;
        CheckMembers(warp, active);
        warp.AtWarpSync |= active;
        TryComplete(warp, place);
        return false;
    }

    private void CheckMembers(Warp warp, uint active)
    {
        if (Members is null)
        {
            if (warp.Live != uint.MaxValue)
                throw warp.Fault(active, "needs all 32 threads of the warp, but some have exited or never existed");
            return;
        }

        var masks = Members.Read(warp, active);
        for (var rest = active; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            if (((uint)masks[lane] >> lane & 1) == 0)
                throw warp.Fault(1u << lane, $"the executing lane is not in the membermask {(uint)masks[lane]:x8}");
        }
    }

    /// <summary>Executes for the groups of lanes that are complete and sends them on.</summary>
    public bool TryComplete(Warp warp, int place)
    {
        var progress = false;
        for (var waiting = warp.StandingAt(place, warp.AtWarpSync); waiting != 0;)
        {
            var first = BitOperations.TrailingZeroCount(waiting);
            var mask = MaskOf(warp, first);
            var needed = Members is null ? uint.MaxValue : mask & warp.Live;
            var group = SameMask(warp, waiting, mask);
            waiting &= ~group;
            if ((needed & ~group) != 0)
                continue;
            Execute(warp, group);
            warp.AtWarpSync &= ~group;
            warp.MoveTo(group, place + 1);
            progress = true;
        }

        return progress;
    }

    private uint MaskOf(Warp warp, int lane) => Members is null ? uint.MaxValue : (uint)Members.Read(warp, 1u << lane)[lane];

    private uint SameMask(Warp warp, uint lanes, uint mask)
    {
        var group = 0u;
        for (; lanes != 0; lanes &= lanes - 1)
        {
            var lane = BitOperations.TrailingZeroCount(lanes);
            if (MaskOf(warp, lane) == mask)
                group |= 1u << lane;
        }

        return group;
    }
}
