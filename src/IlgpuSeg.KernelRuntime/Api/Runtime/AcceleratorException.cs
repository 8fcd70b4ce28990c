namespace ILGPU.Runtime;

/// <summary>An error of an accelerator.</summary>
public abstract class AcceleratorException : Exception
{
    private protected AcceleratorException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The kind of accelerator that failed.</summary>
    public abstract AcceleratorType AcceleratorType { get; }
}
