using System.Collections.Generic;
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

    private readonly Accelerator accelerator;
    private readonly Dictionary<long, Stack<MemoryBlock>> free = [];
    private readonly Lock gate = new();

    internal DeviceAllocator(Accelerator accelerator) => this.accelerator = accelerator;

    /// <summary>Bytes in use by tensors.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>The largest <see cref="LiveBytes"/> since the start or the last <see cref="ResetPeak"/>.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>Bytes that wait for reuse.</summary>
    public long CachedBytes { get; private set; }

    /// <summary>Starts a new peak measurement at the present use.</summary>
    public void ResetPeak() => PeakBytes = LiveBytes;

    internal Storage Allocate(long bytes)
    {
        var size = SizeClass(bytes);
        lock (gate)
        {
            var block = free.TryGetValue(size, out var stack) && stack.TryPop(out var cached) ? Reuse(cached) : Create(size);
            LiveBytes += size;
            PeakBytes = Math.Max(PeakBytes, LiveBytes);
            return new Storage(this, block);
        }
    }

    internal void Free(MemoryBlock block)
    {
        lock (gate)
        {
            if (!free.TryGetValue(block.Size, out var stack))
                free[block.Size] = stack = [];
            stack.Push(block);
            LiveBytes -= block.Size;
            CachedBytes += block.Size;
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

    internal static long SizeClass(long bytes)
    {
        if (bytes <= Granularity) return Granularity;
        var step = Math.Max(Granularity, (long)(System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)bytes) / 16));
        return (bytes + step - 1) / step * step;
    }

    private MemoryBlock Reuse(MemoryBlock block)
    {
        CachedBytes -= block.Size;
        return block;
    }

    private MemoryBlock Create(long size)
    {
        try
        {
            return new MemoryBlock(accelerator.Allocate1D<byte>(size), size);
        }
        catch (Exception e) when (e is OutOfMemoryException or AcceleratorException)
        {
            if (CachedBytes > 0)
            {
                ReleaseCache();
                return new MemoryBlock(accelerator.Allocate1D<byte>(size), size);
            }
            throw new OutOfMemoryException(
                $"{accelerator.Name}: {size:N0} bytes asked for, {LiveBytes:N0} bytes in use by tensors, nothing cached to give back.", e);
        }
    }
}
