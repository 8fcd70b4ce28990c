using System.Text.Json;
using System.Text.Unicode;

namespace IlgpuSeg.Serialization;

/// <summary>
/// The JSON header of a .safetensors file, with every field checked: unknown, missing and repeated fields, types, shapes, offsets,
/// overlaps and holes. Reading costs memory in proportion to the header that is really there, never to what it claims.
/// </summary>
internal sealed class SafeTensorsHeader
{
    /// <summary>The largest header that the format allows, in bytes.</summary>
    public const long LargestHeader = 100_000_000;

    private const int MaxRank = 16;

    private readonly string _file;
    private readonly List<Record> _records = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafeTensorsHeader(string file) => _file = file;

    /// <summary>A tensor's fields; offsets count from the data area's start.</summary>
    public readonly record struct Record(string Name, WeightType Type, long[] Shape, long Begin, long End);

    public IReadOnlyList<Record> Records => _records;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>The header's length, checked against the file's.</summary>
    public static int CheckLength(string file, ulong length, long fileLength)
    {
        if (length > LargestHeader)
            throw new WeightFileException(file, null, $"not a safetensors file: its header would be {length} bytes long, {LargestHeader} are allowed");
        if ((long)length > fileLength - 8)
            throw new WeightFileException(file, null, $"the header of {length} bytes runs past the end of the file ({fileLength} bytes)");
        return (int)length;
    }

    public static SafeTensorsHeader Parse(string file, ReadOnlySpan<byte> json, long dataLength)
    {
        var header = new SafeTensorsHeader(file);
        try
        {
            if (json.IsEmpty || json[0] != (byte)'{' || !Utf8.IsValid(json))
                throw header.Error(null, "the header is not a JSON object in UTF-8");
            header.ReadObject(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // InvalidOperationException: a lone surrogate written as an escape.
            throw new WeightFileException(file, null, "the header is not valid JSON", e);
        }
        header.CheckLayout(dataLength);
        return header;
    }

    private WeightFileException Error(string? key, string problem) => new(_file, key, problem);

    private void ReadObject(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        var names = new HashSet<string>(StringComparer.Ordinal);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!names.Add(name))
                throw Error(name, "appears twice in the header");
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Error(name, "is not a JSON object");
            if (name == "__metadata__")
                ReadMetadata(ref reader);
            else
                _records.Add(ReadRecord(name, ref reader));
        }
        if (reader.Read())
            throw Error(null, "the header is followed by more JSON");
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Error("__metadata__", $"'{WeightFileException.Printable(key)}' is not a string");
            if (!_metadata.TryAdd(key, reader.GetString()!))
                throw Error("__metadata__", $"'{WeightFileException.Printable(key)}' appears twice");
        }
    }

    private Record ReadRecord(string name, ref Utf8JsonReader reader)
    {
        WeightType? type = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = reader.GetString()!;
            bool repeated = field switch
            {
                "dtype" => type is not null,
                "shape" => shape is not null,
                "data_offsets" => offsets is not null,
                _ => throw Error(name, $"unknown field '{WeightFileException.Printable(field)}'"),
            };
            if (repeated)
                throw Error(name, $"'{field}' appears twice");
            reader.Read();
            if (field == "dtype")
                type = ReadType(name, ref reader);
            else if (field == "shape")
                shape = ReadNumbers(name, field, MaxRank, ref reader);
            else
                offsets = ReadNumbers(name, field, 2, ref reader);
        }
        if (type is null || shape is null || offsets is null)
            throw Error(name, $"'{(type is null ? "dtype" : shape is null ? "shape" : "data_offsets")}' is missing");
        return CheckRecord(name, type.Value, shape, offsets);
    }

    private WeightType ReadType(string name, ref Utf8JsonReader reader)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        if (text is not null && WeightTypes.TryParse(text, out var type))
            return type;
        throw Error(name, text is null ? "'dtype' is not a string" : $"dtype '{WeightFileException.Printable(text)}' is not supported");
    }

    private long[] ReadNumbers(string name, string field, int most, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Error(name, $"'{field}' is not an array");
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw Error(name, $"'{field}' holds something else than whole numbers from 0 to 2^63-1");
            if (numbers.Count == most)
                throw Error(name, $"'{field}' has more than {most} numbers");
            numbers.Add(number);
        }
        return [.. numbers];
    }

    private Record CheckRecord(string name, WeightType type, long[] shape, long[] offsets)
    {
        if (offsets.Length != 2 || offsets[0] > offsets[1])
            throw Error(name, "'data_offsets' is not a begin and an end");
        string shapeText = $"[{string.Join(", ", shape)}]";
        long elements = WeightEntry.CountElements(shape, type) ?? throw Error(name, $"shape {shapeText} is too large");
        long bytes = offsets[1] - offsets[0];
        if (bytes != elements * type.Size())
            throw Error(name, $"{type.SafeName()} {shapeText} needs {elements * type.Size()} bytes, its offsets give {bytes}");
        return new Record(name, type, shape, offsets[0], offsets[1]);
    }

    private void CheckLayout(long dataLength)
    {
        long end = 0;
        foreach (var record in _records.OrderBy(r => r.Begin).ThenBy(r => r.End))
        {
            if (record.End > dataLength)
                throw Error(record.Name, $"ends at byte {record.End} of the data, which has {dataLength}");
            if (record.Begin < end)
                throw Error(record.Name, "overlaps another tensor");
            if (record.Begin > end)
                throw Error(record.Name, $"leaves a hole of {record.Begin - end} bytes before it");
            end = record.End;
        }
        if (end != dataLength)
            throw Error(null, $"{dataLength - end} bytes after the last tensor belong to none");
    }
}
