using System.Runtime.InteropServices;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>A block of memory on a device, freed once by its buffer.</summary>
internal abstract class RawMemory
{
    public IntPtr Address { get; protected init; }

    public abstract void Free();
}

/// <summary>Native host memory, aligned to a cache line, which is also a full vector of every CPU.</summary>
internal sealed unsafe class HostMemory : RawMemory
{
    public const int Alignment = 64;

    public HostMemory(long bytes)
    {
        // Rounded up to whole lines, so that the last vector of a buffer never shares its line with a stranger.
        long rounded = Math.Max(Alignment, checked(bytes + Alignment - 1) & -Alignment);
        Address = (IntPtr)NativeMemory.AlignedAlloc((nuint)rounded, Alignment);
    }

    public override void Free() => NativeMemory.AlignedFree((void*)Address);
}
