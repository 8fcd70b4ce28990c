using System.Reflection;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime.Devices;

namespace ILGPU.Backends;

/// <summary>A kernel in the form in which a device takes it.</summary>
public abstract class CompiledKernel
{
    private protected CompiledKernel(Context context, KernelEntry entry)
    {
        Context = context;
        Entry = entry;
    }

    /// <summary>The context that the kernel was compiled in.</summary>
    public Context Context { get; }

    /// <summary>The kernel's method.</summary>
    public MethodInfo SourceMethod => Entry.Method;

    /// <summary>The kernel's name: type, method and type arguments.</summary>
    public string Name => Entry.Name;

    /// <summary>The type of an implicitly grouped kernel's index.</summary>
    public IndexType IndexType => Entry.IndexType;

    /// <summary>What the kernel assumes of its launches.</summary>
    public KernelSpecialization Specialization => Entry.Specialization;

    /// <summary>The number of parameters, without the index of an implicitly grouped kernel.</summary>
    public int NumParameters => Entry.Parameters.Count;

    internal KernelEntry Entry { get; }
}
