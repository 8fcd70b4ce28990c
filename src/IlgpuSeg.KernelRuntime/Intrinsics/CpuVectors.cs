using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime;

/// <summary>What launchers ask about the vectors of a CPU.</summary>
public static partial class CpuVectors
{
    /// <summary>
    /// Threads that the CPU runs at once, where a group is a line of as many and its kernel knows nothing of warps: a multiple of the warp's size.
    /// On other devices the warp's size.
    /// </summary>
    /// <param name="accelerator">The accelerator that would run the kernel.</param>
    public static partial int Lanes(Accelerator accelerator);
}
