using System.Runtime.CompilerServices;

namespace ILGPU;

/// <summary>Maps an index to an element position.</summary>
/// <typeparam name="TIndex">The 32-bit index type.</typeparam>
public interface IStride<TIndex>
    where TIndex : struct, IGenericIndex<TIndex>
{
    /// <summary>The distance between neighbours, in elements, per dimension.</summary>
    TIndex StrideExtent { get; }
}

/// <summary>Maps 32-bit and 64-bit indices to element positions.</summary>
/// <typeparam name="TIndex">The 32-bit index type.</typeparam>
/// <typeparam name="TLongIndex">The 64-bit index type.</typeparam>
public interface IStride<TIndex, TLongIndex> : IStride<TIndex>
    where TIndex : struct, IIntIndex<TIndex, TLongIndex>
    where TLongIndex : struct, ILongIndex<TLongIndex, TIndex>
{
    /// <summary>The element position of an index.</summary>
    int ComputeElementIndex(TIndex index);

    /// <summary>The element position of an index.</summary>
    long ComputeElementIndex(TLongIndex index);

    /// <summary>The element position of an index inside an extent.</summary>
    int ComputeElementIndexChecked(TIndex index, TIndex extent);

    /// <summary>The element position of an index inside an extent.</summary>
    long ComputeElementIndexChecked(TLongIndex index, TLongIndex extent);

    /// <summary>The index of an element position.</summary>
    TIndex ReconstructFromElementIndex(int elementIndex);

    /// <summary>The index of an element position.</summary>
    TLongIndex ReconstructFromElementIndex(long elementIndex);

    /// <summary>The number of elements that an extent covers.</summary>
    int ComputeBufferLength(TIndex extent);

    /// <summary>The number of elements that an extent covers.</summary>
    long ComputeBufferLength(TLongIndex extent);
}

/// <summary>A stride of one dimension.</summary>
public interface IStride1D : IStride<Index1D, LongIndex1D>
{
    /// <summary>The distance between neighbours, in elements.</summary>
    int XStride { get; }
}

/// <summary>The strides of one dimension.</summary>
public static class Stride1D
{
    /// <summary>Neighbouring indices are neighbouring elements.</summary>
    public readonly struct Dense : IStride1D
    {
        /// <inheritdoc/>
        public Index1D StrideExtent => Index1D.One;

        /// <inheritdoc/>
        public int XStride => 1;

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int ComputeElementIndex(Index1D index) => index.X;

        /// <inheritdoc/>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public long ComputeElementIndex(LongIndex1D index) => index.X;

        /// <inheritdoc/>
        /// <remarks>The check itself is made by the view, which knows its length.</remarks>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int ComputeElementIndexChecked(Index1D index, Index1D extent) => index.X;

        /// <inheritdoc/>
        /// <remarks>The check itself is made by the view, which knows its length.</remarks>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public long ComputeElementIndexChecked(LongIndex1D index, LongIndex1D extent) => index.X;

        /// <inheritdoc/>
        public Index1D ReconstructFromElementIndex(int elementIndex) => elementIndex;

        /// <inheritdoc/>
        public LongIndex1D ReconstructFromElementIndex(long elementIndex) => elementIndex;

        /// <inheritdoc/>
        public int ComputeBufferLength(Index1D extent) => extent.X;

        /// <inheritdoc/>
        public long ComputeBufferLength(LongIndex1D extent) => extent.X;

        /// <inheritdoc/>
        public override string ToString() => "dense";
    }
}
