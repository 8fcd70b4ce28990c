using System.Numerics;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>One block of threads: its warps, shared memory and barriers.</summary>
internal sealed class ThreadBlock
{
    private readonly Warp[] warps;
    private readonly MemoryBlock?[] locals;
    private readonly BarrierState[] barriers = Enumerable.Range(0, 16).Select(_ => new BarrierState()).ToArray();

    public ThreadBlock(LaunchContext launch, Dim3 index, MemoryBlock shared)
    {
        (Launch, Index, Shared) = (launch, index, shared);
        Number = index.X + launch.Grid.X * (index.Y + launch.Grid.Y * index.Z);
        Epoch = ++launch.Memory.Epoch;
        WarpCount = (launch.Block.Count + 31) / 32;
        locals = new MemoryBlock?[launch.LocalBytes == 0 ? 0 : launch.Block.Count];
        warps = Enumerable.Range(0, WarpCount).Select(n => new Warp(this, n, launch.RegisterCount)).ToArray();
    }

    public LaunchContext Launch { get; }

    public Dim3 Index { get; }

    public int Number { get; }

    public int WarpCount { get; }

    public MemoryBlock Shared { get; }

    public long Epoch { get; private set; }

    /// <summary>Instructions of single threads so far.</summary>
    public long Steps { get; private set; }

    public void Count(uint lanes)
    {
        Steps += BitOperations.PopCount(lanes);
        if (Steps > Launch.StepLimit)
            throw new PtxFaultException($"block {Index} has run {Launch.StepLimit} instructions: it probably does not end");
    }

    /// <summary>A thread's own memory; two threads' local addresses are equal and never meet.</summary>
    public MemoryBlock Local(int thread) => locals[thread] ??= new MemoryBlock("local memory", DeviceMemory.LocalStart, Launch.LocalBytes);

    public int LocalCount => locals.Length;

    public void Run()
    {
        var program = Launch.Program;
        while (warps.Any(w => w.Live != 0))
        {
            var progress = false;
            // From the last warp to the first in every other block: results must not hang on the order.
            for (var i = 0; i < warps.Length; i++)
            {
                var warp = warps[Number % 2 == 0 ? i : warps.Length - 1 - i];
                progress |= warp.Run(program);
                Arrive(warp);
            }

            progress |= CompleteBarriers();
            if (!progress)
                throw Stuck();
        }
    }

    /// <summary>A warp arrives when all its threads that have not exited wait at one barrier instruction.</summary>
    private void Arrive(Warp warp)
    {
        if (warp.AtBarrier == 0 || warp.AtBarrier != warp.Live)
            return;
        var first = BitOperations.TrailingZeroCount(warp.AtBarrier);
        var place = warp.Place(first);
        var instruction = (BarrierInstruction)Launch.Program[place];
        var elsewhere = warp.AtBarrier & ~warp.StandingAt(place, warp.AtBarrier);
        if (elsewhere != 0)
        {
            var other = Launch.Program[warp.Place(BitOperations.TrailingZeroCount(elsewhere))].Line;
            throw warp.Fault(elsewhere, $"threads of one warp wait at different barriers, lines {instruction.Line} and {other}");
        }

        instruction.Arrive(warp, barriers);
    }

    private bool CompleteBarriers()
    {
        var progress = false;
        foreach (var barrier in barriers)
        {
            if (barrier.Arrived.Count == 0)
                continue;
            var expected = barrier.ThreadCount > 0 ? barrier.ThreadCount / 32 : warps.Count(w => w.Live != 0);
            if (barrier.Arrived.Count < expected)
                continue;
            if (barrier.ThreadCount == 0)
                CheckExits(barrier);
            Epoch = ++Launch.Memory.Epoch;
            barrier.Release();
            progress = true;
        }

        return progress;
    }

    private void CheckExits(BarrierState barrier)
    {
        if (Launch.AllowExitedThreadsAtBarrier)
            return;
        foreach (var warp in warps)
        {
            if (warp.Live != warp.Started)
                throw warp.Fault(warp.Started & ~warp.Live,
                    $"has exited while the block's other threads wait at the barrier in line {barrier.Line}");
        }
    }

    private PtxFaultException Stuck()
    {
        var waiting = warps.First(w => w.Live != 0);
        var lines = string.Join(", ", barriers.Where(b => b.Arrived.Count > 0).Select(b => $"line {b.Line}: {b.Arrived.Count} warps"));
        return waiting.Fault(waiting.Live, $"the block cannot go on: its threads wait at barriers that others do not reach ({lines})");
    }
}

/// <summary>One of the block's sixteen barriers between two releases.</summary>
internal sealed class BarrierState
{
    public List<(Warp Warp, BarrierInstruction Instruction)> Arrived { get; } = [];

    /// <summary>Threads that take part; 0 for all.</summary>
    public int ThreadCount { get; set; }

    public int Line => Arrived[0].Instruction.Line;

    public void Release()
    {
        var votes = Arrived.Sum(a => BitOperations.PopCount(a.Instruction.Votes(a.Warp)));
        var threads = Arrived.Sum(a => BitOperations.PopCount(a.Warp.Live));
        foreach (var (warp, instruction) in Arrived)
            instruction.Leave(warp, votes, threads);
        Arrived.Clear();
    }
}
