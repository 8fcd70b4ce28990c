using ILGPU.Util;
using IlgpuSeg.KernelRuntime;
using IlgpuSeg.KernelRuntime.Devices;

namespace ILGPU.Runtime;

/// <summary>The kinds of accelerators.</summary>
public enum AcceleratorType
{
    /// <summary>The processor.</summary>
    CPU,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda,

    /// <summary>An OpenCL device; this runtime has none.</summary>
    OpenCL,
}

/// <summary>The base type of extensions of an accelerator.</summary>
public abstract class AcceleratorExtension : CachedExtension
{
}

/// <summary>A device in use: its memory, its streams and its kernels.</summary>
public abstract unsafe class Accelerator : CachedExtensionBase<AcceleratorExtension>
{
    private readonly Lock _childrenGate = new();
    private readonly HashSet<AcceleratorObject> _children = [];
    private AcceleratorStream? _defaultStream;

    private protected Accelerator(Context context, Device device)
    {
        ArgumentNullException.ThrowIfNull(context);
        Context = context;
        Device = device;
        context.Attach(this);
    }

    /// <summary>The context that the accelerator was made in.</summary>
    public Context Context { get; }

    /// <summary>The device behind the accelerator.</summary>
    public Device Device { get; }

    /// <summary>The stream that is used where none is named.</summary>
    public AcceleratorStream DefaultStream => _defaultStream ??= CreateStreamCore();

    /// <summary>The driver's handle of the accelerator; zero where there is none.</summary>
    public IntPtr NativePtr => NativeHandle;

    /// <summary>The number of groups and the group size that fill the device.</summary>
    public (Index1D, Index1D) MaxNumGroupsExtent =>
        (NumMultiprocessors * (MaxNumThreadsPerMultiprocessor / MaxNumThreadsPerGroup), MaxNumThreadsPerGroup);

    /// <summary>The kind of the accelerator.</summary>
    public AcceleratorType AcceleratorType => Device.AcceleratorType;

    /// <summary>The name of the device.</summary>
    public string Name => Device.Name;

    /// <summary>The size of the device's memory in bytes.</summary>
    public long MemorySize => Device.MemorySize;

    /// <summary>The largest grid, in groups per dimension.</summary>
    public Index3D MaxGridSize => Device.MaxGridSize;

    /// <summary>The largest group, in threads per dimension.</summary>
    public Index3D MaxGroupSize => Device.MaxGroupSize;

    /// <summary>The largest number of threads of a group.</summary>
    public int MaxNumThreadsPerGroup => Device.MaxNumThreadsPerGroup;

    /// <summary>The largest shared memory of a group in bytes.</summary>
    public int MaxSharedMemoryPerGroup => Device.MaxSharedMemoryPerGroup;

    /// <summary>The size of constant memory in bytes.</summary>
    public int MaxConstantMemory => Device.MaxConstantMemory;

    /// <summary>The number of threads that run in lock step.</summary>
    public int WarpSize => Device.WarpSize;

    /// <summary>The number of multiprocessors (processor cores in use on the CPU).</summary>
    public int NumMultiprocessors => Device.NumMultiprocessors;

    /// <summary>The largest number of threads that a multiprocessor holds.</summary>
    public int MaxNumThreadsPerMultiprocessor => Device.MaxNumThreadsPerMultiprocessor;

    /// <summary>The largest number of threads that the device holds.</summary>
    public int MaxNumThreads => Device.MaxNumThreads;

    /// <summary>The number of live buffers, streams and other objects of this accelerator.</summary>
    public int NumberChildObjects
    {
        get
        {
            lock (_childrenGate)
                return _children.Count;
        }
    }

    /// <summary>Told of every launch, on the thread that launches; for tests of what is launched at all.</summary>
    internal Action<KernelEntry>? Launching { get; set; }

    /// <summary>Times every launch while it is set.</summary>
    internal LaunchProfile? Profile { get; set; }

    /// <summary>Makes a stream.</summary>
    public AcceleratorStream CreateStream()
    {
        VerifyUsable();
        return CreateStreamCore();
    }

    /// <summary>Waits for everything that was launched.</summary>
    public void Synchronize()
    {
        VerifyUsable();
        SynchronizeCore();
    }

    /// <summary>Allocates a dense buffer; its contents are undefined.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="length">The number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    /// <exception cref="OutOfMemoryException">The memory does not suffice.</exception>
    public MemoryBuffer1D<T, Stride1D.Dense> Allocate1D<T>(long length)
        where T : unmanaged =>
        Allocate1D<T, Stride1D.Dense>(length, default);

    /// <summary>Allocates a buffer with a stride; its contents are undefined.</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <typeparam name="TStride">The stride type.</typeparam>
    /// <param name="length">The number of indices.</param>
    /// <param name="stride">The stride.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    /// <exception cref="OutOfMemoryException">The memory does not suffice.</exception>
    public MemoryBuffer1D<T, TStride> Allocate1D<T, TStride>(long length, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride1D
    {
        VerifyUsable();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        long elements = stride.ComputeBufferLength(new LongIndex1D(length));
        RawMemory memory = AllocateMemory(checked(elements * sizeof(T)));
        return new MemoryBuffer1D<T, TStride>(this, memory, elements, length, stride);
    }

    /// <summary>Allocates a buffer without a type; its contents are undefined.</summary>
    /// <param name="length">The number of elements.</param>
    /// <param name="elementSize">The size of one element in bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is negative or the element size zero.</exception>
    /// <exception cref="OutOfMemoryException">The memory does not suffice.</exception>
    public MemoryBuffer AllocateRaw(long length, int elementSize)
    {
        VerifyUsable();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(elementSize);
        return new UntypedBuffer(this, AllocateMemory(checked(length * elementSize)), length, elementSize);
    }

    /// <summary>Writes the device's properties.</summary>
    /// <param name="writer">The target.</param>
    public void PrintInformation(TextWriter writer) => Device.PrintInformation(writer);

    /// <inheritdoc/>
    public override string ToString() => Device.ToString();

    private protected virtual IntPtr NativeHandle => IntPtr.Zero;

    internal abstract RawMemory AllocateMemory(long bytes);

    internal abstract void CopyFromHost(AcceleratorStream stream, void* host, void* target, long bytes, bool async);

    internal abstract void CopyToHost(AcceleratorStream stream, void* source, void* host, long bytes, bool async);

    internal abstract void CopyBytes(AcceleratorStream stream, void* source, void* target, long bytes);

    internal abstract void FillBytes(AcceleratorStream stream, void* target, byte value, long bytes);

    internal abstract PageLockScope<T> PageLock<T>(Array owner, IntPtr address, long length)
        where T : unmanaged;

    /// <summary>Compiles a kernel, or finds it in the accelerator's cache.</summary>
    internal abstract LoadedKernel Load(KernelEntry entry);

    internal void Attach(AcceleratorObject child)
    {
        lock (_childrenGate)
            _children.Add(child);
    }

    internal void Detach(AcceleratorObject child)
    {
        lock (_childrenGate)
            _children.Remove(child);
    }

    internal void VerifyUsable() => ObjectDisposedException.ThrowIf(IsDisposed, this);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        AcceleratorObject[] children;
        lock (_childrenGate)
            children = [.. _children];
        foreach (AcceleratorObject child in children)
            child.Dispose();
        _defaultStream?.Dispose();
        Context.Detach(this);
        DisposeCore();
    }

    private protected abstract AcceleratorStream CreateStreamCore();

    private protected abstract void SynchronizeCore();

    private protected virtual void DisposeCore()
    {
    }

    private sealed class UntypedBuffer(Accelerator accelerator, RawMemory memory, long length, int elementSize)
        : MemoryBuffer(accelerator, memory, length, elementSize);
}
