using IlgpuSeg.KernelRuntime.Devices;

namespace ILGPU.Runtime;

/// <summary>Properties of views, and copies between views and the host.</summary>
public static unsafe partial class ArrayViewExtensions
{
    /// <summary>The address of the first element.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static ref byte LoadEffectiveAddress<T>(this ArrayView<T> view)
        where T : unmanaged =>
        ref *(byte*)view.Pointer;

    /// <summary>The address of the first element.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static IntPtr LoadEffectiveAddressAsPtr<T>(this ArrayView<T> view)
        where T : unmanaged =>
        (IntPtr)view.Pointer;

    /// <summary>The accelerator of a view's buffer.</summary>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="InvalidOperationException">The view has no live buffer.</exception>
    public static Accelerator GetAccelerator<TView>(this TView view)
        where TView : IArrayView =>
        (view.Buffer ?? throw new InvalidOperationException("The view has no buffer, or its buffer was disposed.")).Accelerator;

    /// <summary>The kind of accelerator of a view's buffer.</summary>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="InvalidOperationException">The view has no live buffer.</exception>
    public static AcceleratorType GetAcceleratorType<TView>(this TView view)
        where TView : IArrayView =>
        view.GetAccelerator().AcceleratorType;

    /// <summary>The context of a view's buffer.</summary>
    /// <typeparam name="TView">The type of the view.</typeparam>
    /// <exception cref="InvalidOperationException">The view has no live buffer.</exception>
    public static Context GetContext<TView>(this TView view)
        where TView : IArrayView =>
        view.GetAccelerator().Context;

    /// <summary>True if the view has elements.</summary>
    /// <typeparam name="TView">The type of the view.</typeparam>
    public static bool HasData<TView>(this TView view)
        where TView : IArrayView =>
        view.Length > 0;

    /// <summary>True if the view has no elements.</summary>
    /// <typeparam name="TView">The type of the view.</typeparam>
    public static bool HasNoData<TView>(this TView view)
        where TView : IArrayView =>
        view.Length == 0;

    /// <summary>The view as a one-dimensional view with a stride.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static ArrayView1D<T, Stride1D.Dense> AsDense<T>(this ArrayView<T> view)
        where T : unmanaged =>
        view;

    /// <summary>Sets every byte to zero.</summary>
    /// <typeparam name="TView">The type of the view.</typeparam>
    public static void MemSetToZero<TView>(this TView view)
        where TView : IContiguousArrayView =>
        view.MemSet(0);

    /// <summary>Sets every byte to zero.</summary>
    /// <typeparam name="TView">The type of the view.</typeparam>
    public static void MemSetToZero<TView>(this TView view, AcceleratorStream stream)
        where TView : IContiguousArrayView =>
        view.MemSet(stream, 0);

    /// <summary>Sets every byte to zero.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static void MemSetToZero<T>(this ArrayView1D<T, Stride1D.Dense> view)
        where T : unmanaged =>
        view.BaseView.MemSet(0);

    /// <summary>Sets every byte to zero.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static void MemSetToZero<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream)
        where T : unmanaged =>
        view.BaseView.MemSet(stream, 0);

    /// <summary>Sets every byte to a value.</summary>
    /// <typeparam name="TView">The type of the view.</typeparam>
    public static void MemSet<TView>(this TView view, byte value)
        where TView : IContiguousArrayView =>
        DeviceCopy.Fill(null, view.AsRawArrayView(), value);

    /// <summary>Sets every byte to a value.</summary>
    /// <typeparam name="TView">The type of the view.</typeparam>
    public static void MemSet<TView>(this TView view, AcceleratorStream stream, byte value)
        where TView : IContiguousArrayView =>
        DeviceCopy.Fill(stream, view.AsRawArrayView(), value);

    /// <summary>Sets every byte to a value.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static void MemSet<T>(this ArrayView1D<T, Stride1D.Dense> view, byte value)
        where T : unmanaged =>
        view.BaseView.MemSet(value);

    /// <summary>Sets every byte to a value.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static void MemSet<T>(this ArrayView1D<T, Stride1D.Dense> view, AcceleratorStream stream, byte value)
        where T : unmanaged =>
        view.BaseView.MemSet(stream, value);

    /// <summary>Copies all elements to another view.</summary>
    /// <typeparam name="TView">The type of the views.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short.</exception>
    public static void CopyTo<TView>(this TView source, in TView target)
        where TView : IContiguousArrayView =>
        DeviceCopy.Copy(null, source.AsRawArrayView(), target.AsRawArrayView());

    /// <summary>Copies all elements to another view.</summary>
    /// <typeparam name="TView">The type of the views.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short.</exception>
    public static void CopyTo<TView>(this TView source, AcceleratorStream stream, in TView target)
        where TView : IContiguousArrayView =>
        DeviceCopy.Copy(stream, source.AsRawArrayView(), target.AsRawArrayView());

    /// <summary>Copies all elements to another view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short.</exception>
    public static void CopyTo<T>(this ArrayView1D<T, Stride1D.Dense> source, ArrayView1D<T, Stride1D.Dense> target)
        where T : unmanaged =>
        source.BaseView.CopyTo(target.BaseView);

    /// <summary>Copies all elements to another view.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short.</exception>
    public static void CopyTo<T>(
        this ArrayView1D<T, Stride1D.Dense> source,
        AcceleratorStream stream,
        in ArrayView1D<T, Stride1D.Dense> target)
        where T : unmanaged =>
        source.BaseView.CopyTo(stream, target.BaseView);

    /// <summary>Copies all elements of another view to this one.</summary>
    /// <typeparam name="TView">The type of the views.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short.</exception>
    public static void CopyFrom<TView>(this TView target, in TView source)
        where TView : IContiguousArrayView =>
        source.CopyTo(target);

    /// <summary>Copies all elements of another view to this one.</summary>
    /// <typeparam name="TView">The type of the views.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short.</exception>
    public static void CopyFrom<TView>(this TView target, AcceleratorStream stream, in TView source)
        where TView : IContiguousArrayView =>
        source.CopyTo(stream, target);

    /// <summary>Copies all elements of another view to this one.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short.</exception>
    public static void CopyFrom<T>(this ArrayView1D<T, Stride1D.Dense> target, in ArrayView1D<T, Stride1D.Dense> source)
        where T : unmanaged =>
        source.BaseView.CopyTo(target.BaseView);

    /// <summary>Copies all elements of another view to this one.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short.</exception>
    public static void CopyFrom<T>(
        this ArrayView1D<T, Stride1D.Dense> target,
        AcceleratorStream stream,
        in ArrayView1D<T, Stride1D.Dense> source)
        where T : unmanaged =>
        source.BaseView.CopyTo(stream, target.BaseView);
}
