using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Devices;

/// <summary>A kernel that is ready to be launched on one accelerator.</summary>
internal abstract unsafe class LoadedKernel(Accelerator accelerator, KernelEntry entry)
{
    public Accelerator Accelerator { get; } = accelerator;

    public KernelEntry Entry { get; } = entry;

    /// <summary>The group size of implicitly grouped launches that do not ask for one.</summary>
    public abstract int AutoGroupSize { get; }

    /// <summary>Launches with explicit dimensions. Called by the emitted launchers.</summary>
    /// <param name="stream">The stream; null for the default stream.</param>
    /// <param name="config">Grid and group dimensions.</param>
    /// <param name="arguments">The block of arguments, laid out as <see cref="Entry"/> says.</param>
    public void LaunchExplicit(AcceleratorStream? stream, KernelConfig config, byte* arguments)
    {
        CheckConfig(config);
        CheckArguments(arguments);
        Start(
            StreamOf(stream),
            new LaunchDimensions(config.GridDim, config.GroupDim, config.SharedMemoryConfig.ArraySize, default),
            arguments);
    }

    /// <summary>Launches one thread per index of an extent; an extent without indices launches nothing.</summary>
    /// <param name="stream">The stream; null for the default stream.</param>
    /// <param name="extent">The extent.</param>
    /// <param name="groupSize">The number of threads of a group; 0 for the device's choice.</param>
    /// <param name="arguments">The block of arguments, laid out as <see cref="Entry"/> says.</param>
    public void LaunchImplicit(AcceleratorStream? stream, LongIndex3D extent, int groupSize, byte* arguments)
    {
        if (extent.X < 0 || extent.Y < 0 || extent.Z < 0)
            throw new ArgumentOutOfRangeException(nameof(extent), $"Kernel {Entry.Name}: the extent {extent} is negative.");
        CheckArguments(arguments);
        AcceleratorStream target = StreamOf(stream);
        long threads = checked(extent.X * extent.Y * extent.Z);
        if (threads == 0)
            return;
        int size = groupSize > 0 ? groupSize : AutoGroupSize;
        long groups = (threads + size - 1) / size;
        if (groups > Accelerator.MaxGridSize.X)
            throw new ArgumentOutOfRangeException(
                nameof(extent),
                $"Kernel {Entry.Name}: the extent {extent} needs {groups} groups; {Accelerator.MaxGridSize.X} are possible.");
        Start(target, new LaunchDimensions(new Index3D((int)groups, 1, 1), new Index3D(size, 1, 1), 0, extent), arguments);
    }

    private void Start(AcceleratorStream stream, in LaunchDimensions dimensions, byte* arguments)
    {
        Accelerator.Launching?.Invoke(Entry);
        if (Accelerator.Profile is not { } profile)
        {
            Launch(stream, dimensions, arguments);
            return;
        }
        ProfilingMarker before = stream.CreateMarker();
        Launch(stream, dimensions, arguments);
        profile.Add(Entry.Method, dimensions, before, stream.CreateMarker());
    }

    protected abstract void Launch(AcceleratorStream stream, in LaunchDimensions dimensions, byte* arguments);

    private AcceleratorStream StreamOf(AcceleratorStream? stream)
    {
        Accelerator.VerifyUsable();
        if (stream is null)
            return Accelerator.DefaultStream;
        if (stream.Accelerator != Accelerator)
            throw new ArgumentException($"Kernel {Entry.Name}: the stream belongs to another accelerator.", nameof(stream));
        ObjectDisposedException.ThrowIf(stream.IsDisposed, stream);
        return stream;
    }

    private void CheckConfig(in KernelConfig config)
    {
        if (config.IsValid
            && Fits(config.GridDim, Accelerator.MaxGridSize)
            && Fits(config.GroupDim, Accelerator.MaxGroupSize)
            && config.GroupDim.LongSize <= MaxThreads
            && config.SharedMemoryConfig.ArraySize <= Accelerator.MaxSharedMemoryPerGroup)
            return;
        throw new ArgumentOutOfRangeException(nameof(config), $"Kernel {Entry.Name}: {Complaint(config)}.");
    }

    private int MaxThreads =>
        Math.Min(Entry.Specialization.MaxNumThreadsPerGroup ?? int.MaxValue, Accelerator.MaxNumThreadsPerGroup);

    private static bool Fits(Index3D dimension, Index3D limit) =>
        dimension.X <= limit.X && dimension.Y <= limit.Y && dimension.Z <= limit.Z;

    private string Complaint(in KernelConfig config)
    {
        if (!config.IsValid)
            return $"every dimension of a launch is at least one, not {config}";
        if (!Fits(config.GridDim, Accelerator.MaxGridSize))
            return $"the grid {config.GridDim} is larger than the device's {Accelerator.MaxGridSize}";
        if (!Fits(config.GroupDim, Accelerator.MaxGroupSize))
            return $"the group {config.GroupDim} is larger than the device's {Accelerator.MaxGroupSize}";
        if (config.GroupDim.LongSize > MaxThreads)
            return $"the group {config.GroupDim} has {config.GroupDim.LongSize} threads; at most {MaxThreads} are possible";
        return $"{config.SharedMemoryConfig.ArraySize} bytes of dynamic shared memory were asked for; " +
            $"the device has {Accelerator.MaxSharedMemoryPerGroup}";
    }

    /// <summary>Every view must look into a live buffer of this accelerator; a view without elements needs none.</summary>
    private void CheckArguments(byte* arguments)
    {
        foreach (ViewSlot slot in Entry.Views)
        {
            byte* view = arguments + slot.Offset;
            long handle = *(long*)(view + ArrayView<byte>.HandleOffset);
            MemoryBuffer? buffer = BufferTable.Find(handle);
            if (buffer?.Accelerator != Accelerator)
                CheckOrphan(slot, handle, *(long*)(view + ArrayView<byte>.LengthOffset), buffer);
        }
    }

    private void CheckOrphan(ViewSlot slot, long handle, long length, MemoryBuffer? buffer)
    {
        if (buffer is not null)
            throw new ArgumentException(
                $"Kernel {Entry.Name}: the view '{slot.Path}' belongs to {buffer.Accelerator}, not to {Accelerator}.",
                slot.Path);
        if (handle != 0)
            throw new ObjectDisposedException(slot.Path, $"Kernel {Entry.Name}: the buffer of the view '{slot.Path}' was disposed.");
        if (length != 0)
            throw new ArgumentException($"Kernel {Entry.Name}: the view '{slot.Path}' does not belong to a buffer.", slot.Path);
    }
}
