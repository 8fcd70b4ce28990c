namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>How the CPU runs kernels.</summary>
internal abstract class CpuExecution
{
    /// <summary>Runs the kernel's method itself, once per thread: the reference.</summary>
    public static readonly CpuExecution Plain = new PlainExecution();

    /// <summary>Compiles the kernel to vector code.</summary>
    public static readonly CpuExecution Simd = new SimdExecution();

    /// <summary>What accelerators use where nobody chose; ILGPUSEG_CPU=plain chooses the reference. Tests set it before the first device is opened.</summary>
    public static CpuExecution Default { get; set; } = Environment.GetEnvironmentVariable("ILGPUSEG_CPU") == "plain" ? Plain : Simd;

    public abstract ICpuKernelCompiler CreateCompiler();

    private sealed class SimdExecution : CpuExecution
    {
        public override ICpuKernelCompiler CreateCompiler() => new Backends.Simd.SimdKernelCompiler();
    }

    private sealed class PlainExecution : CpuExecution
    {
        public override ICpuKernelCompiler CreateCompiler() => new PlainKernelCompiler();
    }
}
