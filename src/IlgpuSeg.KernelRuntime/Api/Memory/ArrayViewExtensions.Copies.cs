using IlgpuSeg.KernelRuntime.Devices;

namespace ILGPU.Runtime;

// Copies between views and host memory. Without a stream they are made in the default stream.
public static unsafe partial class ArrayViewExtensions
{
    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T>(this ArrayView<T> view, T[] data)
        where T : unmanaged =>
        HostCopy.FromArray(null, view, data);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, T[] data)
        where T : unmanaged =>
        HostCopy.FromArray(null, view.BaseView, data);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, T[] data)
        where T : unmanaged =>
        HostCopy.FromArray(null, buffer.View.BaseView, data);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T, TView>(this TView target, in ReadOnlySpan<T> span)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.FromSpan<T>(null, target.AsRawArrayView(), span);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T, TView>(this TView target, ref T cpuData, long length)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.FromReference(null, target.AsRawArrayView(), ref cpuData, length);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> target, ref T cpuData, long length)
        where T : unmanaged =>
        HostCopy.FromReference(null, target.BaseView.Cast<byte>(), ref cpuData, length);

    /// <summary>Copies page-locked host data to the view; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromPageLockedAsync<T, TView>(this TView target, PageLockScope<T> pageLockScope)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.FromPages(null, target.AsRawArrayView(), pageLockScope);

    /// <summary>Copies page-locked host data to the view; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromPageLockedAsync<T, TView>(this TView target, PageLockedArray<T> pageLockedArray)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.FromPages(null, target.AsRawArrayView(), pageLockedArray);

    /// <summary>Copies page-locked host data to the view; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> target, PageLockScope<T> pageLockScope)
        where T : unmanaged =>
        HostCopy.FromPages(null, target.BaseView.Cast<byte>(), pageLockScope);

    /// <summary>Copies page-locked host data to the view; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> target, PageLockedArray1D<T> pageLockedArray)
        where T : unmanaged =>
        HostCopy.FromPages(null, target.BaseView.Cast<byte>(), pageLockedArray);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T>(this ArrayView<T> view, T[] data)
        where T : unmanaged =>
        HostCopy.ToArray(null, view, data);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, T[] data)
        where T : unmanaged =>
        HostCopy.ToArray(null, view.BaseView, data);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, T[] data)
        where T : unmanaged =>
        HostCopy.ToArray(null, buffer.View.BaseView, data);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T, TView>(this TView source, in Span<T> span)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.ToSpan<T>(null, source.AsRawArrayView(), span);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T, TView>(this TView source, ref T cpuData, long length)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.ToReference(null, source.AsRawArrayView(), ref cpuData, length);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> source, ref T cpuData, long length)
        where T : unmanaged =>
        HostCopy.ToReference(null, source.BaseView.Cast<byte>(), ref cpuData, length);

    /// <summary>Copies the view to page-locked host data; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToPageLockedAsync<T, TView>(this TView source, PageLockScope<T> pageLockScope)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.ToPages(null, source.AsRawArrayView(), pageLockScope);

    /// <summary>Copies the view to page-locked host data; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToPageLockedAsync<T, TView>(this TView source, PageLockedArray<T> pageLockedArray)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.ToPages(null, source.AsRawArrayView(), pageLockedArray);

    /// <summary>Copies the view to page-locked host data; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> source, PageLockScope<T> pageLockScope)
        where T : unmanaged =>
        HostCopy.ToPages(null, source.BaseView.Cast<byte>(), pageLockScope);

    /// <summary>Copies the view to page-locked host data; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToPageLockedAsync<T>(this ArrayView1D<T, Stride1D.Dense> source, PageLockedArray1D<T> pageLockedArray)
        where T : unmanaged =>
        HostCopy.ToPages(null, source.BaseView.Cast<byte>(), pageLockedArray);

    /// <summary>The elements as a new array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static T[] GetAsArray<T>(this ArrayView<T> view)
        where T : unmanaged =>
        HostCopy.NewArray(null, view);

    /// <summary>The elements as a new array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static T[] GetAsArray1D<T>(this ArrayView1D<T, Stride1D.Dense> view)
        where T : unmanaged =>
        HostCopy.NewArray(null, view.BaseView);

    /// <summary>The elements as a new array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static T[] GetAsArray1D<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer)
        where T : unmanaged =>
        HostCopy.NewArray(null, buffer.View.BaseView);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T>(this ArrayView<T> view, AcceleratorStream stream, T[] data)
        where T : unmanaged =>
        HostCopy.FromArray(stream, view, data);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream, T[] data)
        where T : unmanaged =>
        HostCopy.FromArray(stream, view.BaseView, data);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, AcceleratorStream stream, T[] data)
        where T : unmanaged =>
        HostCopy.FromArray(stream, buffer.View.BaseView, data);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T, TView>(this TView target, AcceleratorStream stream, in ReadOnlySpan<T> span)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.FromSpan<T>(stream, target.AsRawArrayView(), span);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> target, AcceleratorStream stream, in ReadOnlySpan<T> span)
        where T : unmanaged =>
        HostCopy.FromSpan<T>(stream, target.BaseView.Cast<byte>(), span);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T, TView>(this TView target, AcceleratorStream stream, ref T cpuData, long length)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.FromReference(stream, target.AsRawArrayView(), ref cpuData, length);

    /// <summary>Copies host data to the view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromCPU<T>(this ArrayView1D<T, Stride1D.Dense> target, AcceleratorStream stream, ref T cpuData, long length)
        where T : unmanaged =>
        HostCopy.FromReference(stream, target.BaseView.Cast<byte>(), ref cpuData, length);

    /// <summary>Copies page-locked host data to the view; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromPageLockedAsync<T, TView>(this TView target, AcceleratorStream stream, PageLockScope<T> pageLockScope)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.FromPages(stream, target.AsRawArrayView(), pageLockScope);

    /// <summary>Copies page-locked host data to the view; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromPageLockedAsync<T, TView>(this TView target, AcceleratorStream stream, PageLockedArray<T> pageLockedArray)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.FromPages(stream, target.AsRawArrayView(), pageLockedArray);

    /// <summary>Copies page-locked host data to the view; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromPageLockedAsync<T>(
        this ArrayView1D<T, Stride1D.Dense> target,
        AcceleratorStream stream,
        PageLockScope<T> pageLockScope)
        where T : unmanaged =>
        HostCopy.FromPages(stream, target.BaseView.Cast<byte>(), pageLockScope);

    /// <summary>Copies page-locked host data to the view; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyFromPageLockedAsync<T>(
        this ArrayView1D<T, Stride1D.Dense> target,
        AcceleratorStream stream,
        PageLockedArray1D<T> pageLockedArray)
        where T : unmanaged =>
        HostCopy.FromPages(stream, target.BaseView.Cast<byte>(), pageLockedArray);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T>(this ArrayView<T> view, AcceleratorStream stream, T[] data)
        where T : unmanaged =>
        HostCopy.ToArray(stream, view, data);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream, T[] data)
        where T : unmanaged =>
        HostCopy.ToArray(stream, view.BaseView, data);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, AcceleratorStream stream, T[] data)
        where T : unmanaged =>
        HostCopy.ToArray(stream, buffer.View.BaseView, data);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T, TView>(this TView source, AcceleratorStream stream, in Span<T> span)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.ToSpan<T>(stream, source.AsRawArrayView(), span);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream, in Span<T> span)
        where T : unmanaged =>
        HostCopy.ToSpan<T>(stream, source.BaseView.Cast<byte>(), span);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T, TView>(this TView source, AcceleratorStream stream, ref T cpuData, long length)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.ToReference(stream, source.AsRawArrayView(), ref cpuData, length);

    /// <summary>Copies the view to host data.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToCPU<T>(this ArrayView1D<T, Stride1D.Dense> source, AcceleratorStream stream, ref T cpuData, long length)
        where T : unmanaged =>
        HostCopy.ToReference(stream, source.BaseView.Cast<byte>(), ref cpuData, length);

    /// <summary>Copies the view to page-locked host data; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToPageLockedAsync<T, TView>(this TView source, AcceleratorStream stream, PageLockScope<T> pageLockScope)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.ToPages(stream, source.AsRawArrayView(), pageLockScope);

    /// <summary>Copies the view to page-locked host data; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToPageLockedAsync<T, TView>(this TView source, AcceleratorStream stream, PageLockedArray<T> pageLockedArray)
        where TView : IContiguousArrayView<T>
        where T : unmanaged =>
        HostCopy.ToPages(stream, source.AsRawArrayView(), pageLockedArray);

    /// <summary>Copies the view to page-locked host data; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToPageLockedAsync<T>(
        this ArrayView1D<T, Stride1D.Dense> source,
        AcceleratorStream stream,
        PageLockScope<T> pageLockScope)
        where T : unmanaged =>
        HostCopy.ToPages(stream, source.BaseView.Cast<byte>(), pageLockScope);

    /// <summary>Copies the view to page-locked host data; the copy is done after the stream has been synchronised.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The view or the host data is too short.</exception>
    public static void CopyToPageLockedAsync<T>(
        this ArrayView1D<T, Stride1D.Dense> source,
        AcceleratorStream stream,
        PageLockedArray1D<T> pageLockedArray)
        where T : unmanaged =>
        HostCopy.ToPages(stream, source.BaseView.Cast<byte>(), pageLockedArray);

    /// <summary>The elements as a new array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static T[] GetAsArray<T>(this ArrayView<T> view, AcceleratorStream stream)
        where T : unmanaged =>
        HostCopy.NewArray(stream, view);

    /// <summary>The elements as a new array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static T[] GetAsArray1D<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream)
        where T : unmanaged =>
        HostCopy.NewArray(stream, view.BaseView);

    /// <summary>The elements as a new array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static T[] GetAsArray1D<T>(this MemoryBuffer<ArrayView1D<T, Stride1D.Dense>> buffer, AcceleratorStream stream)
        where T : unmanaged =>
        HostCopy.NewArray(stream, buffer.View.BaseView);

    /// <summary>Allocates a buffer and fills it with an array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(this Accelerator accelerator, T[] data)
        where T : unmanaged =>
        HostCopy.NewBuffer(accelerator, null, data);

    /// <summary>Allocates a buffer and fills it with an array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(this Accelerator accelerator, AcceleratorStream stream, T[] data)
        where T : unmanaged =>
        HostCopy.NewBuffer(accelerator, stream, data);
}
