using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>Compiles kernels for the CPU: front end, passes, SIMD code.</summary>
/// <param name="widest">The most threads that may run as one vector.</param>
internal sealed class SimdKernelCompiler(LaneWidth widest) : ICpuKernelCompiler
{
    public CompiledCpuKernel Compile(KernelEntry entry) => new SimdKernel(entry, widest);
}
