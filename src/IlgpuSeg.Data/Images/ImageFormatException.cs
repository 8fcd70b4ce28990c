namespace IlgpuSeg.Data;

/// <summary>A picture file cannot be read: missing, truncated, damaged, of an unknown or unsupported format, or absurdly large.</summary>
public sealed class ImageFormatException : DataException
{
    /// <summary>One line: the file and what is wrong with it.</summary>
    /// <param name="file">The file's name as the caller gave it.</param>
    /// <param name="reason">What is wrong.</param>
    /// <param name="inner">The cause, if another exception is it.</param>
    public ImageFormatException(string file, string reason, Exception? inner = null)
        : base($"{file}: {reason}", inner)
    {
        File = file;
        Reason = reason;
    }

    /// <summary>The file's name as the caller gave it.</summary>
    public string File { get; }

    /// <summary>What is wrong, without the file's name.</summary>
    public string Reason { get; }
}
