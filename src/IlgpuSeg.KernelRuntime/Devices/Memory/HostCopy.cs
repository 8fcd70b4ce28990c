using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>The forms in which host data comes to the copy functions. A null stream stands for the default stream.</summary>
internal static unsafe class HostCopy
{
    public static void FromArray<T>(AcceleratorStream? stream, ArrayView<T> target, T[] data)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        FromSpan<T>(stream, target.Cast<byte>(), data);
    }

    public static void ToArray<T>(AcceleratorStream? stream, ArrayView<T> source, T[] data)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(data);
        ToSpan<T>(stream, source.Cast<byte>(), data);
    }

    public static void FromSpan<T>(AcceleratorStream? stream, ArrayView<byte> target, ReadOnlySpan<T> data)
        where T : unmanaged
    {
        fixed (T* host = data)
            DeviceCopy.FromHost(stream, host, (long)data.Length * sizeof(T), target);
    }

    public static void ToSpan<T>(AcceleratorStream? stream, ArrayView<byte> source, Span<T> data)
        where T : unmanaged
    {
        fixed (T* host = data)
            DeviceCopy.ToHost(stream, source, host, (long)data.Length * sizeof(T));
    }

    public static void FromReference<T>(AcceleratorStream? stream, ArrayView<byte> target, ref T data, long length)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        fixed (T* host = &data)
            DeviceCopy.FromHost(stream, host, checked(length * sizeof(T)), target);
    }

    public static void ToReference<T>(AcceleratorStream? stream, ArrayView<byte> source, ref T data, long length)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        fixed (T* host = &data)
            DeviceCopy.ToHost(stream, source, host, checked(length * sizeof(T)));
    }

    public static void FromPages<T>(AcceleratorStream? stream, ArrayView<byte> target, PageLockScope<T>? pages)
        where T : unmanaged
    {
        if (pages is not null)
            DeviceCopy.FromHost(stream, (void*)pages.AddrOfLockedObject, pages.LengthInBytes, target, async: true);
    }

    public static void ToPages<T>(AcceleratorStream? stream, ArrayView<byte> source, PageLockScope<T>? pages)
        where T : unmanaged
    {
        if (pages is not null)
            DeviceCopy.ToHost(stream, source, (void*)pages.AddrOfLockedObject, pages.LengthInBytes, async: true);
    }

    public static void FromPages<T>(AcceleratorStream? stream, ArrayView<byte> target, PageLockedArray<T> array)
        where T : unmanaged =>
        FromPages(stream, target, Live(array));

    public static void ToPages<T>(AcceleratorStream? stream, ArrayView<byte> source, PageLockedArray<T> array)
        where T : unmanaged =>
        ToPages(stream, source, Live(array));

    public static T[] NewArray<T>(AcceleratorStream? stream, ArrayView<T> source)
        where T : unmanaged
    {
        var data = new T[source.Length];
        ToSpan<T>(stream, source.Cast<byte>(), data);
        return data;
    }

    public static MemoryBuffer1D<T, Stride1D.Dense> NewBuffer<T>(Accelerator accelerator, AcceleratorStream? stream, T[] data)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        ArgumentNullException.ThrowIfNull(data);
        MemoryBuffer1D<T, Stride1D.Dense> buffer = accelerator.Allocate1D<T>(data.LongLength);
        FromArray(stream, buffer.AsContiguous(), data);
        return buffer;
    }

    /// <summary>The pages of an array that was not disposed; null for the empty array.</summary>
    private static PageLockScope<T>? Live<T>(PageLockedArray<T> array)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(array);
        ObjectDisposedException.ThrowIf(array.IsDisposed, array);
        return array.Scope;
    }
}
