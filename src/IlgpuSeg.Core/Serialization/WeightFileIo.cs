namespace IlgpuSeg.Serialization;

/// <summary>Opening, failing and atomic writing, the same for every weight file format.</summary>
public static class WeightFileIo
{
    /// <summary>Whether an exception is one that reading or writing a file may throw.</summary>
    /// <param name="exception">The exception.</param>
    public static bool IsFailure(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException
            or System.Security.SecurityException or WeightFileException;

    /// <summary>The exception to throw instead: itself when it is a <see cref="WeightFileException"/> already.</summary>
    /// <param name="path">The file.</param>
    /// <param name="action">What failed, such as "cannot be read".</param>
    /// <param name="exception">The cause.</param>
    public static WeightFileException Wrap(string path, string action, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        string reason = exception switch
        {
            FileNotFoundException => "there is no such file",
            DirectoryNotFoundException => "there is no such folder",
            _ => WeightFileException.Printable(exception.Message),
        };
        return exception as WeightFileException ?? new WeightFileException(path, null, $"{action}: {reason}", exception);
    }

    /// <summary>
    /// Writes a file as a whole or not at all: into a temporary file beside it, flushed to the disk, then renamed over it. Whoever
    /// reads the path meanwhile sees the old file or the new one.
    /// </summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="write">Writes the contents.</param>
    /// <exception cref="WeightFileException">It cannot be written; a file that was there is untouched.</exception>
    public static void WriteAtomically(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(write);
        string? temporary = null;
        try
        {
            string full = Path.GetFullPath(path);
            temporary = Path.Combine(Path.GetDirectoryName(full) ?? ".", $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            System.IO.File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e)
        {
            if (temporary is not null && System.IO.File.Exists(temporary))
                System.IO.File.Delete(temporary);
            if (IsFailure(e))
                throw Wrap(path, "cannot be written", e);
            throw;
        }
    }
}
