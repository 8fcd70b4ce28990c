using System.IO.MemoryMappedFiles;

namespace IlgpuSeg.Serialization;

/// <summary>A whole file mapped into memory, read-only. Parts of it are copied out on request.</summary>
public sealed class MappedWeightFile : IWeightBytes, IDisposable
{
    private readonly MemoryMappedFile? _mapping;
    private readonly MemoryMappedViewAccessor? _view;

    private MappedWeightFile(FileStream stream)
    {
        Length = stream.Length;
        // An empty file cannot be mapped; the readers refuse it for its length.
        if (Length == 0)
        {
            stream.Dispose();
            return;
        }
        _mapping = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _mapping.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
    }

    /// <summary>The file's length in bytes.</summary>
    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be opened or mapped.</exception>
    public static MappedWeightFile Open(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            return new MappedWeightFile(stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        if (destination.Length > 0)
            _view!.SafeMemoryMappedViewHandle.ReadSpan((ulong)offset, destination);
    }

    /// <summary>Unmaps the file.</summary>
    public void Dispose()
    {
        _view?.Dispose();
        _mapping?.Dispose();
    }
}
