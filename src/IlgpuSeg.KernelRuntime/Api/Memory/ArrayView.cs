using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime.Devices;

namespace ILGPU;

/// <summary>A view of elements that lie side by side in a device's memory.</summary>
/// <remarks>
/// The view is a plain value: address, length, and the handle of its buffer by which the host recognises disposed buffers.
/// Kernel compilers rely on this order of fields (see <see cref="PointerOffset"/>). When a kernel runs as plain C#, the
/// indexers check their range; a compiled kernel does not.
/// </remarks>
/// <typeparam name="T">The element type.</typeparam>
[StructLayout(LayoutKind.Sequential)]
public readonly unsafe struct ArrayView<T> : IArrayView<T, Index1D, LongIndex1D, Stride1D.Dense>, IContiguousArrayView<T>
    where T : unmanaged
{
    /// <summary>The size of one element in bytes.</summary>
    public static readonly int ElementSize = sizeof(T);

    /// <summary>The view without elements.</summary>
    public static readonly ArrayView<T> Empty;

    internal const int PointerOffset = 0;
    internal const int LengthOffset = 8;
    internal const int HandleOffset = 16;

    private readonly T* _pointer;
    private readonly long _length;
    private readonly long _handle;

    /// <summary>A view of a part of a buffer.</summary>
    /// <param name="source">The buffer.</param>
    /// <param name="index">The first element, in elements of <typeparamref name="T"/>.</param>
    /// <param name="length">The number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the buffer.</exception>
    public ArrayView(MemoryBuffer source, long index, long length)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (checked((index + length) * sizeof(T)) > source.LengthInBytes)
            throw new ArgumentOutOfRangeException(
                nameof(length),
                $"Elements {index} .. {index + length - 1} of {sizeof(T)} bytes do not lie in a buffer of {source.LengthInBytes} bytes.");
        _pointer = (T*)source.NativePtr + index;
        _length = length;
        _handle = source.Handle;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ArrayView(T* pointer, long length, long handle)
    {
        _pointer = pointer;
        _length = length;
        _handle = handle;
    }

    /// <summary>The address of the first element.</summary>
    internal T* Pointer => _pointer;

    /// <summary>The handle of the buffer; 0 for shared, local and host memory.</summary>
    internal long Handle => _handle;

    internal MemoryBuffer? FindBuffer() => BufferTable.Find(_handle);

    /// <inheritdoc/>
    MemoryBuffer IArrayView.Buffer => FindBuffer()!;

    /// <inheritdoc/>
    int IArrayView.ElementSize => sizeof(T);

    /// <inheritdoc/>
    long IContiguousArrayView.Index => ((IContiguousArrayView)this).IndexInBytes / sizeof(T);

    /// <inheritdoc/>
    long IContiguousArrayView.IndexInBytes =>
        FindBuffer() is { } buffer ? (byte*)_pointer - (byte*)buffer.NativePtr : 0;

    /// <summary>True if the view has memory and at least one element.</summary>
    public bool IsValid => _pointer != null && _length > 0;

    /// <summary>The number of elements as an index.</summary>
    public LongIndex1D Extent => new(_length);

    /// <summary>The stride: neighbours are adjacent.</summary>
    public Stride1D.Dense Stride => default;

    /// <summary>The number of elements as a 32-bit index.</summary>
    /// <exception cref="OverflowException">It does not fit 32 bits.</exception>
    public Index1D IntExtent => new(IntLength);

    /// <summary>The number of elements.</summary>
    public long Length
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _length;
    }

    /// <summary>The number of elements in 32 bits.</summary>
    /// <exception cref="OverflowException">It does not fit 32 bits.</exception>
    public int IntLength
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => checked((int)_length);
    }

    /// <summary>The size of all elements in bytes.</summary>
    public long LengthInBytes => _length * sizeof(T);

    /// <summary>The element at an index.</summary>
    /// <exception cref="IndexOutOfRangeException">The index lies outside of the view.</exception>
    public ref T this[Index1D index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref this[(long)index.X];
    }

    /// <summary>The element at an index.</summary>
    /// <exception cref="IndexOutOfRangeException">The index lies outside of the view.</exception>
    public ref T this[LongIndex1D index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref this[index.X];
    }

    /// <summary>The element at an index.</summary>
    /// <exception cref="IndexOutOfRangeException">The index lies outside of the view.</exception>
    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref this[(long)index];
    }

    /// <summary>The element at an index.</summary>
    /// <exception cref="IndexOutOfRangeException">The index lies outside of the view.</exception>
    public ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((ulong)index >= (ulong)_length)
                ViewErrors.IndexOutOfRange(index, _length);
            return ref _pointer[index];
        }
    }

    /// <summary>The elements from an index on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index lies outside of the view.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ArrayView<T> SubView(long index) => SubView(index, _length - index);

    /// <summary>A part of the view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the view.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ArrayView<T> SubView(int index, int subViewLength) => SubView((long)index, subViewLength);

    /// <summary>A part of the view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The part does not lie inside the view, or starts at its end: an empty part too must start at an element, as with the packages.
    /// </exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ArrayView<T> SubView(long index, long subViewLength)
    {
        if (index < 0 || subViewLength < 0 || index > _length - subViewLength || (index == _length && index > 0))
            ViewErrors.SubViewOutOfRange(index, subViewLength, _length);
        return new ArrayView<T>(_pointer + index, subViewLength, _handle);
    }

    /// <summary>The same memory as elements of another type; a remainder that fills no element is left out.</summary>
    /// <typeparam name="TOther">The other element type.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ArrayView<TOther> Cast<TOther>()
        where TOther : unmanaged =>
        new((TOther*)_pointer, _length * sizeof(T) / sizeof(TOther), _handle);

    /// <inheritdoc/>
    ArrayView<byte> IContiguousArrayView.AsRawArrayView() => Cast<byte>();

    /// <summary>The view as a one-dimensional view with a stride.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator ArrayView1D<T, Stride1D.Dense>(ArrayView<T> view) => new(view, view._length, default);

    /// <summary>The elements of a dense one-dimensional view.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator ArrayView<T>(ArrayView1D<T, Stride1D.Dense> view) => view.BaseView;

    /// <inheritdoc/>
    public override string ToString() => $"{typeof(T).Name}[{_length}]";
}

/// <summary>The throwing half of the view's checks, kept out of the callers so that those can be inlined.</summary>
internal static class ViewErrors
{
    [DoesNotReturn]
    public static void IndexOutOfRange(long index, long length) =>
        throw new IndexOutOfRangeException($"Index {index} lies outside of a view of {length} elements.");

    [DoesNotReturn]
    public static void SubViewOutOfRange(long index, long subViewLength, long length) =>
        throw new ArgumentOutOfRangeException(
            nameof(index),
            $"The part at {index} with {subViewLength} elements lies outside of a view of {length} elements.");
}
