using ILGPU.Util;

namespace ILGPU.Runtime;

/// <summary>An object that belongs to an accelerator and is disposed with it.</summary>
public abstract class AcceleratorObject : DisposeBase
{
    private protected AcceleratorObject(Accelerator accelerator)
    {
        Accelerator = accelerator;
    }

    /// <summary>The accelerator that the object belongs to.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>The kind of the accelerator.</summary>
    public AcceleratorType AcceleratorType => Accelerator.AcceleratorType;

    private protected void VerifyUsable()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ObjectDisposedException.ThrowIf(Accelerator.IsDisposed, Accelerator);
    }
}
