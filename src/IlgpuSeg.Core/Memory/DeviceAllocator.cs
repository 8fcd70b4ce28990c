using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Memory;

/// <summary>One allocation of an accelerator, at least as large as what was asked for.</summary>
internal sealed record MemoryBlock(MemoryBuffer1D<byte, Stride1D.Dense> Buffer, long Size)
{
    public ArrayView<byte> Bytes => Buffer.View.BaseView;
}

/// <summary>
/// Hands out device memory and keeps what comes back for the next request of the same size class, since a training step asks
/// for the same sizes over and over. Classes are eighths of a power of two: at most 12.5 % of a block is unused.
/// </summary>
public sealed class DeviceAllocator : IDisposable
{
    private const long Granularity = 256;

    /// <summary>So many of the largest tensors are named when memory runs out.</summary>
    private const int NamedWhenOut = 5;

    private readonly string device;
    private readonly Accelerator accelerator;
    private readonly Dictionary<long, Stack<MemoryBlock>> free = [];
    private readonly HashSet<Storage> live = [];
    private readonly Lock gate = new();
    private long? limit;

    internal DeviceAllocator(string device, Accelerator accelerator) => (this.device, this.accelerator) = (device, accelerator);

    /// <summary>Bytes in use by tensors.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>The largest <see cref="LiveBytes"/> since the start or the last <see cref="ResetPeak"/>.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Bytes that wait for reuse.</summary>
    public long CachedBytes { get; private set; }

    /// <summary>Bytes taken from the device: live and cached.</summary>
    public long ReservedBytes => LiveBytes + CachedBytes;

    /// <summary>The largest <see cref="ReservedBytes"/> since the start or the last <see cref="ResetPeak"/>.</summary>
    public long PeakReservedBytes { get; private set; }

    /// <summary>Blocks in use; tensors that share elements (reshape, detach) share a block.</summary>
    public int LiveBlocks
    {
        get
        {
            lock (gate) return live.Count;
        }
    }

    /// <summary>
    /// The most bytes to take from the device, null for no limit. Where a request would exceed it, cached blocks are given back; where
    /// that does not suffice, the request throws an <see cref="OutOfDeviceMemoryException"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive.</exception>
    public long? Limit
    {
        get => limit;
        set
        {
            if (value is { } bytes) ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes, nameof(Limit));
            lock (gate)
            {
                limit = value;
                TrimFor(0);
            }
        }
    }

    /// <summary>
    /// Whether new tensors note where they were made, for <see cref="Report"/> and for what is said when memory runs out. Costs a stack
    /// walk per tensor, so it is for finding out who holds memory, not for long runs.
    /// </summary>
    public bool TrackAllocations { get; set; }

    /// <summary>Starts a new measurement of the peaks at the present use.</summary>
    public void ResetPeak()
    {
        lock (gate) (PeakBytes, PeakReservedBytes) = (LiveBytes, ReservedBytes);
    }

    /// <summary>What is alive now, and, for tensors made under <see cref="TrackAllocations"/>, where it was allocated.</summary>
    public MemoryReport Report()
    {
        lock (gate)
        {
            return new MemoryReport(
                device, LiveBytes, PeakBytes, CachedBytes, PeakReservedBytes, limit, live.Count, MemoryUse.Group(live));
        }
    }

    /// <summary>Gives all cached memory back to the device.</summary>
    public void ReleaseCache()
    {
        lock (gate)
        {
            foreach (var block in free.Values.SelectMany(stack => stack))
                block.Buffer.Dispose();
            free.Clear();
            CachedBytes = 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ReleaseCache();

    /// <summary>Memory for a tensor; its contents are undefined.</summary>
    /// <exception cref="OutOfDeviceMemoryException">The device's memory or the limit does not suffice, even without a cache.</exception>
    internal Storage Allocate(Shape shape, DType dtype)
    {
        var size = SizeClass(shape.Length * dtype.Size());
        var site = TrackAllocations ? AllocationSite.Capture() : null;
        lock (gate)
        {
            var block = Cached(size) ?? Create(size, shape, dtype);
            var storage = new Storage(this, block) { Shape = shape, DType = dtype, Site = site };
            live.Add(storage);
            LiveBytes += size;
            PeakBytes = Math.Max(PeakBytes, LiveBytes);
            PeakReservedBytes = Math.Max(PeakReservedBytes, ReservedBytes);
            return storage;
        }
    }

    internal void Free(Storage storage, MemoryBlock block)
    {
        lock (gate)
        {
            live.Remove(storage);
            if (!free.TryGetValue(block.Size, out var stack))
                free[block.Size] = stack = [];
            stack.Push(block);
            LiveBytes -= block.Size;
            CachedBytes += block.Size;
        }
    }

    internal static long SizeClass(long bytes)
    {
        if (bytes <= Granularity) return Granularity;
        var step = Math.Max(Granularity, (long)(System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)bytes) / 16));
        return (bytes + step - 1) / step * step;
    }

    private MemoryBlock? Cached(long size)
    {
        if (!free.TryGetValue(size, out var stack) || !stack.TryPop(out var block)) return null;
        CachedBytes -= size;
        return block;
    }

    private MemoryBlock Create(long size, Shape shape, DType dtype)
    {
        TrimFor(size);
        if (ReservedBytes + size > limit) throw OutOfMemory(size, shape, dtype, null);
        try
        {
            return new MemoryBlock(accelerator.Allocate1D<byte>(size), size);
        }
        catch (Exception e) when (IsOutOfMemory(e) && CachedBytes > 0)
        {
            ReleaseCache();
            return CreateWithoutCache(size, shape, dtype);
        }
        catch (Exception e) when (IsOutOfMemory(e))
        {
            throw OutOfMemory(size, shape, dtype, e);
        }
    }

    private MemoryBlock CreateWithoutCache(long size, Shape shape, DType dtype)
    {
        try
        {
            return new MemoryBlock(accelerator.Allocate1D<byte>(size), size);
        }
        catch (Exception e) when (IsOutOfMemory(e))
        {
            throw OutOfMemory(size, shape, dtype, e);
        }
    }

    // GPU runtimes report exhausted memory as an error of the accelerator.
    private static bool IsOutOfMemory(Exception e) => e is OutOfMemoryException or AcceleratorException;

    /// <summary>Gives cached blocks back, the largest first, until a further request keeps the limit.</summary>
    private void TrimFor(long size)
    {
        while (CachedBytes > 0 && ReservedBytes + size > limit)
        {
            var largest = free.Where(pair => pair.Value.Count > 0).Max(pair => pair.Key);
            free[largest].Pop().Buffer.Dispose();
            CachedBytes -= largest;
        }
    }

    private OutOfDeviceMemoryException OutOfMemory(long size, Shape shape, DType dtype, Exception? cause) => new(
        new MemoryReport(device, LiveBytes, PeakBytes, CachedBytes, PeakReservedBytes, limit, live.Count, MemoryUse.Group(live)),
        size, $"{dtype} {shape}", MemoryUse.Largest(live, NamedWhenOut), cause);
}
