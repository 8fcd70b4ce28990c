using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ILGPU.Runtime;

/// <summary>A one-dimensional view with a stride.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <typeparam name="TStride">The stride type.</typeparam>
[StructLayout(LayoutKind.Sequential)]
public readonly struct ArrayView1D<T, TStride> : IArrayView<T, Index1D, LongIndex1D, TStride>
    where T : unmanaged
    where TStride : struct, IStride1D
{
    /// <summary>The size of one element in bytes.</summary>
    public static readonly int ElementSize = Unsafe.SizeOf<T>();

    /// <summary>The view without elements.</summary>
    public static readonly ArrayView1D<T, TStride> Empty = GetEmpty(default);

    /// <summary>A view over the elements of another.</summary>
    /// <param name="baseView">The elements.</param>
    /// <param name="extent">The number of indices.</param>
    /// <param name="stride">The map from index to element.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ArrayView1D(ArrayView<T> baseView, LongIndex1D extent, TStride stride)
    {
        BaseView = baseView;
        Extent = extent;
        Stride = stride;
    }

    /// <summary>The elements.</summary>
    public ArrayView<T> BaseView { get; }

    /// <summary>The number of indices.</summary>
    public LongIndex1D Extent { get; }

    /// <summary>The map from index to element.</summary>
    public TStride Stride { get; }

    /// <inheritdoc/>
    MemoryBuffer IArrayView.Buffer => BaseView.FindBuffer()!;

    /// <inheritdoc/>
    int IArrayView.ElementSize => ElementSize;

    /// <summary>The number of indices in 32 bits.</summary>
    /// <exception cref="OverflowException">It does not fit 32 bits.</exception>
    public Index1D IntExtent => Extent.ToIntIndex();

    /// <summary>True if the view has memory and at least one element.</summary>
    public bool IsValid => BaseView.IsValid;

    /// <summary>The number of elements that the view covers.</summary>
    public long Length => Stride.ComputeBufferLength(Extent);

    /// <summary>The number of elements in 32 bits.</summary>
    /// <exception cref="OverflowException">It does not fit 32 bits.</exception>
    public int IntLength => checked((int)Length);

    /// <summary>The size of all elements in bytes.</summary>
    public long LengthInBytes => Length * ElementSize;

    /// <summary>The element at an index.</summary>
    /// <exception cref="IndexOutOfRangeException">The index lies outside of the view.</exception>
    public ref T this[Index1D index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref BaseView[ComputeLinearIndex(index)];
    }

    /// <summary>The element at an index.</summary>
    /// <exception cref="IndexOutOfRangeException">The index lies outside of the view.</exception>
    public ref T this[LongIndex1D index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref BaseView[ComputeLinearIndex(index)];
    }

    /// <summary>The element position of an index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ComputeLinearIndex(Index1D index) => Stride.ComputeElementIndex(index);

    /// <summary>The element position of an index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long ComputeLinearIndex(LongIndex1D index) => Stride.ComputeElementIndex(index);

    /// <summary>A part of the view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the view.</exception>
    public ArrayView1D<T, TStride> SubView(Index1D index, Index1D extent) =>
        SubView(index.ToLongIndex(), extent.ToLongIndex());

    /// <summary>A part of the view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the view.</exception>
    public ArrayView1D<T, TStride> SubView(LongIndex1D index, LongIndex1D extent) =>
        new(BaseView.SubView(ComputeLinearIndex(index), Stride.ComputeBufferLength(extent)), extent, Stride);

    /// <summary>The elements without the stride.</summary>
    public ArrayView<T> AsContiguous() => BaseView;

    /// <summary>The view with a dense stride.</summary>
    /// <exception cref="InvalidOperationException">The stride is not one.</exception>
    public ArrayView1D<T, Stride1D.Dense> AsDense() =>
        Stride.XStride == 1
            ? new ArrayView1D<T, Stride1D.Dense>(BaseView, Extent, default)
            : throw new InvalidOperationException($"A view with stride {Stride.XStride} is not dense.");

    /// <summary>The view without elements and a stride.</summary>
    public static ArrayView1D<T, TStride> GetEmpty(TStride stride) => new(ArrayView<T>.Empty, LongIndex1D.Zero, stride);

    /// <inheritdoc/>
    public override string ToString() => BaseView.ToString();
}
