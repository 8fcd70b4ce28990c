using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Devices.Cuda;

/// <summary>Errors after which the driver refuses everything until the process ends.</summary>
internal static class CudaFaults
{
    public static bool AreFinal(CudaError error) => error
        is CudaError.CUDA_ERROR_DEINITIALIZED
        or CudaError.CUDA_ERROR_ECC_UNCORRECTABLE
        or CudaError.CUDA_ERROR_NVLINK_UNCORRECTABLE
        or CudaError.CUDA_ERROR_ILLEGAL_ADDRESS
        or CudaError.CUDA_ERROR_LAUNCH_TIMEOUT
        or CudaError.CUDA_ERROR_CONTEXT_IS_DESTROYED
        or CudaError.CUDA_ERROR_ASSERT
        or CudaError.CUDA_ERROR_HARDWARE_STACK_ERROR
        or CudaError.CUDA_ERROR_ILLEGAL_INSTRUCTION
        or CudaError.CUDA_ERROR_MISALIGNED_ADDRESS
        or CudaError.CUDA_ERROR_INVALID_ADDRESS_SPACE
        or CudaError.CUDA_ERROR_INVALID_PC
        or CudaError.CUDA_ERROR_LAUNCH_FAILED;
}
