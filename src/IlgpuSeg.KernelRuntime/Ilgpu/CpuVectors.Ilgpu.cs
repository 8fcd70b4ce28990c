using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime;

public static partial class CpuVectors
{
    /// <summary>The package's CPU accelerator has no vectors.</summary>
    public static partial int Lanes(Accelerator accelerator) => accelerator.WarpSize;
}
