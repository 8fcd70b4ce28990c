using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Memory;

/// <summary>
/// Hands out device memory and keeps what comes back for later requests, since a training step asks for the same sizes over and over.
/// Memory is taken from the device in segments of <see cref="SegmentBytes"/> or of a larger request's size, and tensors lie side by side
/// in them: what is taken stays close to what is in use at once.
/// </summary>
public sealed class DeviceAllocator : IDisposable
{
    /// <summary>So many of the largest tensors are named when memory runs out.</summary>
    private const int NamedWhenOut = 5;

    private readonly string device;
    private readonly Accelerator accelerator;
    private readonly BlockPool pool = new();
    private readonly HashSet<Storage> live = [];
    private readonly Lock gate = new();
    private long? limit;
    private long segmentBytes = 8L << 20;

    internal DeviceAllocator(string device, Accelerator accelerator) => (this.device, this.accelerator) = (device, accelerator);

    /// <summary>Bytes in use by tensors.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>The largest <see cref="LiveBytes"/> since the start or the last <see cref="ResetPeak"/>.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Bytes that wait for reuse.</summary>
    public long CachedBytes => ReservedBytes - LiveBytes;

    /// <summary>Bytes taken from the device: live and cached.</summary>
    public long ReservedBytes { get; private set; }

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
    /// The most bytes to take from the device, null for no limit. Where a request would exceed it, cached memory is given back; where
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
    /// So much is taken from the device at once, unless a request needs more. With 0 nothing is cached: each tensor has an allocation of its
    /// own, in which tools that watch a device's memory see accesses beyond the tensor's end.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative.</exception>
    public long SegmentBytes
    {
        get => segmentBytes;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(SegmentBytes));
            segmentBytes = value;
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

    /// <summary>Gives cached memory back to the device, but for segments in which tensors live.</summary>
    public void ReleaseCache()
    {
        lock (gate)
        {
            while (ReleaseLargest()) { }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => ReleaseCache();

    /// <summary>Memory for a tensor; its contents are undefined.</summary>
    /// <exception cref="OutOfDeviceMemoryException">The device's memory or the limit does not suffice, even without a cache.</exception>
    internal Storage Allocate(Shape shape, DType dtype)
    {
        var size = BlockSize(shape.Length * dtype.Size());
        var site = TrackAllocations ? AllocationSite.Capture() : null;
        lock (gate)
        {
            var block = (segmentBytes > 0 ? pool.Take(size) : null) ?? Create(size, shape, dtype);
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
            LiveBytes -= block.Size;
            pool.Return(block);
            if (segmentBytes == 0) ReleaseCache();
        }
    }

    internal static long BlockSize(long bytes) => Math.Max(1, (bytes + BlockPool.Granularity - 1) / BlockPool.Granularity) * BlockPool.Granularity;

    private MemoryBlock Create(long size, Shape shape, DType dtype)
    {
        var segment = Math.Max(size, BlockSize(segmentBytes));
        if (ReservedBytes + segment > limit) segment = size;
        TrimFor(segment);
        if (ReservedBytes + segment > limit) throw OutOfMemory(size, shape, dtype, null);
        try
        {
            return FromNewSegment(segment, size);
        }
        catch (Exception e) when (IsOutOfMemory(e) && (CachedBytes > 0 || segment > size))
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
            return FromNewSegment(size, size);
        }
        catch (Exception e) when (IsOutOfMemory(e))
        {
            throw OutOfMemory(size, shape, dtype, e);
        }
    }

    private MemoryBlock FromNewSegment(long segment, long size)
    {
        var block = pool.Add(accelerator.Allocate1D<byte>(segment), size);
        ReservedBytes += segment;
        return block;
    }

    // GPU runtimes report exhausted memory as an error of the accelerator.
    private static bool IsOutOfMemory(Exception e) => e is OutOfMemoryException or AcceleratorException;

    /// <summary>Gives cached segments back, the largest first, until a further request keeps the limit.</summary>
    private void TrimFor(long size)
    {
        while (ReservedBytes + size > limit && ReleaseLargest()) { }
    }

    private bool ReleaseLargest()
    {
        var size = pool.ReleaseLargest();
        ReservedBytes -= size;
        return size > 0;
    }

    private OutOfDeviceMemoryException OutOfMemory(long size, Shape shape, DType dtype, Exception? cause) => new(
        new MemoryReport(device, LiveBytes, PeakBytes, CachedBytes, PeakReservedBytes, limit, live.Count, MemoryUse.Group(live)),
        size, $"{dtype} {shape}", MemoryUse.Largest(live, NamedWhenOut), cause);
}
