using System.Numerics;
using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Branches, ends and barriers.</summary>
internal static class ControlDecoder
{
    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder>
    {
        ["bra"] = Branch, ["brx"] = BranchByTable, ["ret"] = Return, ["exit"] = _ => new Exiting(), ["trap"] = _ => new Trapping(),
        ["bar"] = d => Barrier(d, true), ["barrier"] = d => Barrier(d, false), ["nanosleep"] = Pause, ["call"] = Call,
    };

    private static Instruction Branch(Decoding d)
    {
        var uniform = d.Take("uni");
        return new Branching(Label(d, d.Next()), uniform);
    }

    private static int Label(Decoding d, Operand operand) =>
        operand is NameOperand { Negated: false, Second: null } name && d.Statement.Scope.Find(name.Name) is int place
            ? place
            : throw d.Refuse($"{(operand as NameOperand)?.Name ?? "the operand"} is not a label");

    private static Instruction BranchByTable(Decoding d)
    {
        d.Require("idx");
        var uniform = d.Take("uni");
        d.Need(60, 30, "brx.idx");
        var index = d.Source(U32);
        if (d.Next() is not NameOperand name || d.Statement.Scope.Find(name.Name) is not string[] targets)
            throw d.Refuse("brx.idx needs the label of a .branchtargets list");
        return new BranchingByTable(index, [.. targets.Select(t => Label(d, new NameOperand(t)))], uniform);
    }

    private static Instruction Return(Decoding d)
    {
        d.Take("uni");
        return new Exiting();
    }

    private static Instruction Call(Decoding d) => throw d.Refuse("functions are not emulated");

    private static Instruction Pause(Decoding d)
    {
        d.Type(U32);
        d.Need(63, 70, "nanosleep");
        d.Source(U32);
        return new NoOperation();
    }

    /// <summary>bar is barrier with .aligned: the warp's threads must arrive together.</summary>
    private static Instruction Barrier(Decoding d, bool aligned)
    {
        if (aligned && d.Take("warp"))
        {
            d.Require("sync");
            d.Need(60, 30, "bar.warp.sync");
            return new WarpBarrier(d.Source(U32));
        }

        d.Take("cta");
        if (!aligned)
            d.Need(60, 30, "barrier");
        var kind = d.TakeOne("an action", "sync", "arrive", "red");
        var operation = kind == "red" ? d.TakeOne("an operation", "popc", "and", "or") : "";
        if (!aligned)
            d.Take("aligned");
        if (kind == "arrive")
            throw d.Refuse("barrier.arrive is not emulated");
        if (kind == "sync")
            return new BarrierInstruction(d.Source(U32), d.OperandsLeft > 0 ? d.Source(U32) : null, "", -1, null);
        d.Type(operation == "popc" ? U32 : Pred);
        var (target, barrier) = (d.Target(operation == "popc" ? U32 : Pred), d.Source(U32));
        var count = d.OperandsLeft > 1 ? d.Source(U32) : null;
        return new BarrierInstruction(barrier, count, operation, target, d.Source(Pred));
    }
}

internal sealed class Branching(int place, bool uniform) : Instruction
{
    public override bool Step(Warp warp, uint at, uint active)
    {
        if (uniform && active != 0 && (active != at || at != warp.Live))
            throw warp.Fault(at & ~active | warp.Live & ~at, "bra.uni, but not all threads of the warp take this branch");
        if (active == 0)
            return true;
        warp.MoveTo(at & ~active, warp.Place(BitOperations.TrailingZeroCount(at)) + 1);
        warp.MoveTo(active, place);
        return false;
    }
}

internal sealed class BranchingByTable(Source index, int[] places, bool uniform) : Instruction
{
    public override bool Step(Warp warp, uint at, uint active)
    {
        if (uniform && active != 0 && (active != at || at != warp.Live))
            throw warp.Fault(at & ~active | warp.Live & ~at, "brx.idx.uni, but not all threads of the warp take this branch");
        if (active == 0)
            return true;
        warp.MoveTo(at & ~active, warp.Place(BitOperations.TrailingZeroCount(at)) + 1);
        var indices = index.Read(warp, active);
        foreach (var lane in MemoryAccess.Lanes(active))
        {
            if ((uint)indices[lane] >= places.Length)
                throw warp.Fault(1u << lane, $"index {(uint)indices[lane]} is outside the list of {places.Length} branch targets");
            warp.MoveTo(1u << lane, places[(uint)indices[lane]]);
        }

        return false;
    }
}

internal sealed class Exiting : Instruction
{
    public override bool Step(Warp warp, uint at, uint active)
    {
        if (active == 0)
            return true;
        warp.MoveTo(at & ~active, warp.Place(BitOperations.TrailingZeroCount(at)) + 1);
        warp.Live &= ~active;
        return false;
    }
}

internal sealed class Trapping : Instruction
{
    public override bool Step(Warp warp, uint at, uint active) => active == 0 ? true : throw warp.Fault(active, "trap");
}

/// <summary>
/// bar.sync and bar.red for the whole block, or for as many threads as their second operand says. Threads of a warp arrive together: the
/// warp counts as arrived when all its threads that have not exited wait at this very instruction.
/// </summary>
internal sealed class BarrierInstruction(Source barrier, Source? count, string operation, int target, Source? vote) : Instruction
{
    public override bool Step(Warp warp, uint at, uint active)
    {
        if (active == 0)
            return true;
        warp.MoveTo(at & ~active, warp.Place(BitOperations.TrailingZeroCount(at)) + 1);
        warp.AtBarrier |= active;
        return false;
    }

    /// <summary>Enters the warp at the barrier it names, once.</summary>
    public void Arrive(Warp warp, BarrierState[] barriers)
    {
        var lanes = warp.AtBarrier;
        var (id, threads) = (Same(warp, barrier, lanes), count is null ? 0 : Same(warp, count, lanes));
        if (id > 15)
            throw warp.Fault(lanes, $"barrier {id}: there are 16, numbered from 0");
        var state = barriers[id];
        if (state.Arrived.Any(a => a.Warp == warp))
            return;
        if (count is not null && (threads == 0 || threads % 32 != 0 || threads > warp.Block.WarpCount * 32))
            throw warp.Fault(lanes, $"thread count {threads} is not a multiple of 32 within the block");
        if (state.Arrived.Count > 0 && state.ThreadCount != (int)threads)
            throw warp.Fault(lanes, $"warps give barrier {id} different thread counts");
        if (state.Arrived.Count > 0 && state.Arrived[0].Instruction.IsReduction != IsReduction)
            throw warp.Fault(lanes, "bar.red and bar.sync meet at one barrier");
        state.ThreadCount = (int)threads;
        state.Arrived.Add((warp, this));
    }

    private bool IsReduction => operation.Length > 0;

    private static uint Same(Warp warp, Source source, uint lanes)
    {
        var values = source.Read(warp, lanes);
        var first = (uint)values[BitOperations.TrailingZeroCount(lanes)];
        foreach (var lane in MemoryAccess.Lanes(lanes))
        {
            if ((uint)values[lane] != first)
                throw warp.Fault(1u << lane, "threads of one warp name different barriers or thread counts");
        }

        return first;
    }

    /// <summary>The waiting lanes whose predicate holds.</summary>
    public uint Votes(Warp warp)
    {
        if (vote is null)
            return 0;
        var values = vote.Read(warp, warp.AtBarrier);
        var holding = 0u;
        foreach (var lane in MemoryAccess.Lanes(warp.AtBarrier))
            holding |= (uint)(values[lane] & 1) << lane;
        return holding;
    }

    /// <summary>The barrier is complete: writes the reduction's result and goes on.</summary>
    public void Leave(Warp warp, int votes, int threads)
    {
        var lanes = warp.AtBarrier;
        if (target >= 0)
        {
            var result = operation switch { "popc" => (ulong)votes, "and" => votes == threads ? 1UL : 0, _ => votes > 0 ? 1UL : 0 };
            foreach (var lane in MemoryAccess.Lanes(lanes))
                warp.Row(target)[lane] = result;
            warp.SetDefined(target, lanes);
        }

        warp.AtBarrier = 0;
        warp.MoveTo(lanes, warp.Place(BitOperations.TrailingZeroCount(lanes)) + 1);
    }
}
