using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace ILGPU.Runtime.Cuda;

/// <summary>NVIDIA GPUs in contexts.</summary>
public static class CudaContextExtensions
{
    /// <summary>Adds all NVIDIA GPUs; none if there is no driver.</summary>
    public static Context.Builder Cuda(this Context.Builder builder) => builder.Cuda(static _ => true);

    /// <summary>Adds the NVIDIA GPUs that fulfil a condition; none if there is no driver.</summary>
    public static Context.Builder Cuda(this Context.Builder builder, Predicate<CudaDevice> predicate)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Devices.AddRange(CudaDevice.GetDevices(predicate));
        return builder;
    }

    /// <summary>Adds the GPUs of a driver of one's own.</summary>
    internal static Context.Builder Cuda(this Context.Builder builder, ICudaDriver driver)
    {
        if (CudaDriver.Start(driver) is null)
            builder.Devices.AddRange(CudaDeviceQuery.Devices(driver));
        return builder;
    }

    /// <summary>The n-th NVIDIA GPU of a context.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public static CudaDevice GetCudaDevice(this Context context, int cudaDeviceIndex)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.GetDevice<CudaDevice>(cudaDeviceIndex);
    }

    /// <summary>The NVIDIA GPUs of a context.</summary>
    public static Context.DeviceCollection<CudaDevice> GetCudaDevices(this Context context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.GetDevices<CudaDevice>();
    }

    /// <summary>Makes an accelerator of the n-th NVIDIA GPU of a context.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    /// <exception cref="CudaException">The driver failed.</exception>
    public static CudaAccelerator CreateCudaAccelerator(this Context context, int cudaDeviceIndex) =>
        context.GetCudaDevice(cudaDeviceIndex).CreateCudaAccelerator(context);

    /// <summary>Makes an accelerator of the n-th NVIDIA GPU of a context.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    /// <exception cref="CudaException">The driver failed.</exception>
    public static CudaAccelerator CreateCudaAccelerator(this Context context, int cudaDeviceIndex, CudaAcceleratorFlags acceleratorFlags) =>
        context.GetCudaDevice(cudaDeviceIndex).CreateCudaAccelerator(context, acceleratorFlags);
}
