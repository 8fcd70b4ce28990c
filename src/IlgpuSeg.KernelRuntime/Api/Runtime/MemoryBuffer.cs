using IlgpuSeg.KernelRuntime.Devices;

namespace ILGPU.Runtime;

/// <summary>Memory on a device.</summary>
public abstract class MemoryBuffer : AcceleratorObject
{
    private readonly RawMemory _memory;

    /// <summary>A typed buffer over memory that another object made; shares the handle's lifetime with this object.</summary>
    private protected MemoryBuffer(Accelerator accelerator, RawMemory memory, long length, int elementSize)
        : base(accelerator)
    {
        _memory = memory;
        Length = length;
        ElementSize = elementSize;
        Handle = BufferTable.Register(this);
        accelerator.Attach(this);
    }

    /// <summary>The address on the device.</summary>
    public IntPtr NativePtr => _memory.Address;

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>The size of one element in bytes.</summary>
    public int ElementSize { get; }

    /// <summary>The size of the buffer in bytes.</summary>
    public long LengthInBytes => Length * ElementSize;

    internal long Handle { get; }

    /// <summary>Sets a range of bytes.</summary>
    /// <param name="stream">The stream to work in.</param>
    /// <param name="value">The value of every byte.</param>
    /// <param name="targetOffsetInBytes">The first byte.</param>
    /// <param name="length">The number of bytes.</param>
    public void MemSet(AcceleratorStream stream, byte value, long targetOffsetInBytes, long length) =>
        DeviceCopy.Fill(stream, AsRawArrayView(targetOffsetInBytes, length), value);

    /// <summary>Copies bytes from this buffer to a view.</summary>
    /// <param name="stream">The stream to work in.</param>
    /// <param name="sourceOffsetInBytes">The first byte to copy.</param>
    /// <param name="targetView">The target; its length is the number of bytes to copy.</param>
    public void CopyTo(AcceleratorStream stream, long sourceOffsetInBytes, in ArrayView<byte> targetView) =>
        DeviceCopy.Copy(stream, AsRawArrayView(sourceOffsetInBytes, targetView.Length), targetView);

    /// <summary>Copies bytes from a view to this buffer.</summary>
    /// <param name="stream">The stream to work in.</param>
    /// <param name="sourceView">The source; its length is the number of bytes to copy.</param>
    /// <param name="targetOffsetInBytes">The first byte to overwrite.</param>
    public void CopyFrom(AcceleratorStream stream, in ArrayView<byte> sourceView, long targetOffsetInBytes) =>
        DeviceCopy.Copy(stream, sourceView, AsRawArrayView(targetOffsetInBytes, sourceView.Length));

    /// <summary>The buffer as bytes.</summary>
    public ArrayView<byte> AsRawArrayView() => AsRawArrayView(0L, LengthInBytes);

    /// <summary>The buffer from a byte on.</summary>
    public ArrayView<byte> AsRawArrayView(long offsetInBytes) => AsRawArrayView(offsetInBytes, LengthInBytes - offsetInBytes);

    /// <summary>A range of bytes of the buffer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie inside the buffer.</exception>
    public ArrayView<byte> AsRawArrayView(long offsetInBytes, long lengthInBytes)
    {
        VerifyUsable();
        return new ArrayView<byte>(this, offsetInBytes, lengthInBytes);
    }

    /// <summary>A part of the buffer as elements of a type.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the buffer.</exception>
    public ArrayView<T> AsArrayView<T>(long offset, long length)
        where T : unmanaged
    {
        VerifyUsable();
        return new ArrayView<T>(this, offset, length);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        BufferTable.Release(Handle);
        Accelerator.Detach(this);
        _memory.Free();
    }
}

/// <summary>A buffer with a view of a fixed type.</summary>
/// <typeparam name="TView">The type of the view.</typeparam>
public class MemoryBuffer<TView> : MemoryBuffer, IContiguousArrayView
    where TView : struct, IArrayView
{
    private TView _view;

    private protected MemoryBuffer(Accelerator accelerator, RawMemory memory, long length, int elementSize)
        : base(accelerator, memory, length, elementSize)
    {
    }

    /// <summary>The view of the whole buffer.</summary>
    public TView View => _view;

    /// <summary>True until the buffer is disposed.</summary>
    public bool IsValid => !IsDisposed;

    /// <inheritdoc/>
    MemoryBuffer IArrayView.Buffer => this;

    /// <inheritdoc/>
    long IContiguousArrayView.Index => 0;

    /// <inheritdoc/>
    long IContiguousArrayView.IndexInBytes => 0;

    /// <summary>The view of the whole buffer.</summary>
    public TView ToArrayView() => _view;

    /// <summary>The view of the whole buffer.</summary>
    /// <exception cref="ArgumentNullException">The buffer is null.</exception>
    public static implicit operator TView(MemoryBuffer<TView> buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return buffer._view;
    }

    private protected void SetView(TView view) => _view = view;
}

/// <summary>A one-dimensional buffer.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <typeparam name="TStride">The stride type.</typeparam>
public class MemoryBuffer1D<T, TStride> : MemoryBuffer<ArrayView1D<T, TStride>>
    where T : unmanaged
    where TStride : struct, IStride1D
{
    internal unsafe MemoryBuffer1D(Accelerator accelerator, RawMemory memory, long elements, LongIndex1D extent, TStride stride)
        : base(accelerator, memory, elements, sizeof(T)) =>
        SetView(new ArrayView1D<T, TStride>(new ArrayView<T>(this, 0, elements), extent, stride));

    /// <summary>The number of indices.</summary>
    public LongIndex1D Extent => View.Extent;

    /// <summary>The number of indices in 32 bits.</summary>
    public Index1D IntExtent => View.IntExtent;

    /// <summary>The elements as a view.</summary>
    public ArrayView<T> AsContiguous() => View.BaseView;

    /// <summary>The elements as a view.</summary>
    public static explicit operator ArrayView<T>(MemoryBuffer1D<T, TStride> buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return buffer.AsContiguous();
    }
}
