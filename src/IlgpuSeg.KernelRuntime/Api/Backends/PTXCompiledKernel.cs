using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;

namespace ILGPU.Backends.PTX;

/// <summary>A kernel as PTX, which the driver compiles for its device.</summary>
public sealed class PTXCompiledKernel : CompiledKernel
{
    internal PTXCompiledKernel(Context context, KernelEntry entry, PtxModule module)
        : base(context, entry)
    {
        Module = module;
    }

    /// <summary>The module's text.</summary>
    public string PTXAssembly => Module.Text;

    internal PtxModule Module { get; }
}
