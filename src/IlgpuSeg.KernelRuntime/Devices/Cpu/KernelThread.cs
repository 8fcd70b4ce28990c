using ILGPU;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>Where the calling thread stands in a launch, while it runs a kernel as plain C#.</summary>
internal struct ThreadPosition
{
    public int GroupX, GroupY, GroupZ;
    public int GridX, GridY, GridZ;
    public int GroupDimX, GroupDimY, GroupDimZ;
    public int GridDimX, GridDimY, GridDimZ;

    /// <summary>How many arrays of shared memory the thread has allocated: all threads of a group do so in the same order.</summary>
    public int SharedAllocations;

    /// <summary>The bytes of local memory that the thread has allocated.</summary>
    public int LocalBytes;

    /// <summary>The number of the group in the grid.</summary>
    public long Group;

    /// <summary>The extent and the number of the group's first thread of an implicitly grouped launch.</summary>
    public LongIndex3D Extent;
    public long FirstThread;

    public readonly int LinearInGroup => (((GroupZ * GroupDimY) + GroupY) * GroupDimX) + GroupX;

    public readonly int GroupSize => GroupDimX * GroupDimY * GroupDimZ;

    public override readonly string ToString() =>
        $"in group ({GridX}, {GridY}, {GridZ}), thread ({GroupX}, {GroupY}, {GroupZ})";
}

/// <summary>The state of threads that run kernels as plain C#; the emitted loops call into it.</summary>
internal static class KernelThread
{
    /// <summary>The position of the calling thread.</summary>
    [ThreadStatic]
    public static ThreadPosition Position;

    /// <summary>Moves to a launch.</summary>
    public static void EnterLaunch(in LaunchDimensions dimensions)
    {
        ref ThreadPosition position = ref Position;
        position.GroupDimX = dimensions.Group.X;
        position.GroupDimY = dimensions.Group.Y;
        position.GroupDimZ = dimensions.Group.Z;
        position.GridDimX = dimensions.Grid.X;
        position.GridDimY = dimensions.Grid.Y;
        position.GridDimZ = dimensions.Grid.Z;
        position.Extent = dimensions.Extent;
        position.Group = -2;
    }

    /// <summary>Moves to a group.</summary>
    public static void EnterGroup(long group)
    {
        ref ThreadPosition position = ref Position;
        if (group == position.Group + 1 && position.GridX + 1 < position.GridDimX)
        {
            // The next group of the row: no divisions.
            position.Group = group;
            position.GridX++;
            position.FirstThread += position.GroupSize;
            return;
        }
        position.Group = group;
        (long row, long x) = Math.DivRem(group, position.GridDimX);
        (long z, long y) = Math.DivRem(row, position.GridDimY);
        position.GridX = (int)x;
        position.GridY = (int)y;
        position.GridZ = (int)z;
        position.FirstThread = group * position.GroupSize;
    }

    /// <summary>Moves to a thread of the group.</summary>
    public static void EnterThread(int number)
    {
        ref ThreadPosition position = ref Position;
        position.SharedAllocations = 0;
        position.LocalBytes = 0;
        if (number < position.GroupDimX)
        {
            position.GroupX = number;
            position.GroupY = 0;
            position.GroupZ = 0;
        }
        else
        {
            (int row, position.GroupX) = Math.DivRem(number, position.GroupDimX);
            (position.GroupZ, position.GroupY) = Math.DivRem(row, position.GroupDimY);
        }
    }

    /// <summary>Tells whether the thread has an index in the extent of an implicitly grouped launch.</summary>
    public static bool IsInExtent(int number)
    {
        ref ThreadPosition position = ref Position;
        return position.FirstThread + number < position.Extent.Size;
    }

    /// <summary>The index of a thread of an implicitly grouped launch.</summary>
    public static Index1D Index1DOf(int number) => new((int)(Position.FirstThread + number));

    /// <summary>The index of a thread of an implicitly grouped launch.</summary>
    public static LongIndex1D LongIndex1DOf(int number) => new(Position.FirstThread + number);

    /// <summary>The index of a thread of an implicitly grouped launch.</summary>
    public static Index2D Index2DOf(int number) => LongIndex2DOf(number).ToIntIndex();

    /// <summary>The index of a thread of an implicitly grouped launch.</summary>
    public static LongIndex2D LongIndex2DOf(int number) => LongIndex3DOf(number).XY;

    /// <summary>The index of a thread of an implicitly grouped launch.</summary>
    public static Index3D Index3DOf(int number) => LongIndex3DOf(number).ToIntIndex();

    /// <summary>The index of a thread of an implicitly grouped launch.</summary>
    public static LongIndex3D LongIndex3DOf(int number) =>
        LaunchExtent.IndexAt(Position.Extent, Position.FirstThread + number);
}
