using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime;

public static partial class TensorCore
{
    /// <summary>On NVIDIA GPUs from sm_80 on, by <see cref="PtxIntrinsics"/>.</summary>
    public static partial bool IsNative(Accelerator accelerator) => accelerator is CudaAccelerator cuda && cuda.Architecture >= CudaArchitecture.SM_80;
}
