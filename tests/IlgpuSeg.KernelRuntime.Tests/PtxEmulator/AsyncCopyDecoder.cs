using System.Numerics;
using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>
/// cp.async with its groups. Data arrives when the issuing thread waits for its group, no earlier: until then the target bytes may be
/// neither read nor written. (Other threads see them after the barrier that must follow.)
/// </summary>
internal static class AsyncCopyDecoder
{
    public static IReadOnlyDictionary<string, Decoder> Table { get; } = new Dictionary<string, Decoder> { ["cp"] = Copy };

    private static Instruction Copy(Decoding d)
    {
        d.Require("async");
        d.Need(70, 80, "cp.async");
        if (d.Take("commit_group"))
            return new CommittingCopies();
        if (d.Take("wait_all"))
            return new WaitingForCopies(0, true);
        if (d.Take("wait_group"))
            return new WaitingForCopies(d.Immediate(0, int.MaxValue), false);
        var cache = d.TakeOne("a cache operator", "ca", "cg");
        if (d.TakeAny("shared", "shared::cta") is null || !d.Take("global"))
            throw d.Refuse("cp.async copies .shared.global");
        d.TakeAny("L2::64B", "L2::128B", "L2::256B");
        var (target, source) = (d.Address(StateSpace.Shared), d.Address(StateSpace.Global));
        var size = d.Immediate(4, 16);
        if (size is not (4 or 8 or 16) || cache == "cg" && size != 16)
            throw d.Refuse(cache == "cg" ? "cp.async.cg copies 16 bytes" : "cp.async copies 4, 8 or 16 bytes");
        if (d.OperandsLeft == 0)
            return new StartingCopy(target, source, size, null, false);
        var last = d.Next();
        var ignores = last is NameOperand name && d.Register(name.Name).Type == Pred;
        return new StartingCopy(target, source, size, d.Source(last, ignores ? Pred : U32), ignores);
    }
}

/// <summary>One thread's copies: started, then in groups, oldest first.</summary>
internal sealed class AsyncCopies
{
    private readonly List<(MemoryBlock Block, int Offset, byte[] Data)> open = [];
    private readonly Queue<List<(MemoryBlock Block, int Offset, byte[] Data)>> groups = new();

    public void Start(MemoryBlock block, int offset, byte[] data)
    {
        block.SetInFlight(offset, data.Length, true);
        open.Add((block, offset, data));
    }

    public void Commit()
    {
        groups.Enqueue([.. open]);
        open.Clear();
    }

    /// <summary>Finishes all but the newest groups.</summary>
    public void Wait(int newest)
    {
        while (groups.Count > newest)
        {
            foreach (var (block, offset, data) in groups.Dequeue())
            {
                block.SetInFlight(offset, data.Length, false);
                for (var i = 0; i < data.Length; i++)
                    block.Write(offset + i, 1, data[i]);
            }
        }
    }
}

internal sealed class StartingCopy(AddressSource target, AddressSource source, int size, Source? limit, bool limitIgnoresSource)
    : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        var to = target.Rows(warp, lanes);
        var from = source.Rows(warp, lanes);
        var limits = limit is null ? default : limit.Read(warp, lanes);
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            var lane = BitOperations.TrailingZeroCount(rest);
            var count = limit is null ? size : !limitIgnoresSource ? (int)limits[lane] : limits[lane] != 0 ? 0 : size;
            if (count < 0 || count > size)
                throw warp.Fault(1u << lane, $"src-size {(uint)limits[lane]} is larger than cp-size {size}");
            var (block, offset) = MemoryAccess.Resolve(warp, lane, StateSpace.Shared, target.At(to, lane), size);
            MemoryAccess.Check(warp, lane, block, offset, size, MemoryAccess.Writable(block, offset, size), AccessKind.Write);
            (warp.Copies[lane] ??= new AsyncCopies()).Start(block, offset, Fetch(warp, lane, source.At(from, lane), count));
        }
    }

    /// <summary>The source's first bytes, then zeros. A source of which nothing is read may lie anywhere, but aligned.</summary>
    private byte[] Fetch(Warp warp, int lane, ulong address, int count)
    {
        var data = new byte[size];
        if ((address & (ulong)(size - 1)) != 0)
            throw warp.Fault(1u << lane, $"address {address:x} is not aligned to the copy's {size} bytes");
        for (var i = 0; i < count; i++)
        {
            var (block, offset) = MemoryAccess.Resolve(warp, lane, StateSpace.Global, address + (ulong)i, 1);
            data[i] = (byte)MemoryAccess.Load(warp, lane, block, offset, 1);
        }

        return data;
    }
}

internal sealed class CommittingCopies : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        for (var rest = lanes; rest != 0; rest &= rest - 1)
            (warp.Copies[BitOperations.TrailingZeroCount(rest)] ??= new AsyncCopies()).Commit();
    }
}

/// <summary>wait_group n leaves the n newest groups open; wait_all finishes everything, committed or not.</summary>
internal sealed class WaitingForCopies(int newest, bool commits) : DataInstruction
{
    protected override void Execute(Warp warp, uint lanes)
    {
        for (var rest = lanes; rest != 0; rest &= rest - 1)
        {
            if (warp.Copies[BitOperations.TrailingZeroCount(rest)] is not { } copies)
                continue;
            if (commits)
                copies.Commit();
            copies.Wait(newest);
        }
    }
}
