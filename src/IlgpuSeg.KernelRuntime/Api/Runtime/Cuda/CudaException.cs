using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace ILGPU.Runtime.Cuda;

/// <summary>A call of the CUDA driver failed.</summary>
public sealed class CudaException : AcceleratorException
{
    /// <summary>An error without a cause.</summary>
    public CudaException()
        : this("A call of the CUDA driver failed.")
    {
    }

    /// <summary>An error of the driver.</summary>
    public CudaException(CudaError error)
        : this(error, error.ToString(), CudaDriver.Current is { } driver ? CudaCall.Describe(driver, error) : error.ToString())
    {
    }

    /// <summary>An error with a message.</summary>
    public CudaException(string message)
        : this(message, null!)
    {
    }

    /// <summary>An error with a message and a cause.</summary>
    public CudaException(string message, Exception innerException)
        : base(message, innerException)
    {
        Error = nameof(CudaError.CUDA_ERROR_UNKNOWN);
        Code = CudaError.CUDA_ERROR_UNKNOWN;
    }

    internal CudaException(CudaError code, string name, string message)
        : base(message, null)
    {
        Error = name;
        Code = code;
    }

    /// <summary>The driver's name for the error.</summary>
    public string Error { get; }

    /// <inheritdoc/>
    public override AcceleratorType AcceleratorType => AcceleratorType.Cuda;

    internal CudaError Code { get; }

    /// <summary>Throws if a call of the driver failed.</summary>
    /// <param name="cudaStatus">What it returned.</param>
    /// <exception cref="CudaException">It is not success.</exception>
    public static void ThrowIfFailed(CudaError cudaStatus)
    {
        if (cudaStatus != CudaError.CUDA_SUCCESS)
            throw new CudaException(cudaStatus);
    }
}
