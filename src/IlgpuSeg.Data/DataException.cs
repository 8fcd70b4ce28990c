namespace IlgpuSeg.Data;

/// <summary>What a person must put right in the data or its options; the message is one line that names the file, folder or key.</summary>
public abstract class DataException : Exception
{
    /// <summary>An exception with its one line.</summary>
    /// <param name="message">One line naming the file, folder or key.</param>
    /// <param name="inner">The cause, if another exception is it.</param>
    protected DataException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A data set is incomplete or contradicts itself: a folder, an image or a label.</summary>
public sealed class DatasetException : DataException
{
    /// <summary>A problem at a file or folder.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="reason">What is wrong with it.</param>
    public DatasetException(string path, string reason)
        : base($"{path}: {reason}") => Path = path;

    /// <summary>The file or folder.</summary>
    public string Path { get; }
}

/// <summary>An option of loading or augmentation has an impossible value.</summary>
public sealed class DataOptionException : DataException
{
    /// <summary>A problem with an option.</summary>
    /// <param name="key">The option's name.</param>
    /// <param name="reason">What is wrong with its value.</param>
    public DataOptionException(string key, string reason)
        : base($"{key}: {reason}") => Key = key;

    /// <summary>The option's name.</summary>
    public string Key { get; }
}
