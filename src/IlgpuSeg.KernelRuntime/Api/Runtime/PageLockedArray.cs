using System.Runtime.InteropServices;
using ILGPU.Util;

namespace ILGPU.Runtime;

/// <summary>An array in page-locked host memory.</summary>
/// <typeparam name="T">The element type.</typeparam>
public abstract class PageLockedArray<T> : DisposeBase
    where T : unmanaged
{
    private protected PageLockedArray(PageLockScope<T>? scope)
    {
        Scope = scope;
    }

    /// <summary>The elements.</summary>
    public abstract Span<T> Span { get; }

    /// <summary>The number of elements.</summary>
    public long Length => Span.Length;

    internal PageLockScope<T>? Scope { get; }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Scope?.Dispose();
}

/// <summary>A one-dimensional array in page-locked host memory.</summary>
/// <typeparam name="T">The element type.</typeparam>
public sealed class PageLockedArray1D<T> : PageLockedArray<T>
    where T : unmanaged
{
    /// <summary>The array without elements.</summary>
    public static readonly PageLockedArray1D<T> Empty = new([], null);

    private readonly T[] _array;

    private PageLockedArray1D(T[] array, PageLockScope<T>? scope)
        : base(scope)
    {
        _array = array;
    }

    /// <summary>The number of elements as an index.</summary>
    public LongIndex1D Extent => _array.LongLength;

    /// <inheritdoc/>
    public override Span<T> Span => _array;

    /// <summary>An element.</summary>
    public ref T this[int index] => ref _array[index];

    /// <summary>An element.</summary>
    public ref T this[long index] => ref _array[index];

    /// <summary>The elements as an array; not a copy.</summary>
    public T[] GetArray() => _array;

    /// <summary>Allocates on the pinned heap, whose objects never move.</summary>
    internal static PageLockedArray1D<T> Allocate(Accelerator accelerator, long length, bool uninitialized)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        accelerator.VerifyUsable();
        int count = checked((int)length);
        T[] array = uninitialized ? GC.AllocateUninitializedArray<T>(count, pinned: true) : GC.AllocateArray<T>(count, pinned: true);
        return new PageLockedArray1D<T>(array, accelerator.PageLock<T>(array, Marshal.UnsafeAddrOfPinnedArrayElement(array, 0), length));
    }
}

/// <summary>Allocates page-locked arrays.</summary>
public static class PageLockedArrayExtensions
{
    /// <summary>Allocates a page-locked array of zeros.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="accelerator">The accelerator that is to reach the array.</param>
    /// <param name="extent">The number of elements.</param>
    public static PageLockedArray1D<T> AllocatePageLocked1D<T>(this Accelerator accelerator, LongIndex1D extent)
        where T : unmanaged =>
        accelerator.AllocatePageLocked1D<T>(extent, uninitialized: false);

    /// <summary>Allocates a page-locked array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="accelerator">The accelerator that is to reach the array.</param>
    /// <param name="extent">The number of elements.</param>
    /// <param name="uninitialized">True if the contents may be undefined.</param>
    public static PageLockedArray1D<T> AllocatePageLocked1D<T>(this Accelerator accelerator, LongIndex1D extent, bool uninitialized)
        where T : unmanaged =>
        PageLockedArray1D<T>.Allocate(accelerator, extent.X, uninitialized);
}
