// Copies from global to shared memory that do not pass through registers (cp.async, sm_80).
//
//   Copy.. ; Copy.. ; Commit();      a group of copies is under way
//   Wait(n);                         all groups but the n newest have arrived, as far as this thread's copies go
//   Group.Barrier();                 now those of the other threads too
//
// Until then the target must be neither read nor written. The portable bodies copy at once, so there Commit and Wait have nothing to do.
// Addresses must be multiples of the copy's size. What `take` leaves out arrives as zeros, and its source is not read.
using ILGPU;
using ILGPU.IR.Intrinsics;

namespace IlgpuSeg.KernelRuntime;

/// <summary>Asynchronous copies from global to shared memory; callable inside kernels.</summary>
public static class AsyncCopy
{
    /// <summary>Starts a copy of 16 bytes.</summary>
    /// <typeparam name="T">The element type, of 16 bytes or a divisor of that.</typeparam>
    /// <param name="target">Shared memory.</param>
    /// <param name="to">The first element there; its address is a multiple of 16.</param>
    /// <param name="source">Global memory.</param>
    /// <param name="from">The first element there; its address is a multiple of 16.</param>
    /// <param name="take">Whether to read the source; zeros arrive if not.</param>
    [IntrinsicImplementation]
    public static void Copy16<T>(ArrayView<T> target, int to, ArrayView<T> source, int from, bool take)
        where T : unmanaged => CopyNow(target, to, source, from, take, 16 / Interop.SizeOf<T>());

    /// <summary>Starts a copy of 8 bytes.</summary>
    /// <typeparam name="T">The element type, of 8 bytes or a divisor of that.</typeparam>
    /// <param name="target">Shared memory.</param>
    /// <param name="to">The first element there; its address is a multiple of 8.</param>
    /// <param name="source">Global memory.</param>
    /// <param name="from">The first element there; its address is a multiple of 8.</param>
    /// <param name="take">Whether to read the source; zeros arrive if not.</param>
    [IntrinsicImplementation]
    public static void Copy8<T>(ArrayView<T> target, int to, ArrayView<T> source, int from, bool take)
        where T : unmanaged => CopyNow(target, to, source, from, take, 8 / Interop.SizeOf<T>());

    /// <summary>Starts a copy of 4 bytes.</summary>
    /// <typeparam name="T">The element type, of 4, 2 or 1 bytes.</typeparam>
    /// <param name="target">Shared memory.</param>
    /// <param name="to">The first element there; its address is a multiple of 4.</param>
    /// <param name="source">Global memory.</param>
    /// <param name="from">The first element there; its address is a multiple of 4.</param>
    /// <param name="take">Whether to read the source; zeros arrive if not.</param>
    [IntrinsicImplementation]
    public static void Copy4<T>(ArrayView<T> target, int to, ArrayView<T> source, int from, bool take)
        where T : unmanaged => CopyNow(target, to, source, from, take, 4 / Interop.SizeOf<T>());

    /// <summary>Closes the group of the copies that this thread has started since the last group.</summary>
    [IntrinsicImplementation]
    public static void Commit()
    {
    }

    /// <summary>Waits until all of this thread's groups have arrived, but for the newest ones.</summary>
    /// <param name="newest">How many groups may still be under way: a constant.</param>
    [IntrinsicImplementation]
    public static void Wait(int newest)
    {
    }

    private static void CopyNow<T>(ArrayView<T> target, int to, ArrayView<T> source, int from, bool take, int count)
        where T : unmanaged
    {
        for (var i = 0; i < count; i++)
        {
            T value = default;
            if (take) value = source[from + i];
            target[to + i] = value;
        }
    }
}
