using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>
/// PyTorch's format before 1.6: five pickles (magic number, protocol, the writer's system, the structure, the storages' keys), then for
/// each key the number of elements (8 bytes) and the elements.
/// </summary>
internal static class PyTorchLegacy
{
    private const long Protocol = 1001;

    private static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    public static object? Read(string file, IWeightBytes bytes, long length)
    {
        var storages = new Dictionary<string, PickleStorage>(StringComparer.Ordinal);
        var none = new PyTorchGlobals((cursor, _, _, _) => throw cursor.Error("a storage is mentioned where none is expected"));
        var globals = new PyTorchGlobals((cursor, key, type, count) => Mention(cursor, storages, key, type, count));
        long position = 0;
        object? magic = PickleReader.Read(file, "magic number", bytes, ref position, length, none);
        if (magic is not BigInteger number || number != Magic)
            throw new WeightFileException(file, null, "not a PyTorch checkpoint: the magic number is wrong");
        object? protocol = PickleReader.Read(file, "protocol", bytes, ref position, length, none);
        if (protocol is not Protocol)
            throw new WeightFileException(file, null, $"PyTorch's format of protocol {protocol as long? ?? -1} is not supported");
        object? system = PickleReader.Read(file, "system", bytes, ref position, length, none);
        if ((system as PickleDict)?["little_endian"] is not true)
            throw new WeightFileException(file, null, "the tensors are not stored in little-endian order");
        object? root = PickleReader.Read(file, "structure", bytes, ref position, length, globals);
        object? keys = PickleReader.Read(file, "storage keys", bytes, ref position, length, none);
        Place(file, bytes, position, length, keys as PickleList ?? throw new WeightFileException(file, "storage keys", "are not a list"), storages);
        return root;
    }

    private static PickleStorage Mention(PickleCursor cursor, Dictionary<string, PickleStorage> storages, string key, WeightType type, long count)
    {
        if (!storages.TryGetValue(key, out var storage))
            storages.Add(key, storage = new PickleStorage(key, type, count));
        return storage.Type == type && storage.Length == count
            ? storage
            : throw cursor.Error($"storage '{WeightFileException.Printable(key)}' is mentioned with two types or lengths");
    }

    private static void Place(
        string file, IWeightBytes bytes, long position, long length, PickleList keys, Dictionary<string, PickleStorage> storages)
    {
        Span<byte> prefix = stackalloc byte[8];
        foreach (object? item in keys.Items)
        {
            if (item is not string key || !storages.TryGetValue(key, out var storage) || storage.Bytes is not null)
                throw new WeightFileException(file, "storage keys", $"'{WeightFileException.Printable($"{item}")}' is unknown or repeated");
            if (length - position < 8)
                throw new WeightFileException(file, $"storage {key}", "is cut off");
            bytes.Read(position, prefix);
            long count = BinaryPrimitives.ReadInt64LittleEndian(prefix);
            position += 8;
            if (count != storage.Length)
                throw new WeightFileException(file, $"storage {key}", $"has {count} elements where {storage.Length} are expected");
            if (count * storage.Type.Size() > length - position)
                throw new WeightFileException(file, $"storage {key}", "is cut off");
            storage.Bytes = WeightBytes.Part(bytes, position);
            position += count * storage.Type.Size();
        }
        if (storages.Values.FirstOrDefault(s => s.Bytes is null) is { } missing)
            throw new WeightFileException(file, $"storage {missing.Key}", "is not in the file");
        if (position != length)
            throw new WeightFileException(file, null, $"{length - position} bytes after the last storage belong to none");
    }
}
