namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>A kernel in a form that the CPU can run. Instances are used by several threads at once.</summary>
internal abstract unsafe class CompiledCpuKernel
{
    private double _nanosecondsPerGroup = -1;

    /// <summary>Runs a range of groups of a launch on the calling thread, one after the other.</summary>
    /// <param name="arguments">The block of arguments, laid out as <see cref="KernelEntry"/> says; not to be written to.</param>
    /// <param name="dimensions">The dimensions of the whole launch.</param>
    /// <param name="firstGroup">The number of the first group; X varies fastest.</param>
    /// <param name="groupCount">The number of groups.</param>
    public abstract void RunGroups(byte* arguments, in LaunchDimensions dimensions, long firstGroup, long groupCount);

    /// <summary>The version of the kernel for the specialised values in a block of arguments.</summary>
    /// <param name="arguments">The block of arguments.</param>
    public virtual CompiledCpuKernel Specialize(byte* arguments) => this;

    /// <summary>How many threads may run groups of this kernel at once.</summary>
    /// <param name="dimensions">The dimensions of the launch.</param>
    public virtual int MaxWorkers(in LaunchDimensions dimensions) => int.MaxValue;

    /// <summary>The time that a group took lately, by which small launches are kept on one thread.</summary>
    /// <remarks>Negative before the first launch.</remarks>
    public double NanosecondsPerGroup
    {
        get => Volatile.Read(ref _nanosecondsPerGroup);
        set => Volatile.Write(ref _nanosecondsPerGroup, value);
    }
}

/// <summary>Makes kernels runnable on the CPU.</summary>
internal interface ICpuKernelCompiler
{
    /// <summary>Compiles a kernel.</summary>
    /// <exception cref="ILGPU.InternalCompilerException">The kernel is outside of the language.</exception>
    CompiledCpuKernel Compile(KernelEntry entry);
}
