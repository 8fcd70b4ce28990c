using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Backends.Simd;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>How the CPU runs kernels.</summary>
internal abstract class CpuExecution
{
    /// <summary>Runs the kernel's method itself, once per thread: the reference.</summary>
    public static readonly CpuExecution Plain = new PlainExecution();

    /// <summary>Compiles the kernel to vector code.</summary>
    public static readonly CpuExecution Simd = new SimdExecution(Vector512.IsHardwareAccelerated ? LaneWidth.Sixteen : LaneWidth.Eight);

    /// <summary>The same with vectors of eight lanes, whatever the processor has.</summary>
    public static readonly CpuExecution NarrowSimd = new SimdExecution(LaneWidth.Eight);

    /// <summary>The same with vectors of sixteen lanes where a kernel allows it and its groups are as large, whatever the processor has.</summary>
    public static readonly CpuExecution WideSimd = new SimdExecution(LaneWidth.Sixteen);

    /// <summary>What accelerators use where nobody chose; ILGPUSEG_CPU=plain chooses the reference. Tests set it before the first device is opened.</summary>
    public static CpuExecution Default { get; set; } = Environment.GetEnvironmentVariable("ILGPUSEG_CPU") == "plain" ? Plain : Simd;

    /// <summary>The most threads that run at once as one vector.</summary>
    public virtual LaneWidth Width => LaneWidth.Eight;

    public abstract ICpuKernelCompiler CreateCompiler();

    private sealed class SimdExecution(LaneWidth width) : CpuExecution
    {
        public override LaneWidth Width => width;

        public override ICpuKernelCompiler CreateCompiler() => new SimdKernelCompiler(width);
    }

    private sealed class PlainExecution : CpuExecution
    {
        public override ICpuKernelCompiler CreateCompiler() => new PlainKernelCompiler();
    }
}
