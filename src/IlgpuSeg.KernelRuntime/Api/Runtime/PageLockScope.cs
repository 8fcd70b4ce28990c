namespace ILGPU.Runtime;

/// <summary>Host memory that the device can reach directly, for copies that run beside kernels.</summary>
/// <typeparam name="T">The element type.</typeparam>
public abstract class PageLockScope<T> : AcceleratorObject
    where T : unmanaged
{
    private protected PageLockScope(Accelerator accelerator, IntPtr address, long length)
        : base(accelerator)
    {
        AddrOfLockedObject = address;
        Length = length;
        accelerator.Attach(this);
    }

    /// <summary>The host address.</summary>
    public IntPtr AddrOfLockedObject { get; }

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>The size in bytes.</summary>
    public unsafe long LengthInBytes => Length * sizeof(T);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Accelerator.Detach(this);
}
