using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>Copies between device memory and the host, checked here once for all of the public overloads.</summary>
internal static unsafe class DeviceCopy
{
    public static void Fill(AcceleratorStream? stream, ArrayView<byte> target, byte value)
    {
        MemoryBuffer? buffer = Owner(target, nameof(target));
        if (buffer is not null)
            buffer.Accelerator.FillBytes(StreamOf(stream, buffer), target.Pointer, value, target.Length);
    }

    public static void Copy(AcceleratorStream? stream, ArrayView<byte> source, ArrayView<byte> target)
    {
        if (source.Length > target.Length)
            throw new ArgumentOutOfRangeException(
                nameof(source),
                $"A view of {source.Length} bytes can't be copied to a view of {target.Length} bytes.");
        MemoryBuffer? from = Owner(source, nameof(source));
        MemoryBuffer? to = Owner(target, nameof(target));
        if (from is null || to is null)
            return;
        if (from.Accelerator == to.Accelerator)
            to.Accelerator.CopyBytes(StreamOf(stream, to), source.Pointer, target.Pointer, source.Length);
        else
            CopyAcross(stream, from.Accelerator, to.Accelerator, source, target);
    }

    public static void FromHost(AcceleratorStream? stream, void* host, long hostBytes, ArrayView<byte> target, bool async = false)
    {
        if (hostBytes > target.Length)
            throw new ArgumentOutOfRangeException(
                nameof(host),
                $"{hostBytes} bytes of host data do not fit a view of {target.Length} bytes.");
        MemoryBuffer? buffer = Owner(target, nameof(target));
        if (buffer is not null && hostBytes > 0)
            buffer.Accelerator.CopyFromHost(StreamOf(stream, buffer), host, target.Pointer, hostBytes, async);
    }

    public static void ToHost(AcceleratorStream? stream, ArrayView<byte> source, void* host, long hostBytes, bool async = false)
    {
        if (hostBytes > source.Length)
            throw new ArgumentOutOfRangeException(
                nameof(source),
                $"{hostBytes} bytes were asked for from a view of {source.Length} bytes.");
        MemoryBuffer? buffer = Owner(source, nameof(source));
        if (buffer is not null && hostBytes > 0)
            buffer.Accelerator.CopyToHost(StreamOf(stream, buffer), source.Pointer, host, hostBytes, async);
    }

    /// <summary>The live buffer of a view; null for a view without elements.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    private static MemoryBuffer? Owner(ArrayView<byte> view, string name)
    {
        if (view.FindBuffer() is { } buffer)
            return buffer;
        if (view.Length == 0)
            return null;
        if (view.Handle == 0)
            throw new ArgumentException("The view does not belong to a buffer.", name);
        throw new ObjectDisposedException(nameof(MemoryBuffer), "The view's buffer was disposed.");
    }

    private static AcceleratorStream StreamOf(AcceleratorStream? stream, MemoryBuffer buffer)
    {
        if (stream is null)
            return buffer.Accelerator.DefaultStream;
        if (stream.Accelerator != buffer.Accelerator)
            throw new ArgumentException($"The stream belongs to {stream.Accelerator}, the buffer to {buffer.Accelerator}.", nameof(stream));
        return stream;
    }

    /// <summary>Copies by way of the host: after what is in the stream, if it is one of the two accelerators'.</summary>
    private static void CopyAcross(AcceleratorStream? stream, Accelerator from, Accelerator to, ArrayView<byte> source, ArrayView<byte> target)
    {
        if (source.Length == 0)
            return;
        var staging = new byte[source.Length];
        fixed (byte* host = staging)
        {
            from.CopyToHost(stream?.Accelerator == from ? stream : from.DefaultStream, source.Pointer, host, source.Length, async: false);
            to.CopyFromHost(stream?.Accelerator == to ? stream : to.DefaultStream, host, target.Pointer, source.Length, async: false);
        }
    }
}
