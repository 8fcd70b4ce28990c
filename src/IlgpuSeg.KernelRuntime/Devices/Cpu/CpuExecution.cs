namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>How the CPU runs kernels.</summary>
internal abstract class CpuExecution
{
    /// <summary>Runs the kernel's method itself, once per thread: the reference.</summary>
    public static readonly CpuExecution Plain = new PlainExecution();

    /// <summary>Compiles the kernel to vector code.</summary>
    public static readonly CpuExecution Simd = new SimdExecution();

    /// <summary>What accelerators use where nobody chose.</summary>
    public static CpuExecution Default => UseCompiler ? Simd : Plain;

    // Off until every kernel of the library has been through it.
    private static bool UseCompiler { get; } = Environment.GetEnvironmentVariable("ILGPUSEG_CPU") == "simd";

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
