using ILGPU;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>The sizes of the CPU device. The grid's limits are a GPU's, so that a kernel that runs here runs there.</summary>
internal static class CpuLimits
{
    /// <summary>The lanes of a warp: the floats of one 256-bit vector.</summary>
    public const int WarpSize = 8;

    public const int MaxThreadsPerGroup = 1024;

    /// <summary>Kept below the size of a core's second-level cache.</summary>
    public const int MaxSharedMemoryPerGroup = 256 * 1024;

    /// <summary>The group size of implicitly grouped launches: large enough to make the cost of a group disappear.</summary>
    public const int AutoGroupSize = 256;

    public static readonly Index3D MaxGrid = new(int.MaxValue, 65535, 65535);

    public static readonly Index3D MaxGroup = new(1024, 1024, 64);
}
