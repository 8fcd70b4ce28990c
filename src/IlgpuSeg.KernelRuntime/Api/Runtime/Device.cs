namespace ILGPU.Runtime;

/// <summary>A device and its properties.</summary>
public abstract class Device
{
    private protected Device(AcceleratorType type, string name)
    {
        AcceleratorType = type;
        Name = name;
    }

    /// <summary>The kind of accelerator that the device makes.</summary>
    public AcceleratorType AcceleratorType { get; }

    /// <summary>The name of the device.</summary>
    public string Name { get; }

    /// <summary>The size of the device's memory in bytes.</summary>
    public long MemorySize { get; private protected init; }

    /// <summary>The largest grid, in groups per dimension.</summary>
    public Index3D MaxGridSize { get; private protected init; }

    /// <summary>The largest group, in threads per dimension.</summary>
    public Index3D MaxGroupSize { get; private protected init; }

    /// <summary>The largest number of threads of a group.</summary>
    public int MaxNumThreadsPerGroup { get; private protected init; }

    /// <summary>The largest shared memory of a group in bytes.</summary>
    public int MaxSharedMemoryPerGroup { get; private protected init; }

    /// <summary>The size of constant memory in bytes.</summary>
    public int MaxConstantMemory { get; private protected init; }

    /// <summary>The number of threads that run in lock step.</summary>
    public int WarpSize { get; private protected init; }

    /// <summary>The number of multiprocessors (processor cores on the CPU).</summary>
    public int NumMultiprocessors { get; private protected init; }

    /// <summary>The largest number of threads that a multiprocessor holds.</summary>
    public int MaxNumThreadsPerMultiprocessor { get; private protected init; }

    /// <summary>The largest number of threads that the device holds.</summary>
    public int MaxNumThreads => NumMultiprocessors * MaxNumThreadsPerMultiprocessor;

    /// <summary>Makes an accelerator of this device.</summary>
    /// <param name="context">The context that the accelerator belongs to.</param>
    public abstract Accelerator CreateAccelerator(Context context);

    /// <summary>Writes the properties, one a line.</summary>
    /// <param name="writer">The target.</param>
    public void PrintInformation(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteLine($"Device: {Name}");
        writer.WriteLine($"  Accelerator type:                    {AcceleratorType}");
        writer.WriteLine($"  Memory size:                         {MemorySize} bytes");
        writer.WriteLine($"  Warp size:                           {WarpSize}");
        writer.WriteLine($"  Multiprocessors:                     {NumMultiprocessors}");
        writer.WriteLine($"  Max number of threads per group:     {MaxNumThreadsPerGroup}");
        writer.WriteLine($"  Max group size:                      {MaxGroupSize}");
        writer.WriteLine($"  Max grid size:                       {MaxGridSize}");
        writer.WriteLine($"  Max shared memory per group:         {MaxSharedMemoryPerGroup} bytes");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} [{AcceleratorType}]";
}
