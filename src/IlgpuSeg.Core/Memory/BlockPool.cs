using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Memory;

/// <summary>One allocation of an accelerator, divided into blocks.</summary>
/// <param name="Buffer">The memory.</param>
/// <param name="Number">Counts the segments of a device: the order in which they were taken.</param>
internal sealed record MemorySegment(MemoryBuffer1D<byte, Stride1D.Dense> Buffer, int Number)
{
    public long Size => Buffer.LengthInBytes;
}

/// <summary>A part of a segment, in use or free; its neighbours cover the rest of the segment.</summary>
internal sealed class MemoryBlock(MemorySegment segment, long offset, long size)
{
    public MemorySegment Segment { get; } = segment;

    public long Offset { get; } = offset;

    /// <summary>In bytes.</summary>
    public long Size { get; set; } = size;

    public bool IsFree { get; set; }

    public MemoryBlock? Previous { get; set; }

    public MemoryBlock? Next { get; set; }

    public bool IsWholeSegment => Previous is null && Next is null;

    public ArrayView<byte> Bytes => Segment.Buffer.View.BaseView.SubView(Offset, Size);
}

/// <summary>
/// The blocks of a device's segments. A request gets the smallest free block that holds it, cut to size; a block that comes back is united
/// with its free neighbours. Among equals the oldest segment's first block is chosen, so that a repeated step finds the same places.
/// </summary>
internal sealed class BlockPool
{
    /// <summary>Blocks start and end at multiples of it, which suits every vector access.</summary>
    public const long Granularity = 256;

    private readonly List<MemoryBlock> free = [];
    private int segments;

    /// <summary>A free block cut to a size; null if none is large enough.</summary>
    public MemoryBlock? Take(long size)
    {
        var index = Search(size, 0, 0);
        if (index == free.Count) return null;
        var block = free[index];
        free.RemoveAt(index);
        return Cut(block, size);
    }

    /// <summary>Adds memory taken from the device, and hands out its beginning.</summary>
    public MemoryBlock Add(MemoryBuffer1D<byte, Stride1D.Dense> buffer, long size) =>
        Cut(new MemoryBlock(new MemorySegment(buffer, segments++), 0, buffer.LengthInBytes), size);

    /// <summary>Takes a block back.</summary>
    public void Return(MemoryBlock block)
    {
        if (block.Next is { IsFree: true } next)
        {
            Remove(next);
            Unite(block, next);
        }
        if (block.Previous is { IsFree: true } previous)
        {
            Remove(previous);
            Unite(previous, block);
            block = previous;
        }
        Insert(block);
    }

    /// <summary>Gives the largest segment in which nothing is in use back to the device; its size, 0 if there is none.</summary>
    public long ReleaseLargest()
    {
        var index = free.FindLastIndex(block => block.IsWholeSegment);
        if (index < 0) return 0;
        var segment = free[index].Segment;
        free.RemoveAt(index);
        var size = segment.Size;
        segment.Buffer.Dispose();
        return size;
    }

    private MemoryBlock Cut(MemoryBlock block, long size)
    {
        block.IsFree = false;
        if (block.Size == size) return block;
        var rest = new MemoryBlock(block.Segment, block.Offset + size, block.Size - size) { Previous = block, Next = block.Next };
        if (rest.Next is { } next) next.Previous = rest;
        block.Next = rest;
        block.Size = size;
        Insert(rest);
        return block;
    }

    /// <summary>Extends the first of two neighbours over the second.</summary>
    private static void Unite(MemoryBlock first, MemoryBlock second)
    {
        first.Size += second.Size;
        first.Next = second.Next;
        if (second.Next is { } next) next.Previous = first;
    }

    private void Insert(MemoryBlock block)
    {
        block.IsFree = true;
        free.Insert(Search(block.Size, block.Segment.Number, block.Offset), block);
    }

    private void Remove(MemoryBlock block) => free.RemoveAt(Search(block.Size, block.Segment.Number, block.Offset));

    /// <summary>The index of the first free block that is not before the given one in the order of size, segment and offset.</summary>
    private int Search(long size, int segment, long offset)
    {
        int low = 0, high = free.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            var block = free[middle];
            if ((block.Size, block.Segment.Number, block.Offset).CompareTo((size, segment, offset)) < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
