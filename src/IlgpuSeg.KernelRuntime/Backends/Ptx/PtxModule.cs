using IlgpuSeg.KernelRuntime.Devices;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>What a compiled kernel may take for granted of the views in its block of arguments.</summary>
/// <param name="AlignedViews">All views begin at a multiple of 16 bytes, so that neighbouring elements can be accessed together.</param>
/// <param name="DisjointViews">No view that the kernel writes overlaps one that it only reads; those can be read as constants.</param>
internal readonly record struct PtxAssumptions(bool AlignedViews, bool DisjointViews)
{
    public static readonly PtxAssumptions None;

    public static readonly PtxAssumptions All = new(AlignedViews: true, DisjointViews: true);
}

/// <summary>One kernel as PTX, and what a launch must know of it.</summary>
/// <remarks>
/// The entry has one parameter: the block of arguments as <see cref="KernelEntry"/> lays it out, followed for implicitly grouped kernels
/// by the extent as three int32 (X, Y, Z) and four unused bytes. It has none if that block is empty.
/// </remarks>
internal sealed class PtxModule
{
    private const int Alignment = 16;

    /// <summary>The module's text.</summary>
    public required string Text { get; init; }

    /// <summary>The name of its only entry.</summary>
    public required string EntryName { get; init; }

    public required PtxTarget Target { get; init; }

    /// <summary>The size of the entry's parameter in bytes; 0 if it has none.</summary>
    public required int ArgumentBytes { get; init; }

    /// <summary>Bytes of shared memory that the module declares itself.</summary>
    public required int StaticSharedBytes { get; init; }

    /// <summary>
    /// Bytes of shared memory that every launch must ask for beside what the caller asked for: where the kernel's own arrays exceed the
    /// 48 KB that can be declared, they lie in front of the caller's dynamic memory.
    /// </summary>
    public required int ExtraDynamicSharedBytes { get; init; }

    /// <summary>Bytes of each thread's memory for arrays that could not be kept in registers.</summary>
    public required int LocalBytes { get; init; }

    /// <summary>The views whose elements are accessed several at a time.</summary>
    public required IReadOnlyList<ViewSlot> AlignedViews { get; init; }

    /// <summary>The views that are read as constants.</summary>
    public required IReadOnlyList<ViewSlot> ConstantViews { get; init; }

    /// <summary>The views that the kernel may write.</summary>
    public required IReadOnlyList<ViewSlot> WrittenViews { get; init; }

    /// <summary>
    /// Which assumptions hold for a block of arguments, or are of no consequence to this kernel. Where not all do, launch the module that
    /// was compiled under those that do.
    /// </summary>
    public unsafe PtxAssumptions Holding(byte* arguments) => new(AreAligned(arguments), AreDisjoint(arguments));

    private unsafe bool AreAligned(byte* arguments)
    {
        foreach (var view in AlignedViews)
        {
            if (*(long*)(arguments + view.Offset) % Alignment != 0)
            {
                return false;
            }
        }

        return true;
    }

    private unsafe bool AreDisjoint(byte* arguments)
    {
        foreach (var read in ConstantViews)
        {
            foreach (var written in WrittenViews)
            {
                if (Overlap(arguments, read, written))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static unsafe bool Overlap(byte* arguments, ViewSlot a, ViewSlot b)
    {
        var (startA, endA) = Range(arguments, a);
        var (startB, endB) = Range(arguments, b);
        return startA < endB && startB < endA;
    }

    private static unsafe (long Start, long End) Range(byte* arguments, ViewSlot view)
    {
        var start = *(long*)(arguments + view.Offset + ILGPU.ArrayView<byte>.PointerOffset);
        return (start, start + (*(long*)(arguments + view.Offset + ILGPU.ArrayView<byte>.LengthOffset) * view.ElementSize));
    }
}
