using ILGPU.Backends;

namespace ILGPU.Runtime;

/// <summary>An accelerator whose kernels are compiled to a form that its driver loads.</summary>
/// <typeparam name="TCompiledKernel">The form that a compiler makes.</typeparam>
/// <typeparam name="TKernel">The form that the driver has loaded.</typeparam>
public abstract class KernelAccelerator<TCompiledKernel, TKernel> : Accelerator
    where TCompiledKernel : CompiledKernel
    where TKernel : Kernel
{
    private protected KernelAccelerator(Context context, Device device)
        : base(context, device)
    {
    }
}

/// <summary>A kernel that a driver has loaded.</summary>
public abstract class Kernel : AcceleratorObject
{
    private protected Kernel(Accelerator accelerator, CompiledKernel compiledKernel)
        : base(accelerator)
    {
        CompiledKernel = compiledKernel;
    }

    /// <summary>What was loaded.</summary>
    public CompiledKernel CompiledKernel { get; }

    /// <summary>What the kernel assumes of its launches.</summary>
    public KernelSpecialization Specialization => CompiledKernel.Specialization;

    /// <summary>The number of parameters, without the index of an implicitly grouped kernel.</summary>
    public int NumParameters => CompiledKernel.NumParameters;
}
