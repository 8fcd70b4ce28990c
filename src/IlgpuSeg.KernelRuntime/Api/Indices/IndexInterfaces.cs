namespace ILGPU;

/// <summary>The kinds of index types that a kernel can be launched with.</summary>
public enum IndexType
{
    /// <summary>No index.</summary>
    None = 0,

    /// <summary><see cref="ILGPU.Index1D"/>.</summary>
    Index1D = 1,

    /// <summary><see cref="ILGPU.Index2D"/>.</summary>
    Index2D = 2,

    /// <summary><see cref="ILGPU.Index3D"/>.</summary>
    Index3D = 3,

    /// <summary><see cref="ILGPU.LongIndex1D"/>.</summary>
    LongIndex1D = 4,

    /// <summary><see cref="ILGPU.LongIndex2D"/>.</summary>
    LongIndex2D = 5,

    /// <summary><see cref="ILGPU.LongIndex3D"/>.</summary>
    LongIndex3D = 6,

    /// <summary><see cref="ILGPU.KernelConfig"/>: explicit grid and group dimensions.</summary>
    KernelConfig = 7,
}

/// <summary>An index or extent.</summary>
public interface IIndex
{
    /// <summary>The number of elements of an extent of this size.</summary>
    long Size { get; }
}

/// <summary>An index of 32-bit integers.</summary>
public interface IIntIndex : IIndex
{
    /// <summary>The number of elements of an extent of this size, in 32 bits.</summary>
    new int Size { get; }
}

/// <summary>An index that the runtime knows.</summary>
public interface IIntrinsicIndex : IIndex
{
    /// <summary>Which index type this is.</summary>
    IndexType IndexType { get; }
}

/// <summary>Arithmetic and bounds of an index type.</summary>
/// <typeparam name="TIndex">The index type itself.</typeparam>
public interface IGenericIndex<TIndex> : IIndex, IEquatable<TIndex>
    where TIndex : struct, IIndex
{
    /// <summary>True if every coordinate lies in 0 .. dimension - 1.</summary>
    bool InBounds(TIndex dimension);

    /// <summary>True if every coordinate lies in 0 .. dimension.</summary>
    bool InBoundsInclusive(TIndex dimension);

    /// <summary>The sum with another index, per coordinate.</summary>
    TIndex Add(TIndex rhs);

    /// <summary>The difference to another index, per coordinate.</summary>
    TIndex Subtract(TIndex rhs);
}

/// <summary>A 32-bit index type and its 64-bit partner.</summary>
/// <typeparam name="TIndex">The 32-bit index type itself.</typeparam>
/// <typeparam name="TLongIndex">The 64-bit partner.</typeparam>
public interface IIntIndex<TIndex, TLongIndex> : IIntIndex, IIntrinsicIndex, IGenericIndex<TIndex>
    where TIndex : struct, IIntIndex<TIndex, TLongIndex>
    where TLongIndex : struct, ILongIndex<TLongIndex, TIndex>
{
    /// <summary>This index in 64 bits.</summary>
    TLongIndex ToLongIndex();
}

/// <summary>A 64-bit index type and its 32-bit partner.</summary>
/// <typeparam name="TLongIndex">The 64-bit index type itself.</typeparam>
/// <typeparam name="TIndex">The 32-bit partner.</typeparam>
public interface ILongIndex<TLongIndex, TIndex> : IIntrinsicIndex, IGenericIndex<TLongIndex>
    where TLongIndex : struct, ILongIndex<TLongIndex, TIndex>
    where TIndex : struct, IIntIndex<TIndex, TLongIndex>
{
    /// <summary>This index in 32 bits.</summary>
    TIndex ToIntIndex();
}
