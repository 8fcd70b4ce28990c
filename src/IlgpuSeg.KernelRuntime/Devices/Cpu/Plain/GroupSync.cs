
namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>
/// Barriers and exchanges between the threads of a group, for kernels that run as plain C#. A group of one thread needs
/// none of it.
/// </summary>
internal static class GroupSync
{
    public static void GroupBarrier() => GroupFibers.Current?.WaitForGroup();

    public static void WarpBarrier() => GroupFibers.Current?.WaitForWarp();

    /// <summary>Waits for the group; the number of threads in which a predicate held, of the threads that take part.</summary>
    public static int CountTrue(bool predicate, out int threads)
    {
        if (GroupFibers.Current is not { } fibers)
        {
            threads = 1;
            return predicate ? 1 : 0;
        }
        return fibers.CountTrue(predicate, out threads);
    }

    /// <summary>The value of a thread of the group.</summary>
    public static T ExchangeInGroup<T>(T value, int source)
        where T : unmanaged
    {
        if (GroupFibers.Current is not { } fibers)
            return value;
        if ((uint)source >= (uint)fibers.Size)
            throw new ArgumentOutOfRangeException(nameof(source), $"Thread {source} was asked for in a group of {fibers.Size}.");
        fibers.Publish(value);
        fibers.WaitForGroup();
        T result = fibers.Published<T>(source);
        fibers.WaitForGroup();
        return result;
    }

    /// <summary>The value of a lane of the caller's warp; the caller's own if there is no such lane.</summary>
    public static T ExchangeInWarp<T>(T value, int lane)
        where T : unmanaged
    {
        if (GroupFibers.Current is not { } fibers)
            return value;
        int self = KernelThread.Position.LinearInGroup;
        int source = self - (self % CpuLimits.WarpSize) + lane;
        bool exists = (uint)lane < CpuLimits.WarpSize && source < fibers.Size;
        fibers.Publish(value);
        fibers.WaitForWarp();
        T result = exists ? fibers.Published<T>(source) : value;
        fibers.WaitForWarp();
        return result;
    }
}
