using System.Numerics;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.Kernels;

/// <summary>One of the tensors that a launch over many works on: up to three arrays of one length, and a factor of its own.</summary>
/// <typeparam name="T">The element type.</typeparam>
[StructLayout(LayoutKind.Sequential)]
public struct TensorEntry<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>The first array.</summary>
    public ArrayView<T> A;

    /// <summary>The second array.</summary>
    public ArrayView<T> B;

    /// <summary>The third array.</summary>
    public ArrayView<T> C;

    /// <summary>The tensor's own factor.</summary>
    public T Factor;

    /// <summary>Elements.</summary>
    public int Count;

    /// <summary>The first of the launch's groups that works on it.</summary>
    public int FirstGroup;
}

/// <summary>
/// Eight tensors for one launch: networks have hundreds of small parameters, and a launch for each would cost more than its work. Groups take runs of
/// consecutive elements; which tensor a group works on is the same for all its threads. A kernel runs
/// <c>for (var i = TensorLists.First(t.FirstGroup, run); i &lt; TensorLists.End(t.FirstGroup, t.Count, run); i += Group.DimX)</c>.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
[StructLayout(LayoutKind.Sequential)]
public struct TensorList<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>The tensors, in the order of their groups; entries that are not used come last and begin behind all groups.</summary>
    public TensorEntry<T> E0, E1, E2, E3, E4, E5, E6, E7;
}

/// <summary>Cuts tensors into lists, and finds the calling thread's part of one.</summary>
public static class TensorLists
{
    private const int Capacity = 8;

    // On a CPU what a group costs is spread over many vectors; on a GPU many short groups hide each other's latency.
    private const int CpuElementsPerThread = 64;
    private const int GpuElementsPerThread = 8;

    /// <summary>The tensor that the calling thread's group works on; callable inside kernels.</summary>
    public static TensorEntry<T> Own<T>(TensorList<T> list)
        where T : unmanaged, INumber<T>
    {
        var tensor = list.E0;
        if (Grid.IdxX >= list.E1.FirstGroup) tensor = list.E1;
        if (Grid.IdxX >= list.E2.FirstGroup) tensor = list.E2;
        if (Grid.IdxX >= list.E3.FirstGroup) tensor = list.E3;
        if (Grid.IdxX >= list.E4.FirstGroup) tensor = list.E4;
        if (Grid.IdxX >= list.E5.FirstGroup) tensor = list.E5;
        if (Grid.IdxX >= list.E6.FirstGroup) tensor = list.E6;
        if (Grid.IdxX >= list.E7.FirstGroup) tensor = list.E7;
        return tensor;
    }

    /// <summary>The calling thread's first element; callable inside kernels.</summary>
    public static int First(int firstGroup, int run) => (Grid.IdxX - firstGroup) * run + Group.IdxX;

    /// <summary>The end of the group's run; callable inside kernels.</summary>
    public static int End(int firstGroup, int count, int run)
    {
        var first = (Grid.IdxX - firstGroup) * run;
        return count - first < run ? count : first + run;
    }

    /// <summary>Elements of a run.</summary>
    /// <param name="host">Where to run.</param>
    public static int Run(KernelHost host) => (host.UsesBlocks ? GpuElementsPerThread : CpuElementsPerThread) * host.Lanes;

    /// <summary>Groups that all tensors take together.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="counts">The tensors' elements.</param>
    public static int Groups(KernelHost host, ReadOnlySpan<int> counts)
    {
        var groups = 0;
        foreach (var count in counts) groups = checked(groups + KernelHost.Blocks(count, Run(host)));
        return groups;
    }

    /// <summary>Hands the tensors, eight at a time, to a launcher; tensors without elements are left out.</summary>
    /// <param name="host">Where to run.</param>
    /// <param name="tensors">The tensors; FirstGroup is filled in here.</param>
    /// <param name="launch">Receives the launch's shape, its tensors, and the number of groups launched before.</param>
    public static void ForEach<T>(KernelHost host, ReadOnlySpan<TensorEntry<T>> tensors, Action<KernelConfig, TensorList<T>, int> launch)
        where T : unmanaged, INumber<T>
    {
        var before = 0;
        var part = new TensorEntry<T>[Capacity];
        var used = 0;
        var groups = 0;
        foreach (var tensor in tensors)
        {
            if (tensor.Count == 0) continue;
            part[used] = tensor;
            part[used++].FirstGroup = groups;
            groups += KernelHost.Blocks(tensor.Count, Run(host));
            if (used == Capacity) Flush();
        }
        if (used > 0) Flush();

        void Flush()
        {
            // Entries that are not used still need valid views.
            for (var i = used; i < Capacity; i++) part[i] = part[0] with { FirstGroup = int.MaxValue };
            var list = new TensorList<T>
            {
                E0 = part[0], E1 = part[1], E2 = part[2], E3 = part[3], E4 = part[4], E5 = part[5], E6 = part[6], E7 = part[7],
            };
            launch(new KernelConfig(groups, host.Lanes), list, before);
            before += groups;
            (used, groups) = (0, 0);
        }
    }
}
