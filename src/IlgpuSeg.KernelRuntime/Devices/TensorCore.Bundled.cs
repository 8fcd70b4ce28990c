using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime;

public static partial class TensorCore
{
    /// <summary>The PTX back end starts from sm_80, which has them all.</summary>
    public static partial bool IsNative(Accelerator accelerator) => accelerator.AcceleratorType == AcceleratorType.Cuda;
}
