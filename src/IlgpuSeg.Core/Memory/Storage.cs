using ILGPU;

namespace IlgpuSeg.Memory;

/// <summary>
/// A counted reference to one block of device memory: tensors that share elements (reshape, detach, saved for backward)
/// share the storage, and the block goes back to its allocator when the last of them lets go.
/// </summary>
internal sealed class Storage(DeviceAllocator allocator, MemoryBlock block)
{
    private int references = 1;

    /// <summary>The shape of the tensor that it was allocated for.</summary>
    public required Shape Shape { get; init; }

    /// <summary>The type of the tensor that it was allocated for.</summary>
    public required DType DType { get; init; }

    /// <summary>Where it was allocated; null where nobody asked to know.</summary>
    public string? Site { get; init; }

    /// <summary>The tensor's name, for messages.</summary>
    public string? Name { get; set; }

    /// <summary>Bytes taken from the device.</summary>
    public long Size => block.Size;

    /// <summary>Counts in-place changes, so that backward notices a saved tensor that has changed since.</summary>
    public int Version { get; private set; }

    public bool IsFreed => references == 0;

    /// <summary>Whether nobody else reads these elements, so that they may be overwritten.</summary>
    public bool IsUnique => references == 1;

    public ArrayView<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(references == 0, typeof(Tensor));
            return block.Bytes;
        }
    }

    public void Touch() => Version++;

    public Storage AddReference()
    {
        ObjectDisposedException.ThrowIf(references == 0, typeof(Tensor));
        Interlocked.Increment(ref references);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref references) == 0)
            allocator.Free(this, block);
    }
}
