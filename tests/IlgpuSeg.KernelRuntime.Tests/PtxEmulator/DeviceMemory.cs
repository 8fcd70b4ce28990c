using System.Runtime.InteropServices;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>
/// Global memory as separate allocations with wide gaps, so that every access outside one is found. Windows of the other state spaces lie
/// apart in the generic address space, and a shared or local address is no valid global one.
/// </summary>
internal sealed class DeviceMemory(ulong start = DeviceMemory.GlobalStart)
{
    public const ulong SharedWindow = 0x7e00_0000_0000, LocalWindow = 0x7d00_0000_0000, ConstWindow = 0x7c00_0000_0000;
    public const ulong SharedStart = 0x400, LocalStart = 0x100, WindowSize = 0x1_0000_0000;
    public const ulong GlobalStart = 0x7f40_0000_0000;
    private const int Gap = 4096;
    private readonly List<MemoryBlock> blocks = [];
    private ulong next = start;
    private MemoryBlock? last;

    /// <summary>Grows with every launch, barrier and warp barrier.</summary>
    public long Epoch { get; set; } = 1;

    public IReadOnlyList<MemoryBlock> Blocks => blocks;

    /// <summary>Memory without values; reading it before it is written is a fault. Aligned to 256 bytes, as the driver's.</summary>
    public ulong Allocate(int bytes, string? name = null)
    {
        var block = new MemoryBlock(name ?? $"allocation {blocks.Count}", next, bytes);
        blocks.Add(block);
        next = (block.End + Gap + 255) & ~255UL;
        return block.Start;
    }

    /// <summary>An allocation that holds <paramref name="values"/>.</summary>
    public ulong Allocate<T>(ReadOnlySpan<T> values, string? name = null) where T : unmanaged
    {
        var address = Allocate(MemoryMarshal.AsBytes(values).Length, name);
        Write(address, values);
        return address;
    }

    public ulong Allocate<T>(T[] values, string? name = null) where T : unmanaged => Allocate<T>(values.AsSpan(), name);

    /// <summary>Ends an allocation; its addresses are not used again.</summary>
    public void Free(ulong address)
    {
        var block = Find(address);
        if (block is null || block.Start != address)
            throw new ArgumentException($"no allocation at {address:x}", nameof(address));
        blocks.Remove(block);
        last = null;
    }

    public void Write<T>(ulong address, ReadOnlySpan<T> values) where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        var block = Find(address) ?? throw new ArgumentException($"no allocation at {address:x}", nameof(address));
        block.Fill((int)(address - block.Start), bytes);
    }

    public T[] Read<T>(ulong address, int count) where T : unmanaged
    {
        var block = Find(address) ?? throw new ArgumentException($"no allocation at {address:x}", nameof(address));
        return MemoryMarshal.Cast<byte, T>(block.Data.AsSpan((int)(address - block.Start)))[..count].ToArray();
    }

    /// <summary>Copies bytes, those without a value too.</summary>
    public void Copy(ulong source, ulong target, int count)
    {
        var from = Find(source) ?? throw new ArgumentException($"no allocation at {source:x}", nameof(source));
        var to = Find(target) ?? throw new ArgumentException($"no allocation at {target:x}", nameof(target));
        from.CopyTo((int)(source - from.Start), to, (int)(target - to.Start), count);
    }

    public MemoryBlock? Find(ulong address)
    {
        if (last is not null && address >= last.Start && address < last.End)
            return last;
        var (low, high) = (0, blocks.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (address < blocks[middle].Start)
                high = middle - 1;
            else if (address >= blocks[middle].End)
                low = middle + 1;
            else
                return last = blocks[middle];
        }

        return null;
    }

    /// <summary>For a message: where an address that belongs to no allocation lies.</summary>
    public string Describe(ulong address)
    {
        if (address - SharedWindow < WindowSize)
            return "a generic address of shared memory";
        if (address < 0x100_0000)
            return address == 0 ? "the null pointer" : "an address of the shared, local or constant state space, or a plain number";
        var before = blocks.LastOrDefault(b => b.End <= address);
        return before is null || address - before.End > 1UL << 32 ? "nowhere near an allocation"
            : $"{address - before.End} bytes past the end of {before.Name}";
    }
}
