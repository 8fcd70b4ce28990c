using System.Numerics;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>An address operand: a window and, for each lane, a place in it.</summary>
internal sealed class AddressSource(StateSpace space, Source? origin, long offset, bool narrow)
{
    public StateSpace Space => space;

    public ulong At(ReadOnlySpan<ulong> row, int lane)
    {
        if (origin is null)
            return (ulong)offset;
        // A 32-bit register is zero-extended, then the signed offset is added.
        var start = narrow ? (uint)row[lane] : row[lane];
        return start + (ulong)offset;
    }

    public ReadOnlySpan<ulong> Rows(Warp warp, uint lanes) => origin is null ? default : origin.Read(warp, lanes);
}

/// <summary>Finds the memory behind an address and holds every access against the rules.</summary>
internal static class MemoryAccess
{
    /// <summary>The block and offset of <paramref name="size"/> bytes; faults when unaligned or not inside one allocation.</summary>
    public static (MemoryBlock Block, int Offset) Resolve(Warp warp, int lane, StateSpace space, ulong address, int size)
    {
        if ((address & (ulong)(size - 1)) != 0)
            throw warp.Fault(1u << lane, $"address {address:x} is not aligned to the access's {size} bytes");
        var block = space switch
        {
            StateSpace.Shared => warp.Block.Shared,
            StateSpace.Local => warp.Block.LocalCount == 0 ? null : warp.Block.Local(warp.Number * 32 + lane),
            StateSpace.Const => warp.Block.Launch.Constants,
            StateSpace.Generic => Window(warp, lane, ref address),
            _ => warp.Block.Launch.Memory.Find(address),
        };
        if (block is null || address < block.Start || address + (ulong)size > block.End)
            throw warp.Fault(1u << lane, OutOfBounds(warp, space, address, size, block));
        return (block, (int)(address - block.Start));
    }

    private static MemoryBlock? Window(Warp warp, int lane, ref ulong address)
    {
        if (address - DeviceMemory.SharedWindow < DeviceMemory.WindowSize)
        {
            address -= DeviceMemory.SharedWindow;
            return warp.Block.Shared;
        }

        if (address - DeviceMemory.LocalWindow < DeviceMemory.WindowSize && warp.Block.LocalCount > 0)
        {
            address -= DeviceMemory.LocalWindow;
            return warp.Block.Local(warp.Number * 32 + lane);
        }

        if (address - DeviceMemory.ConstWindow < DeviceMemory.WindowSize)
        {
            address -= DeviceMemory.ConstWindow;
            return warp.Block.Launch.Constants;
        }

        return warp.Block.Launch.Memory.Find(address);
    }

    private static string OutOfBounds(Warp warp, StateSpace space, ulong address, int size, MemoryBlock? block)
    {
        var where = block is not null
            ? $"{block.Name} has {block.Data.Length} bytes from {block.Start:x} on"
            : warp.Block.Launch.Memory.Describe(address);
        return $"{size} bytes at {address:x} in {space.ToString().ToLowerInvariant()} space are out of bounds: {where}";
    }

    public static ulong Load(Warp warp, int lane, MemoryBlock block, int offset, int size, bool asConstant = false)
    {
        Check(warp, lane, block, offset, size, block.CheckRead(offset, size, asConstant), AccessKind.Read);
        return block.Read(offset, size);
    }

    public static void Store(Warp warp, int lane, MemoryBlock block, int offset, int size, ulong value)
    {
        Check(warp, lane, block, offset, size, Writable(block, offset, size), AccessKind.Write);
        block.Write(offset, size, value);
    }

    /// <summary>Reads, and writes what <paramref name="change"/> makes of it; null leaves the memory as it is. Yields the old
    /// value.</summary>
    public static ulong Update(Warp warp, int lane, MemoryBlock block, int offset, int size, Func<ulong, ulong?> change)
    {
        var wrong = block.CheckRead(offset, size, false) ?? Writable(block, offset, size);
        Check(warp, lane, block, offset, size, wrong, AccessKind.Atomic);
        var old = block.Read(offset, size);
        if (change(old) is { } changed)
            block.Write(offset, size, changed);
        return old;
    }

    /// <summary>Volatile and .relaxed accesses of one word: they do not race with one another or with atomic operations.</summary>
    public static void CheckStrong(Warp warp, int lane, MemoryBlock block, int offset, int size, bool writes)
    {
        var wrong = writes ? Writable(block, offset, size) : block.CheckRead(offset, size, false);
        Check(warp, lane, block, offset, size, wrong, AccessKind.Atomic);
    }

    public static string? Writable(MemoryBlock block, int offset, int size) =>
        block.Name == "constant memory" ? "writes to constant memory" : block.CheckWrite(offset, size);

    public static void Check(Warp warp, int lane, MemoryBlock block, int offset, int size, string? wrong, AccessKind kind)
    {
        // Local memory belongs to one thread and constants are not written: no races there.
        var shared = block.Start == DeviceMemory.SharedStart;
        var global = block.Start >= DeviceMemory.SharedWindow && warp.Block.Launch.FindGlobalRaces;
        if (wrong is null && (shared || global))
            wrong = block.History.Record(offset, size, kind, warp.Accessor(lane));
        if (wrong is not null)
            throw warp.Fault(1u << lane, $"{wrong} ({block.Name}, byte {offset})");
    }

    /// <summary>The lanes of a mask, lowest first.</summary>
    public static IEnumerable<int> Lanes(uint lanes)
    {
        for (; lanes != 0; lanes &= lanes - 1)
            yield return BitOperations.TrailingZeroCount(lanes);
    }
}
