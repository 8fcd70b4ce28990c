using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace ILGPU.Runtime.CPU;

/// <summary>The processor in contexts.</summary>
public static class CPUContextExtensions
{
    /// <summary>Adds the processor.</summary>
    /// <exception cref="InvalidOperationException">ILGPUSEG_THREADS is set to something that is not a number of threads.</exception>
    public static Context.Builder CPU(this Context.Builder builder) => builder.CPU(static _ => true);

    /// <summary>Adds a processor device.</summary>
    public static Context.Builder CPU(this Context.Builder builder, CPUDevice device)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(device);
        builder.Devices.Add(device);
        return builder;
    }

    /// <summary>Adds the processor if it fulfils a condition.</summary>
    public static Context.Builder CPU(this Context.Builder builder, Predicate<CPUDevice> predicate)
    {
        ArgumentNullException.ThrowIfNull(builder);
        // Read here first, so that a bad setting comes out as itself and not as a failed type initialiser.
        _ = WorkerPool.DefaultThreads;
        builder.Devices.AddRange(CPUDevice.GetDevices(predicate));
        return builder;
    }

    /// <summary>Adds the processor.</summary>
    public static Context.Builder DefaultCPU(this Context.Builder builder) => builder.CPU();

    /// <summary>The n-th processor device of a context.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public static CPUDevice GetCPUDevice(this Context context, int cpuDeviceIndex)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.GetDevice<CPUDevice>(cpuDeviceIndex);
    }

    /// <summary>The processor devices of a context.</summary>
    public static Context.DeviceCollection<CPUDevice> GetCPUDevices(this Context context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.GetDevices<CPUDevice>();
    }

    /// <summary>Makes an accelerator of the n-th processor device of a context.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public static CPUAccelerator CreateCPUAccelerator(this Context context, int cpuDeviceIndex) =>
        context.GetCPUDevice(cpuDeviceIndex).CreateCPUAccelerator(context);
}
