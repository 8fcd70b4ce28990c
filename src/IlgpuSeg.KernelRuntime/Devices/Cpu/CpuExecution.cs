namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>How the CPU runs kernels.</summary>
internal abstract class CpuExecution
{
    /// <summary>Runs the kernel's method itself, once per thread: the reference.</summary>
    public static readonly CpuExecution Plain = new PlainExecution();

    /// <summary>What accelerators use where nobody chose.</summary>
    public static CpuExecution Default => Plain;

    public abstract ICpuKernelCompiler CreateCompiler();

    private sealed class PlainExecution : CpuExecution
    {
        public override ICpuKernelCompiler CreateCompiler() => new PlainKernelCompiler();
    }
}
