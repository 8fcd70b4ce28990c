using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cuda;

namespace IlgpuSeg.KernelRuntime;

/// <summary>What NVIDIA GPUs can do beyond ILGPU's interface.</summary>
public static class CudaExtensions
{
    /// <summary>What the driver's compiler made of an explicitly grouped kernel.</summary>
    /// <param name="accelerator">The GPU.</param>
    /// <param name="kernel">The kernel's method as a delegate.</param>
    /// <exception cref="NotSupportedException">The method can't be a kernel, or is compiled for values of its arguments.</exception>
    /// <exception cref="CudaException">The driver refused the kernel.</exception>
    public static CudaKernelAttributes GetKernelAttributes(this CudaAccelerator accelerator, Delegate kernel) =>
        KernelOf(accelerator, kernel).Attributes;

    /// <summary>How many groups of an explicitly grouped kernel a multiprocessor runs at once.</summary>
    /// <param name="accelerator">The GPU.</param>
    /// <param name="kernel">The kernel's method as a delegate.</param>
    /// <param name="groupSize">The number of threads of a group.</param>
    /// <param name="dynamicSharedBytes">The dynamic shared memory of a group in bytes.</param>
    /// <exception cref="NotSupportedException">The method can't be a kernel, or is compiled for values of its arguments.</exception>
    /// <exception cref="CudaException">The driver refused the kernel or the group.</exception>
    public static int GetGroupsPerMultiprocessor(this CudaAccelerator accelerator, Delegate kernel, int groupSize, int dynamicSharedBytes = 0)
    {
        CudaKernel loaded = KernelOf(accelerator, kernel);
        loaded.AllowDynamicShared(dynamicSharedBytes);
        ICudaDriver driver = accelerator.Driver;
        driver.Check(
            driver.OccupancyMaxActiveBlocksPerMultiprocessor(out int groups, loaded.FunctionPtr, groupSize, (nuint)dynamicSharedBytes),
            "cuOccupancyMaxActiveBlocksPerMultiprocessor",
            $"asking for the occupancy of kernel {loaded.CompiledKernel.Name} in groups of {groupSize} threads");
        return groups;
    }

    /// <summary>Lets a stream wait, on the device, for a marker of another stream of the same GPU.</summary>
    /// <param name="stream">The stream that is to wait.</param>
    /// <param name="marker">The marker.</param>
    /// <exception cref="ArgumentException">The marker belongs to another accelerator.</exception>
    /// <exception cref="CudaException">The driver failed.</exception>
    public static void WaitFor(this CudaStream stream, ProfilingMarker marker)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ObjectDisposedException.ThrowIf(stream.IsDisposed, stream);
        if (marker is not CudaMarker place || place.Accelerator != stream.Accelerator)
            throw new ArgumentException("The marker belongs to another accelerator.", nameof(marker));
        stream.Owner.Bind();
        stream.Owner.Driver.Check(
            stream.Owner.Driver.StreamWaitEvent(stream.StreamPtr, place.EventPtr, 0), "cuStreamWaitEvent", "letting a stream wait for another");
    }

    private static CudaKernel KernelOf(CudaAccelerator accelerator, Delegate kernel)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        ArgumentNullException.ThrowIfNull(kernel);
        accelerator.Bind();
        return accelerator.Kernels.Load(KernelEntry.Explicit(kernel.Method, KernelSpecialization.Empty)).Usual;
    }
}
