using IlgpuSeg.KernelRuntime.Devices.Cpu;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>Memory that the threads of a group share. Its contents are undefined until they are written.</summary>
public static class SharedMemory
{
    /// <summary>One shared element.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static ref T Allocate<T>()
        where T : unmanaged =>
        ref Allocate<T>(1)[0];

    /// <summary>A shared array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="extent">The number of elements: a constant.</param>
    public static ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged =>
        GroupMemory.Current.AllocateShared<T>(extent);

    /// <summary>A shared array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="extent">The number of elements: a constant.</param>
    public static ArrayView1D<T, Stride1D.Dense> Allocate1D<T>(Index1D extent)
        where T : unmanaged =>
        Allocate<T>(extent.X);

    /// <summary>A shared array with a stride.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TStride">The stride type.</typeparam>
    /// <param name="extent">The number of indices: a constant.</param>
    /// <param name="stride">The stride.</param>
    public static ArrayView1D<T, TStride> Allocate1D<T, TStride>(Index1D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride1D =>
        new(Allocate<T>(stride.ComputeBufferLength(extent)), extent.ToLongIndex(), stride);

    /// <summary>The shared memory that the launch asked for (see <see cref="SharedMemoryConfig"/>).</summary>
    /// <typeparam name="T">The element type.</typeparam>
    public static ArrayView<T> GetDynamic<T>()
        where T : unmanaged =>
        GroupMemory.Current.GetDynamic<T>();
}
