using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace ILGPU;

/// <summary>The position of the calling thread's group in the grid.</summary>
public static class Grid
{
    /// <summary>The group's X index.</summary>
    public static int IdxX => KernelThread.Position.GridX;

    /// <summary>The group's Y index.</summary>
    public static int IdxY => KernelThread.Position.GridY;

    /// <summary>The group's Z index.</summary>
    public static int IdxZ => KernelThread.Position.GridZ;

    /// <summary>The group's index.</summary>
    public static Index3D Index => new(IdxX, IdxY, IdxZ);

    /// <summary>The number of groups along X.</summary>
    public static int DimX => KernelThread.Position.GridDimX;

    /// <summary>The number of groups along Y.</summary>
    public static int DimY => KernelThread.Position.GridDimY;

    /// <summary>The number of groups along Z.</summary>
    public static int DimZ => KernelThread.Position.GridDimZ;

    /// <summary>The number of groups.</summary>
    public static Index3D Dimension => new(DimX, DimY, DimZ);

    /// <summary>The group's number; X varies fastest.</summary>
    public static int LinearIndex => (((IdxZ * DimY) + IdxY) * DimX) + IdxX;

    /// <summary>The thread's index in the whole launch.</summary>
    public static Index3D GlobalIndex => ComputeGlobalIndex(Index, Group.Index);

    /// <summary>The thread's index in the whole launch in 64 bits.</summary>
    public static LongIndex3D LongGlobalIndex => ComputeLongGlobalIndex(Index, Group.Index);

    /// <summary>The thread's number in the whole launch: the group's number times the group size plus the thread's number.</summary>
    public static int GlobalLinearIndex => (LinearIndex * Group.Dimension.Size) + Group.LinearIndex;

    /// <summary>The index in the whole launch of a thread of a group.</summary>
    public static Index1D ComputeGlobalIndex(Index1D gridIdx, Index1D groupIdx) => new((gridIdx.X * Group.DimX) + groupIdx.X);

    /// <summary>The index in the whole launch of a thread of a group.</summary>
    public static Index2D ComputeGlobalIndex(Index2D gridIdx, Index2D groupIdx) =>
        new((gridIdx.X * Group.DimX) + groupIdx.X, (gridIdx.Y * Group.DimY) + groupIdx.Y);

    /// <summary>The index in the whole launch of a thread of a group.</summary>
    public static Index3D ComputeGlobalIndex(Index3D gridIdx, Index3D groupIdx) =>
        new(
            (gridIdx.X * Group.DimX) + groupIdx.X,
            (gridIdx.Y * Group.DimY) + groupIdx.Y,
            (gridIdx.Z * Group.DimZ) + groupIdx.Z);

    /// <summary>The index in the whole launch of a thread of a group, in 64 bits.</summary>
    public static LongIndex1D ComputeLongGlobalIndex(Index1D gridIdx, Index1D groupIdx) =>
        new(((long)gridIdx.X * Group.DimX) + groupIdx.X);

    /// <summary>The index in the whole launch of a thread of a group, in 64 bits.</summary>
    public static LongIndex2D ComputeLongGlobalIndex(Index2D gridIdx, Index2D groupIdx) =>
        new(((long)gridIdx.X * Group.DimX) + groupIdx.X, ((long)gridIdx.Y * Group.DimY) + groupIdx.Y);

    /// <summary>The index in the whole launch of a thread of a group, in 64 bits.</summary>
    public static LongIndex3D ComputeLongGlobalIndex(Index3D gridIdx, Index3D groupIdx) =>
        new(
            ((long)gridIdx.X * Group.DimX) + groupIdx.X,
            ((long)gridIdx.Y * Group.DimY) + groupIdx.Y,
            ((long)gridIdx.Z * Group.DimZ) + groupIdx.Z);
}
