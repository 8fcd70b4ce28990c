using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime;

public static partial class TensorCore
{
    /// <summary>The package's PTX back end has no values of several registers, which the results of these instructions are: never.</summary>
    public static partial bool IsNative(Accelerator accelerator) => false;
}
