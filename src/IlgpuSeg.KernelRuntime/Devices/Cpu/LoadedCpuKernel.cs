using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>A kernel on the CPU: its launches run to their end before they return.</summary>
internal sealed unsafe class LoadedCpuKernel(CPUAccelerator accelerator, KernelEntry entry, CompiledCpuKernel kernel)
    : LoadedKernel(accelerator, entry)
{
    private readonly WorkerPool _pool = accelerator.Pool;

    public override int AutoGroupSize => CpuLimits.AutoGroupSize;

    protected override void Launch(AcceleratorStream stream, in LaunchDimensions dimensions, byte* arguments)
    {
        try
        {
            _pool.Run(kernel.Specialize(arguments), arguments, dimensions);
        }
        catch (KernelFault fault)
        {
            throw new CpuKernelException($"Kernel {Entry.Name} failed {fault.Message}", fault.InnerException);
        }
    }
}

/// <summary>A kernel threw; carries the position of the thread that did.</summary>
internal sealed class KernelFault(string message, Exception inner) : Exception(message, inner);

/// <summary>A kernel failed on the CPU device.</summary>
internal sealed class CpuKernelException(string message, Exception? inner) : AcceleratorException(message, inner)
{
    public override AcceleratorType AcceleratorType => AcceleratorType.CPU;
}
