using IlgpuSeg.KernelRuntime.Devices.Cpu;
using ILGPU.Runtime;

namespace ILGPU;

/// <summary>Memory of one thread. Its contents are undefined until they are written.</summary>
public static class LocalMemory
{
    /// <summary>A local array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="extent">The number of elements: a constant.</param>
    public static ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged =>
        LocalArena.Current.Allocate<T>(extent);

    /// <summary>A local array.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="extent">The number of elements: a constant.</param>
    public static ArrayView1D<T, Stride1D.Dense> Allocate1D<T>(Index1D extent)
        where T : unmanaged =>
        Allocate<T>(extent.X);

    /// <summary>A local array with a stride.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TStride">The stride type.</typeparam>
    /// <param name="extent">The number of indices: a constant.</param>
    /// <param name="stride">The stride.</param>
    public static ArrayView1D<T, TStride> Allocate1D<T, TStride>(Index1D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride1D =>
        new(Allocate<T>(stride.ComputeBufferLength(extent)), extent.ToLongIndex(), stride);
}
