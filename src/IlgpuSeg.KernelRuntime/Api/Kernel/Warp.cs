using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace ILGPU;

/// <summary>The calling thread's position in its warp, and what the threads of a warp do together.</summary>
/// <remarks>
/// A shuffle from a lane outside of the warp, of its sub-group of the given width, or beyond the group's end returns the
/// caller's own value.
/// </remarks>
public static class Warp
{
    /// <summary>The number of threads of a warp.</summary>
    public static int WarpSize => CpuLimits.WarpSize;

    /// <summary>The thread's number in its warp.</summary>
    public static int LaneIdx => ComputeWarpThreadIdx(Group.LinearIndex);

    /// <summary>True for the warp's first thread.</summary>
    public static bool IsFirstLane => LaneIdx == 0;

    /// <summary>True for the warp's last thread.</summary>
    public static bool IsLastLane => LaneIdx == WarpSize - 1;

    /// <summary>The warp's number in its group.</summary>
    public static int WarpIdx => ComputeWarpIdx(Group.LinearIndex);

    /// <summary>The number of the warp that a thread of the group belongs to.</summary>
    public static int ComputeWarpIdx(Index1D groupThreadIdx) => groupThreadIdx.X / WarpSize;

    /// <summary>The number in its warp of a thread of the group.</summary>
    public static int ComputeWarpThreadIdx(Index1D groupThreadIdx) => groupThreadIdx.X % WarpSize;

    /// <summary>Waits for all threads of the warp.</summary>
    public static void Barrier() => GroupSync.WarpBarrier();

    /// <summary>The value of one lane, in all threads of the warp.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    public static T Broadcast<T>(T value, int sourceLane)
        where T : unmanaged =>
        GroupSync.ExchangeInWarp(value, sourceLane);

    /// <summary>The value of a lane.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    public static T Shuffle<T>(T variable, int sourceLane)
        where T : unmanaged =>
        Shuffle(variable, sourceLane, WarpSize);

    /// <summary>The value of a lane of the caller's sub-group of lanes.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="variable">The calling thread's value.</param>
    /// <param name="sourceLane">The lane inside the sub-group.</param>
    /// <param name="width">The size of a sub-group: a power of two up to <see cref="WarpSize"/>.</param>
    public static T Shuffle<T>(T variable, int sourceLane, int width)
        where T : unmanaged
    {
        int first = LaneIdx & -width;
        return GroupSync.ExchangeInWarp(variable, first + (sourceLane & (width - 1)));
    }

    /// <summary>The value of the lane that is a distance further down (at a higher index).</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    public static T ShuffleDown<T>(T variable, int delta)
        where T : unmanaged =>
        ShuffleDown(variable, delta, WarpSize);

    /// <summary>The value of the lane that is a distance further down in the caller's sub-group of lanes.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    public static T ShuffleDown<T>(T variable, int delta, int width)
        where T : unmanaged
    {
        int lane = LaneIdx;
        int source = lane + delta;
        return GroupSync.ExchangeInWarp(variable, source < (lane & -width) + width ? source : lane);
    }

    /// <summary>The value of the lane that is a distance further up (at a lower index).</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    public static T ShuffleUp<T>(T variable, int delta)
        where T : unmanaged =>
        ShuffleUp(variable, delta, WarpSize);

    /// <summary>The value of the lane that is a distance further up in the caller's sub-group of lanes.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    public static T ShuffleUp<T>(T variable, int delta, int width)
        where T : unmanaged
    {
        int lane = LaneIdx;
        int source = lane - delta;
        return GroupSync.ExchangeInWarp(variable, source >= (lane & -width) ? source : lane);
    }

    /// <summary>The value of the lane whose number is the caller's, exclusive-or the mask.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    public static T ShuffleXor<T>(T variable, int mask)
        where T : unmanaged =>
        ShuffleXor(variable, mask, WarpSize);

    /// <summary>The value of the lane whose number is the caller's, exclusive-or the mask, in the caller's sub-group of lanes.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    public static T ShuffleXor<T>(T variable, int mask, int width)
        where T : unmanaged
    {
        int lane = LaneIdx;
        int source = lane ^ mask;
        return GroupSync.ExchangeInWarp(variable, (lane & -width) == (source & -width) ? source : lane);
    }
}
