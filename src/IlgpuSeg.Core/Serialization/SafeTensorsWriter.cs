using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IlgpuSeg.Serialization;

/// <summary>
/// Writes .safetensors files. Tensors are laid out widest element first, then by name, and the header is padded to 8 bytes, so that
/// every tensor lies aligned in a mapped file and equal contents give equal files. The file appears whole or not at all.
/// </summary>
public static class SafeTensorsWriter
{
    private const int Chunk = 1 << 16;

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="entries">The tensors, each name once.</param>
    /// <param name="metadata">Free text fields, or null.</param>
    /// <exception cref="WeightFileException">A name is repeated or reserved, the header is too large, or the file cannot be written.</exception>
    public static void Write(string path, IEnumerable<WeightEntry> entries, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(entries);
        var ordered = Order(path, entries);
        byte[] header = Header(path, ordered, metadata);
        WeightFileIo.WriteAtomically(path, stream => WriteAll(stream, header, ordered));
    }

    /// <summary>The whole file as bytes, for small ones.</summary>
    /// <param name="entries">The tensors, each name once.</param>
    /// <param name="metadata">Free text fields, or null.</param>
    /// <exception cref="WeightFileException">A name is repeated or reserved, or the header is too large.</exception>
    public static byte[] ToBytes(IEnumerable<WeightEntry> entries, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var ordered = Order("(memory)", entries);
        using var stream = new MemoryStream();
        WriteAll(stream, Header("(memory)", ordered, metadata), ordered);
        return stream.ToArray();
    }

    private static List<WeightEntry> Order(string path, IEnumerable<WeightEntry> entries)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
        var ordered = new List<WeightEntry>();
        foreach (var entry in entries)
        {
            if (!names.Add(entry.Name))
                throw new WeightFileException(path, entry.Name, entry.Name == "__metadata__" ? "is a reserved name" : "is written twice");
            ordered.Add(entry);
        }
        return [.. ordered.OrderByDescending(e => e.Type.Size()).ThenBy(e => e.Name, StringComparer.Ordinal)];
    }

    private static byte[] Header(string path, List<WeightEntry> entries, IReadOnlyDictionary<string, string>? metadata)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (var entry in entries)
            {
                WriteRecord(json, entry, offset);
                offset += entry.ByteLength;
            }
            json.WriteEndObject();
        }
        while (stream.Length % 8 != 0)
            stream.WriteByte((byte)' ');
        return stream.Length <= SafeTensorsHeader.LargestHeader
            ? stream.ToArray()
            : throw new WeightFileException(path, null, $"the header would be {stream.Length} bytes long, {SafeTensorsHeader.LargestHeader} are allowed");
    }

    private static void WriteRecord(Utf8JsonWriter json, WeightEntry entry, long offset)
    {
        json.WriteStartObject(entry.Name);
        json.WriteString("dtype", entry.Type.SafeName());
        json.WriteStartArray("shape");
        foreach (long dimension in entry.Shape)
            json.WriteNumberValue(dimension);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset + entry.ByteLength);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteAll(Stream stream, byte[] header, List<WeightEntry> entries)
    {
        Span<byte> prefix = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        stream.Write(prefix);
        stream.Write(header);
        var buffer = new byte[Chunk];
        foreach (var entry in entries)
        {
            for (long offset = 0; offset < entry.ByteLength;)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(Chunk, entry.ByteLength - offset));
                entry.CopyBytes(offset, part);
                stream.Write(part);
                offset += part.Length;
            }
        }
    }
}
