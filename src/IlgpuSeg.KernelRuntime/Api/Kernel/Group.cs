using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace ILGPU;

/// <summary>The calling thread's position in its group, and what the threads of a group do together.</summary>
public static class Group
{
    /// <summary>The thread's X index.</summary>
    public static int IdxX => KernelThread.Position.GroupX;

    /// <summary>The thread's Y index.</summary>
    public static int IdxY => KernelThread.Position.GroupY;

    /// <summary>The thread's Z index.</summary>
    public static int IdxZ => KernelThread.Position.GroupZ;

    /// <summary>The thread's index.</summary>
    public static Index3D Index => new(IdxX, IdxY, IdxZ);

    /// <summary>The number of threads along X.</summary>
    public static int DimX => KernelThread.Position.GroupDimX;

    /// <summary>The number of threads along Y.</summary>
    public static int DimY => KernelThread.Position.GroupDimY;

    /// <summary>The number of threads along Z.</summary>
    public static int DimZ => KernelThread.Position.GroupDimZ;

    /// <summary>The number of threads per dimension.</summary>
    public static Index3D Dimension => new(DimX, DimY, DimZ);

    /// <summary>The thread's number in its group; X varies fastest.</summary>
    public static int LinearIndex => (((IdxZ * DimY) + IdxY) * DimX) + IdxX;

    /// <summary>True for the thread with number 0.</summary>
    public static bool IsFirstThread => LinearIndex == 0;

    /// <summary>True for the thread with the largest number.</summary>
    public static bool IsLastThread => LinearIndex == (DimX * DimY * DimZ) - 1;

    /// <summary>Waits for all threads of the group.</summary>
    public static void Barrier() => GroupSync.GroupBarrier();

    /// <summary>Waits for all threads of the group and tells whether the predicate held in all of them.</summary>
    public static bool BarrierAnd(bool predicate) => GroupSync.CountTrue(predicate, out int threads) == threads;

    /// <summary>Waits for all threads of the group and tells whether the predicate held in any of them.</summary>
    public static bool BarrierOr(bool predicate) => GroupSync.CountTrue(predicate, out _) > 0;

    /// <summary>Waits for all threads of the group and counts those in which the predicate held.</summary>
    public static int BarrierPopCount(bool predicate) => GroupSync.CountTrue(predicate, out _);

    /// <summary>The value of one thread, in all threads of the group.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="value">The calling thread's value.</param>
    /// <param name="groupIndex">The number of the thread whose value is wanted; the same in all threads.</param>
    public static T Broadcast<T>(T value, int groupIndex)
        where T : unmanaged =>
        GroupSync.ExchangeInGroup(value, groupIndex);
}
