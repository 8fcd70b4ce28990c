namespace ILGPU;

/// <summary>A kernel could not be compiled.</summary>
public sealed class InternalCompilerException : Exception
{
    /// <summary>An exception without a message.</summary>
    public InternalCompilerException()
    {
    }

    /// <summary>An exception with a message.</summary>
    public InternalCompilerException(string message)
        : base(message)
    {
    }

    /// <summary>An exception with a message and a cause.</summary>
    public InternalCompilerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
