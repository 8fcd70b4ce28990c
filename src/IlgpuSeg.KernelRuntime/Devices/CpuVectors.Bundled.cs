using ILGPU.Runtime;
using ILGPU.Runtime.CPU;

namespace IlgpuSeg.KernelRuntime;

public static partial class CpuVectors
{
    /// <summary>512-bit vectors take two warps.</summary>
    public static partial int Lanes(Accelerator accelerator) =>
        accelerator.Device is CPUDevice device ? device.Execution.Width.Count : accelerator.WarpSize;
}
