using System.Buffers.Binary;

namespace IlgpuSeg.Serialization;

/// <summary>
/// Reads .safetensors files: 8 bytes header length, a JSON header, then the tensors' little-endian bytes. The file is mapped into
/// memory and nothing but the header is read before an entry is asked for. The whole header is checked on opening, so that reading an
/// entry afterwards cannot fail (unless the file is cut while it is open).
/// </summary>
public sealed class SafeTensorsFile : IWeightSource
{
    private readonly IDisposable? _owner;
    private readonly Dictionary<string, WeightEntry> _byName = new(StringComparer.Ordinal);
    private readonly List<WeightEntry> _entries = [];

    private SafeTensorsFile(string file, IWeightBytes bytes, long length, IDisposable? owner)
    {
        File = file;
        _owner = owner;
        if (length < 8)
            throw new WeightFileException(file, null, $"not a safetensors file: {length} bytes");
        Span<byte> prefix = stackalloc byte[8];
        bytes.Read(0, prefix);
        int headerLength = SafeTensorsHeader.CheckLength(file, BinaryPrimitives.ReadUInt64LittleEndian(prefix), length);
        var json = new byte[headerLength];
        bytes.Read(8, json);
        long dataStart = 8L + headerLength;
        var header = SafeTensorsHeader.Parse(file, json, length - dataStart);
        Metadata = header.Metadata;
        foreach (var record in header.Records)
        {
            var entry = new WeightEntry(file, record.Name, record.Type, record.Shape, WeightBytes.Part(bytes, dataStart + record.Begin));
            _entries.Add(entry);
            _byName.Add(record.Name, entry);
        }
    }

    /// <inheritdoc/>
    public string File { get; }

    /// <inheritdoc/>
    public IReadOnlyList<WeightEntry> Entries => _entries;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensor of this name.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="WeightFileException">There is none.</exception>
    public WeightEntry this[string name] => Find(name) ?? throw new WeightFileException(File, name, "is not in the file");

    /// <summary>The tensor of this name, or null.</summary>
    /// <param name="name">The tensor's name.</param>
    public WeightEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Opens and checks a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="WeightFileException">It cannot be opened, or is malformed; the message says how.</exception>
    public static SafeTensorsFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        MappedWeightFile? mapped = null;
        try
        {
            mapped = MappedWeightFile.Open(path);
            return new SafeTensorsFile(path, mapped, mapped.Length, mapped);
        }
        catch (Exception e) when (WeightFileIo.IsFailure(e))
        {
            mapped?.Dispose();
            throw WeightFileIo.Wrap(path, "cannot be read", e);
        }
    }

    /// <summary>Checks a file that is already in memory.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">A name for messages.</param>
    /// <exception cref="WeightFileException">It is malformed.</exception>
    public static SafeTensorsFile FromBytes(ReadOnlyMemory<byte> bytes, string name) =>
        new(name, WeightBytes.Of(bytes), bytes.Length, null);

    /// <summary>Closes the file; its entries cannot be read any more.</summary>
    public void Dispose() => _owner?.Dispose();
}
