using System.Reflection;
using ILGPU;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>What a kernel needs of a plain run, found by walking the methods that it can reach.</summary>
/// <param name="Synchronizes">Its threads wait for each other or exchange values.</param>
/// <param name="UsesSharedMemory">It has shared memory.</param>
internal readonly record struct KernelTraits(bool Synchronizes, bool UsesSharedMemory)
{
    public static KernelTraits Of(MethodInfo kernel)
    {
        bool synchronizes = false;
        bool shares = false;
        foreach (MethodBase method in CallGraph.Reachable(kernel))
        {
            synchronizes |= IsSynchronization(method);
            shares |= method.DeclaringType == typeof(SharedMemory);
        }
        return new KernelTraits(synchronizes, shares);
    }

    private static bool IsSynchronization(MethodBase method)
    {
        string name = method.Name;
        if (method.DeclaringType == typeof(Group))
            return name.StartsWith("Barrier", StringComparison.Ordinal) || name == nameof(Group.Broadcast);
        return method.DeclaringType == typeof(Warp)
            && (name is nameof(Warp.Barrier) or nameof(Warp.Broadcast) || name.StartsWith("Shuffle", StringComparison.Ordinal));
    }
}
