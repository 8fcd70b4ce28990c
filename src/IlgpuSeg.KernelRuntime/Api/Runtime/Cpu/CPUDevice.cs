using System.Collections.Immutable;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace ILGPU.Runtime.CPU;

/// <summary>The processor as a device. A warp is one vector of eight lanes.</summary>
public sealed class CPUDevice : Device
{
    /// <summary>The processor with all of its cores, or as many as the environment variable ILGPUSEG_THREADS says.</summary>
    public static readonly CPUDevice Default = new(WorkerPool.DefaultThreads, CpuExecution.Default);

    internal CPUDevice(int threads, CpuExecution execution)
        : base(AcceleratorType.CPU, CpuName.Read())
    {
        Execution = execution;
        MemorySize = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        MaxGridSize = CpuLimits.MaxGrid;
        MaxGroupSize = CpuLimits.MaxGroup;
        MaxNumThreadsPerGroup = CpuLimits.MaxThreadsPerGroup;
        MaxSharedMemoryPerGroup = CpuLimits.MaxSharedMemoryPerGroup;
        MaxConstantMemory = 64 * 1024;
        WarpSize = CpuLimits.WarpSize;
        NumMultiprocessors = threads;
        MaxNumThreadsPerMultiprocessor = CpuLimits.MaxThreadsPerGroup;
    }

    /// <summary>The number of threads that run groups.</summary>
    public int NumThreads => NumMultiprocessors;

    internal CpuExecution Execution { get; }

    /// <inheritdoc/>
    public override Accelerator CreateAccelerator(Context context) => CreateCPUAccelerator(context);

    /// <summary>Makes an accelerator of the processor.</summary>
    /// <param name="context">The context that the accelerator belongs to.</param>
    public CPUAccelerator CreateCPUAccelerator(Context context) => new(context, this);

    /// <summary>The processor, if it fulfils a condition.</summary>
    public static ImmutableArray<Device> GetDevices(Predicate<CPUDevice> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return predicate(Default) ? [Default] : [];
    }
}
