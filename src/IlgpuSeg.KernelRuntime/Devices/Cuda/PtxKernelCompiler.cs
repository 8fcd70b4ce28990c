using IlgpuSeg.KernelRuntime.Backends.Ptx;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>The PTX back end.</summary>
internal sealed class PtxKernelCompiler : ICudaKernelCompiler
{
    public static readonly PtxKernelCompiler Instance = new();

    private PtxKernelCompiler()
    {
    }

    public PtxModule Compile(KernelEntry entry, PtxTarget target, object?[]? specialized, PtxAssumptions assumptions) =>
        PtxCompiler.Compile(entry, target, specialized, assumptions);
}
