using System.Numerics;
using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Exchange within a warp. The forms without .sync do not exist from sm_70 on and are refused.</summary>
internal static class WarpDecoder
{
    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder>
    {
        ["shfl"] = Shuffle, ["vote"] = Vote, ["activemask"] = ActiveMask, ["match"] = Match, ["redux"] = Reduce, ["elect"] = Elect,
    };

    private static void RequireSync(Decoding d)
    {
        if (!d.Take("sync"))
            throw d.Refuse($"{d.Operation} without .sync does not exist from sm_70 on");
        d.Need(60, 30, $"{d.Operation}.sync");
    }

    private static Instruction Shuffle(Decoding d)
    {
        RequireSync(d);
        var mode = d.TakeOne("a mode", "up", "down", "bfly", "idx");
        d.Type(B32);
        var (target, inRange) = d.TargetPair(B32, Pred);
        return new Shuffling(mode, target, inRange, d.Source(B32), d.Source(U32), d.Source(U32), d.Source(U32));
    }

    private static Instruction Vote(Decoding d)
    {
        RequireSync(d);
        var mode = d.TakeOne("a mode", "all", "any", "uni", "ballot");
        d.Type(mode == "ballot" ? B32 : Pred);
        var target = d.Target(mode == "ballot" ? B32 : Pred);
        return new Collective(target, d.Source(Pred), d.Source(U32), (values, lanes) =>
        {
            var votes = 0u;
            foreach (var lane in MemoryAccess.Lanes(lanes))
                votes |= (uint)(values[lane] & 1) << lane;
            return mode switch
            {
                "ballot" => votes,
                "all" => votes == lanes ? 1UL : 0,
                "any" => votes != 0 ? 1UL : 0,
                _ => votes == lanes || votes == 0 ? 1UL : 0,
            };
        });
    }

    private static Instruction ActiveMask(Decoding d)
    {
        d.Type(B32);
        d.Need(62, 30, "activemask");
        return new ReadingActiveMask(d.Target(B32));
    }

    private static Instruction Match(Decoding d)
    {
        var all = d.TakeOne("a mode", "any", "all") == "all";
        RequireSync(d);
        var type = d.Type(B32, B64);
        var (target, same) = all ? d.TargetPair(B32, Pred) : (d.Target(B32), -1);
        return new Matching(target, same, d.Source(type), d.Source(U32), all);
    }

    private static Instruction Reduce(Decoding d)
    {
        RequireSync(d);
        var operation = d.TakeOne("an operation", "add", "min", "max", "and", "or", "xor");
        var type = d.Type(operation is "add" or "min" or "max" ? [U32, S32] : [B32]);
        d.Need(70, 80, "redux.sync");
        return new Collective(d.Target(type), d.Source(type), d.Source(U32), (values, lanes) =>
        {
            var numbers = MemoryAccess.Lanes(lanes).Select(l => values[l] & uint.MaxValue).ToArray();
            return operation switch
            {
                "add" => (uint)numbers.Aggregate((a, b) => a + b),
                "and" => numbers.Aggregate((a, b) => a & b),
                "or" => numbers.Aggregate((a, b) => a | b),
                "xor" => numbers.Aggregate((a, b) => a ^ b),
                "min" => type == U32 ? numbers.Min() : (uint)numbers.Min(n => (int)n),
                _ => type == U32 ? numbers.Max() : (uint)numbers.Max(n => (int)n),
            };
        });
    }

    private static Instruction Elect(Decoding d)
    {
        RequireSync(d);
        d.Need(80, 90, "elect.sync");
        var (target, elected) = d.TargetPair(B32, Pred);
        return new Electing(target, elected, d.Source(U32));
    }
}

/// <summary>
/// shfl.sync. c holds the clamp in bits 0 to 4 and the segment mask in bits 8 to 12. A lane that reads from one that does not take part has
/// no defined result: its target counts as never written.
/// </summary>
internal sealed class Shuffling(string mode, int target, int inRange, Source value, Source b, Source c, Source members)
    : WarpSyncInstruction
{
    protected override Source Members => members;

    protected override void Execute(Warp warp, uint lanes)
    {
        Span<ulong> values = stackalloc ulong[32];
        value.Read(warp, lanes).CopyTo(values);
        var offsets = b.Read(warp, lanes);
        var bounds = c.Read(warp, lanes);
        Span<int> sources = stackalloc int[32];
        var valid = 0u;
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            (sources[lane], var within) = SourceOf(lane, (int)offsets[lane] & 31, (int)bounds[lane] & 31, (int)(bounds[lane] >> 8) & 31);
            valid |= within ? 1u << lane : 0;
        }

        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            if (target >= 0)
            {
                warp.Row(target)[lane] = values[sources[lane]];
                if ((lanes >> sources[lane] & 1) == 0)
                    warp.SetUndefined(target, 1u << lane);
                else
                    warp.SetDefined(target, 1u << lane);
            }

            if (inRange >= 0)
                warp.Row(inRange)[lane] = valid >> lane & 1;
        }

        if (inRange >= 0)
            warp.SetDefined(inRange, lanes);
    }

    private (int Lane, bool Within) SourceOf(int lane, int b, int clamp, int segment)
    {
        var (last, first) = (lane & segment | clamp & ~segment, lane & segment);
        var (source, within) = mode switch
        {
            "up" => (lane - b, lane - b >= last),
            "down" => (lane + b, lane + b <= last),
            "bfly" => (lane ^ b, (lane ^ b) <= last),
            _ => (first | b & ~segment, (first | b & ~segment) <= last),
        };
        return (within ? source : lane, within);
    }
}

/// <summary>One result for all members, out of all members' values.</summary>
internal sealed class Collective(int target, Source value, Source members, Func<ulong[], uint, ulong> function) : WarpSyncInstruction
{
    protected override Source Members => members;

    protected override void Execute(Warp warp, uint lanes)
    {
        var result = function(value.Read(warp, lanes).ToArray(), lanes);
        foreach (var lane in MemoryAccess.Lanes(lanes))
            warp.Row(target)[lane] = result;
        warp.SetDefined(target, lanes);
    }
}

/// <summary>match.any: the members with the same value. match.all: all members if they agree, else 0.</summary>
internal sealed class Matching(int target, int same, Source value, Source members, bool all) : WarpSyncInstruction
{
    protected override Source Members => members;

    protected override void Execute(Warp warp, uint lanes)
    {
        var values = value.Read(warp, lanes).ToArray();
        foreach (var lane in MemoryAccess.Lanes(lanes))
        {
            var equal = MemoryAccess.Lanes(lanes).Where(l => values[l] == values[lane]).Aggregate(0u, (m, l) => m | 1u << l);
            if (target >= 0)
                warp.Row(target)[lane] = all && equal != lanes ? 0 : equal;
            if (same >= 0)
                warp.Row(same)[lane] = equal == lanes ? 1UL : 0;
        }

        if (target >= 0)
            warp.SetDefined(target, lanes);
        if (same >= 0)
            warp.SetDefined(same, lanes);
    }
}

internal sealed class Electing(int target, int elected, Source members) : WarpSyncInstruction
{
    protected override Source Members => members;

    protected override void Execute(Warp warp, uint lanes)
    {
        var leader = BitOperations.TrailingZeroCount(lanes);
        foreach (var lane in MemoryAccess.Lanes(lanes))
        {
            if (target >= 0)
                warp.Row(target)[lane] = (ulong)leader;
            if (elected >= 0)
                warp.Row(elected)[lane] = lane == leader ? 1UL : 0;
        }

        if (target >= 0)
            warp.SetDefined(target, lanes);
        if (elected >= 0)
            warp.SetDefined(elected, lanes);
    }
}

/// <summary>bar.warp.sync: orders the members' memory accesses. It counts for the whole warp, so a race with a lane it leaves out may be
/// missed.</summary>
internal sealed class WarpBarrier(Source members) : WarpSyncInstruction
{
    protected override Source Members => members;

    protected override void Execute(Warp warp, uint lanes) => warp.Epoch++;
}

/// <summary>The lanes that run this together; programs must not rely on more than that they themselves are among them.</summary>
internal sealed class ReadingActiveMask(int target) : Instruction
{
    public override bool Step(Warp warp, uint at, uint active)
    {
        foreach (var lane in MemoryAccess.Lanes(active))
            warp.Row(target)[lane] = active;
        warp.SetDefined(target, active);
        return true;
    }
}
