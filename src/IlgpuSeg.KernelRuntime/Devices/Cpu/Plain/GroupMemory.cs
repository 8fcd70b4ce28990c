using System.Runtime.InteropServices;
using ILGPU;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>
/// The shared memory of the group that a thread runs. All threads of a group allocate in the same order, so the n-th
/// allocation of every thread is the same array.
/// </summary>
internal sealed unsafe class GroupMemory
{
    /// <summary>What undefined memory holds: every float of it is NaN, so that reading it before writing shows.</summary>
    private const byte Undefined = 0xFF;

    [ThreadStatic]
    private static GroupMemory? t_current;

    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(CpuLimits.MaxSharedMemoryPerGroup, HostMemory.Alignment);
    private readonly List<(int Offset, int Bytes)> _allocations = [];
    private int _used;
    private int _dynamicBytes;

    ~GroupMemory() => NativeMemory.AlignedFree(_memory);

    /// <summary>The memory of the calling thread's group.</summary>
    public static GroupMemory Current
    {
        get => t_current ?? throw new InvalidOperationException("Shared memory exists only inside of kernels.");
        set => t_current = value;
    }

    /// <summary>The calling thread's own memory, for groups that one thread runs alone.</summary>
    public static GroupMemory OfThread => t_current ??= new GroupMemory();

    /// <summary>Forgets the former group.</summary>
    public void EnterGroup(int dynamicBytes)
    {
        _allocations.Clear();
        _used = Aligned(dynamicBytes);
        _dynamicBytes = dynamicBytes;
        new Span<byte>(_memory, _used).Fill(Undefined);
    }

    public ArrayView<T> AllocateShared<T>(int extent)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(extent);
        int bytes = checked(extent * sizeof(T));
        int number = KernelThread.Position.SharedAllocations++;
        if (number == _allocations.Count)
            Append(bytes);
        (int offset, int existing) = _allocations[number];
        if (existing != bytes)
            throw new InvalidOperationException(
                $"The threads of a group allocate different shared memory: {existing} and {bytes} bytes in allocation {number}.");
        return new ArrayView<T>((T*)(_memory + offset), extent, 0);
    }

    public ArrayView<T> GetDynamic<T>()
        where T : unmanaged =>
        new((T*)_memory, _dynamicBytes / sizeof(T), 0);

    private void Append(int bytes)
    {
        int end = checked(_used + Aligned(bytes));
        if (end > CpuLimits.MaxSharedMemoryPerGroup)
            throw new InvalidOperationException(
                $"The group needs {end} bytes of shared memory; the device has {CpuLimits.MaxSharedMemoryPerGroup}.");
        new Span<byte>(_memory + _used, bytes).Fill(Undefined);
        _allocations.Add((_used, bytes));
        _used = end;
    }

    private static int Aligned(int bytes) => checked(bytes + HostMemory.Alignment - 1) & -HostMemory.Alignment;
}

/// <summary>The local memory of one operating-system thread; every kernel thread that it runs starts anew.</summary>
internal sealed unsafe class LocalArena
{
    private const byte Undefined = 0xFF;

    /// <summary>As much as a GPU gives a thread.</summary>
    private const int Capacity = 512 * 1024;

    [ThreadStatic]
    private static LocalArena? t_current;

    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc(Capacity, HostMemory.Alignment);

    ~LocalArena() => NativeMemory.AlignedFree(_memory);

    public static LocalArena Current => t_current ??= new LocalArena();

    public ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(extent);
        ref int used = ref KernelThread.Position.LocalBytes;
        int bytes = checked(extent * sizeof(T));
        if (bytes > Capacity - used)
            throw new InvalidOperationException($"A thread needs more than {Capacity} bytes of local memory.");
        byte* start = _memory + used;
        new Span<byte>(start, bytes).Fill(Undefined);
        used = Math.Min(Capacity, (used + bytes + 15) & -16);
        return new ArrayView<T>((T*)start, extent, 0);
    }
}
