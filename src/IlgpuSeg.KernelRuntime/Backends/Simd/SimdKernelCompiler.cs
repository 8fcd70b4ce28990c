using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>Compiles kernels for the CPU: front end, passes, SIMD code.</summary>
internal sealed class SimdKernelCompiler : ICpuKernelCompiler
{
    public CompiledCpuKernel Compile(KernelEntry entry) => new SimdKernel(entry);
}
