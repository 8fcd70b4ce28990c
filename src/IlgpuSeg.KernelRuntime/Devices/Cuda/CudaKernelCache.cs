using System.Collections.Concurrent;
using System.Reflection;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Backends.Ptx;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>Makes PTX of kernels.</summary>
internal interface ICudaKernelCompiler
{
    /// <summary>Compiles a kernel.</summary>
    /// <param name="entry">The kernel.</param>
    /// <param name="target">What to compile for.</param>
    /// <param name="specialized">The values of specialised parameters, one entry a parameter; null where there are none.</param>
    /// <param name="assumptions">What may be taken for granted of the arguments.</param>
    /// <exception cref="InternalCompilerException">The kernel is outside of the language.</exception>
    PtxModule Compile(KernelEntry entry, PtxTarget target, object?[]? specialized, PtxAssumptions assumptions);
}

/// <summary>The kernels that an accelerator has loaded. What fails is not kept, so that it can be tried again.</summary>
internal sealed class CudaKernelCache(CudaAccelerator accelerator, ICudaKernelCompiler compiler)
{
    private readonly ConcurrentDictionary<(MethodInfo, IndexType, KernelSpecialization), Lazy<LoadedCudaKernel>> _kernels = new();

    public LoadedCudaKernel Load(KernelEntry entry)
    {
        Lazy<LoadedCudaKernel> kernel = _kernels.GetOrAdd(
            entry.Key,
            static (_, state) => new Lazy<LoadedCudaKernel>(() => new LoadedCudaKernel(state.accelerator, state.Self, state.entry)),
            (accelerator, Self: this, entry));
        try
        {
            return kernel.Value;
        }
        catch
        {
            _kernels.TryRemove(new(entry.Key, kernel));
            throw;
        }
    }

    public CudaKernel Compile(KernelEntry entry, object?[]? specialized, PtxAssumptions assumptions)
    {
        PtxModule module = compiler.Compile(entry, accelerator.Target, specialized, assumptions);
        return new CudaKernel(accelerator, new PTXCompiledKernel(accelerator.Context, entry, module));
    }
}
