using System.Numerics;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

internal readonly record struct Dim3(int X, int Y = 1, int Z = 1)
{
    public int Count => checked(X * Y * Z);

    public static implicit operator Dim3(int x) => new(x);

    public override string ToString() => $"({X},{Y},{Z})";
}

/// <summary>
/// 32 threads with registers and a place in the program each. Threads are scheduled independently, as from sm_70 on: the lanes that stand
/// furthest back run first, so that branches join again where their paths meet, but nothing relies on it except that lanes which wait for
/// one another do so at the same instruction.
/// </summary>
internal sealed class Warp
{
    private readonly ulong[] registers;
    private readonly int[] places = new int[32];

    public Warp(ThreadBlock block, int number, int registerCount)
    {
        (Block, Number) = (block, number);
        registers = new ulong[registerCount * 32];
        Defined = new uint[registerCount];
        var threads = Math.Min(32, block.Launch.Block.Count - number * 32);
        Live = threads == 32 ? uint.MaxValue : (1u << threads) - 1;
        Started = Live;
    }

    public ThreadBlock Block { get; }

    public int Number { get; }

    /// <summary>Bit l of element r: register r of lane l holds a value.</summary>
    public uint[] Defined { get; }

    public uint Started { get; }

    /// <summary>Lanes that have not exited.</summary>
    public uint Live { get; set; }

    /// <summary>Lanes that wait at a barrier of the block, or for other lanes of the warp.</summary>
    public uint AtBarrier { get; set; }

    public uint AtWarpSync { get; set; }

    public long Epoch { get; set; } = 1;

    public AsyncCopies?[] Copies { get; } = new AsyncCopies?[32];

    public Instruction? Running { get; private set; }

    public Span<ulong> Row(int register) => registers.AsSpan(register * 32, 32);

    public int Place(int lane) => places[lane];

    public void MoveTo(uint lanes, int place)
    {
        for (; lanes != 0; lanes &= lanes - 1)
            places[BitOperations.TrailingZeroCount(lanes)] = place;
    }

    /// <summary>Among <paramref name="lanes"/>, those that stand at <paramref name="place"/>.</summary>
    public uint StandingAt(int place, uint lanes)
    {
        var found = 0u;
        for (; lanes != 0; lanes &= lanes - 1)
        {
            var lane = BitOperations.TrailingZeroCount(lanes);
            if (places[lane] == place)
                found |= 1u << lane;
        }

        return found;
    }

    public void SetDefined(int register, uint lanes) => Defined[register] |= lanes;

    public void SetUndefined(int register, uint lanes) => Defined[register] &= ~lanes;

    public Dim3 ThreadIndex(int lane)
    {
        var (thread, size) = (Number * 32 + lane, Block.Launch.Block);
        return new Dim3(thread % size.X, thread / size.X % size.Y, thread / (size.X * size.Y));
    }

    public Accessor Accessor(int lane) => new(Number * 32 + lane, Number, Block.Number, Block.Epoch, Epoch, Block.Launch.Epoch);

    /// <summary>Runs until every lane has exited or waits. False if nothing could run.</summary>
    public bool Run(Instruction[] program)
    {
        var progress = false;
        while (true)
        {
            var runnable = Live & ~AtBarrier & ~AtWarpSync;
            if (runnable == 0)
            {
                if (AtWarpSync == 0 || !RetryWarpSyncs(program))
                    return progress;
                continue;
            }

            progress = true;
            RunHindmost(program, runnable);
        }
    }

    private void RunHindmost(Instruction[] program, uint runnable)
    {
        var (place, join) = (int.MaxValue, int.MaxValue);
        for (var rest = runnable; rest != 0; rest &= rest - 1)
            place = Math.Min(place, places[BitOperations.TrailingZeroCount(rest)]);
        var at = StandingAt(place, runnable);
        for (var rest = runnable & ~at; rest != 0; rest &= rest - 1)
            join = Math.Min(join, places[BitOperations.TrailingZeroCount(rest)]);
        while (place != join)
        {
            var instruction = program[place];
            Running = instruction;
            Block.Count(at);
            // The places must be right for instructions that read or set them.
            if (instruction is not DataInstruction)
                MoveTo(at, place);
            if (!instruction.Step(this, at, Guarded(instruction, at)))
                return;
            place++;
        }

        MoveTo(at, place);
    }

    private uint Guarded(Instruction instruction, uint at)
    {
        if (instruction.Guard < 0)
            return at;
        var missing = at & ~Defined[instruction.Guard];
        if (missing != 0)
            throw Fault(missing, "the guard predicate is read before it has a value");
        var row = Row(instruction.Guard);
        var active = 0u;
        for (var rest = at; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            active |= (uint)(row[lane] & 1) << lane;
        }

        return instruction.GuardNegated ? at & ~active : active;
    }

    /// <summary>A warp-wide operation may have become complete because lanes exited meanwhile.</summary>
    private bool RetryWarpSyncs(Instruction[] program)
    {
        for (var rest = AtWarpSync; rest != 0; rest &= rest - 1)
        {
            Running = program[places[BitOperations.TrailingZeroCount(rest)]];
            if (((WarpSyncInstruction)Running).TryComplete(this, places[BitOperations.TrailingZeroCount(rest)]))
                return true;
        }

        // Lanes at a barrier may be what is missing, and the barrier may be waiting for these: nobody can go on.
        throw Fault(AtWarpSync, "waits for lanes of the warp that do not come here: they have exited, or wait elsewhere");
    }

    /// <summary>A fault of the running instruction in the lowest of <paramref name="lanes"/>.</summary>
    public PtxFaultException Fault(uint lanes, string message)
    {
        var lane = BitOperations.TrailingZeroCount(lanes);
        return new PtxFaultException(
            $"PTX line {Running?.Line}, block {Block.Index}, thread {ThreadIndex(lane)}: {message}\n    {Running?.Text}");
    }
}
