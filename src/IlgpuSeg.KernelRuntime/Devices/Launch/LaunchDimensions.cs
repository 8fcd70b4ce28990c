using ILGPU;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>The grid and group dimensions of one launch, checked.</summary>
internal readonly struct LaunchDimensions
{
    public LaunchDimensions(Index3D grid, Index3D group, int dynamicSharedBytes, LongIndex3D extent)
    {
        Grid = grid;
        Group = group;
        DynamicSharedBytes = dynamicSharedBytes;
        Extent = extent;
    }

    public Index3D Grid { get; }

    public Index3D Group { get; }

    /// <summary>The dynamic shared memory of every group in bytes.</summary>
    public int DynamicSharedBytes { get; }

    /// <summary>
    /// For an implicitly grouped kernel the extent that it was launched with (unused dimensions are 1): threads whose number
    /// is not smaller than its size do nothing. Zero for an explicitly grouped kernel.
    /// </summary>
    public LongIndex3D Extent { get; }

    public long GroupCount => Grid.LongSize;

    public int GroupSize => Group.X * Group.Y * Group.Z;
}
