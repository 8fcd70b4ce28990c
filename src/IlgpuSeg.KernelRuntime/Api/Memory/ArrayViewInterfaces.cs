using ILGPU.Runtime;

namespace ILGPU;

/// <summary>A view of elements in a device's memory.</summary>
public interface IArrayView
{
    /// <summary>The buffer that the view looks into.</summary>
    MemoryBuffer Buffer { get; }

    /// <summary>True if the view has a buffer and at least one element.</summary>
    bool IsValid { get; }

    /// <summary>The number of elements.</summary>
    long Length { get; }

    /// <summary>The size of one element in bytes.</summary>
    int ElementSize { get; }

    /// <summary>The size of all elements in bytes.</summary>
    long LengthInBytes { get; }
}

/// <summary>A view whose elements lie side by side.</summary>
public interface IContiguousArrayView : IArrayView
{
    /// <summary>The position of the first element inside the buffer, in elements.</summary>
    long Index { get; }

    /// <summary>The position of the first element inside the buffer, in bytes.</summary>
    long IndexInBytes { get; }

    /// <summary>The same memory as bytes.</summary>
    ArrayView<byte> AsRawArrayView();
}

/// <summary>A view of elements of one type.</summary>
/// <typeparam name="T">The element type.</typeparam>
public interface IArrayView<T> : IArrayView
    where T : unmanaged
{
}

/// <summary>A view of elements of one type that lie side by side.</summary>
/// <typeparam name="T">The element type.</typeparam>
public interface IContiguousArrayView<T> : IArrayView<T>, IContiguousArrayView
    where T : unmanaged
{
}

/// <summary>A view with a stride.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <typeparam name="TStrideIndex">The stride's index type.</typeparam>
/// <typeparam name="TStride">The stride type.</typeparam>
public interface IStridedArrayView<T, TStrideIndex, TStride> : IArrayView<T>
    where T : unmanaged
    where TStrideIndex : struct, IGenericIndex<TStrideIndex>
    where TStride : struct, IStride<TStrideIndex>
{
    /// <summary>The stride.</summary>
    TStride Stride { get; }
}

/// <summary>A view that is indexed by one index type.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <typeparam name="TIndex">The index type.</typeparam>
public interface IArrayView<T, TIndex> : IArrayView
    where T : unmanaged
    where TIndex : struct, IGenericIndex<TIndex>
{
    /// <summary>The extent of the view.</summary>
    TIndex Extent { get; }

    /// <summary>The element at an index.</summary>
    ref T this[TIndex index] { get; }
}

/// <summary>A view that is indexed by a 32-bit and a 64-bit index type.</summary>
/// <typeparam name="T">The element type.</typeparam>
/// <typeparam name="TIndex">The 32-bit index type.</typeparam>
/// <typeparam name="TLongIndex">The 64-bit index type.</typeparam>
/// <typeparam name="TStride">The stride type.</typeparam>
public interface IArrayView<T, TIndex, TLongIndex, TStride> :
    IArrayView<T, TLongIndex>,
    IStridedArrayView<T, TIndex, TStride>
    where T : unmanaged
    where TIndex : struct, IIntIndex<TIndex, TLongIndex>
    where TLongIndex : struct, ILongIndex<TLongIndex, TIndex>
    where TStride : struct, IStride<TIndex>
{
    /// <summary>The number of elements in 32 bits.</summary>
    int IntLength { get; }

    /// <summary>The extent in 32 bits.</summary>
    TIndex IntExtent { get; }

    /// <summary>The element at an index.</summary>
    ref T this[TIndex index] { get; }
}
