namespace IlgpuSeg.KernelRuntime;

/// <summary>
/// What a kernel's compiler may count on: groups of at most so many threads, of which a GPU's multiprocessor should hold at least so many at once.
/// The second number bounds the registers of a thread: 65,536 / (threads x groups). It says the same as a
/// <see cref="ILGPU.Runtime.KernelSpecialization"/> given when a kernel is loaded, but at the kernel, where listings and tests see it too.
/// A runtime that does not read it (the packages') compiles the kernel without bounds.
/// </summary>
/// <param name="threads">The largest group.</param>
/// <param name="groupsPerMultiprocessor">Groups that a multiprocessor should hold at once.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GroupBoundsAttribute(int threads, int groupsPerMultiprocessor) : Attribute
{
    /// <summary>The largest group.</summary>
    public int Threads { get; } = threads;

    /// <summary>Groups that a multiprocessor should hold at once.</summary>
    public int GroupsPerMultiprocessor { get; } = groupsPerMultiprocessor;
}
