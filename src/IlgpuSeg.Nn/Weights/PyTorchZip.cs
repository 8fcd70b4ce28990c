using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>PyTorch's zip format: NAME/data.pkl with the structure, NAME/data/KEY with each storage.</summary>
internal static class PyTorchZip
{
    public static object? Read(string file, IWeightBytes bytes, long length)
    {
        var directory = ZipDirectory.Read(file, bytes, length);
        var pickles = directory.Records.Values.Where(r => r.Name.EndsWith("/data.pkl", StringComparison.Ordinal)).ToList();
        if (pickles.Count != 1)
            throw new WeightFileException(file, null, $"not a PyTorch checkpoint: the zip archive has {pickles.Count} records 'data.pkl'");
        var pickle = pickles[0];
        string prefix = pickle.Name[..^"data.pkl".Length];
        if (directory.Records.ContainsKey(prefix + "constants.pkl"))
            throw new WeightFileException(file, null, "a TorchScript archive, which holds code; save the state_dict instead");
        CheckStored(file, pickle);
        CheckByteOrder(file, bytes, directory, prefix);

        var storages = new Dictionary<string, PickleStorage>(StringComparer.Ordinal);
        var globals = new PyTorchGlobals((cursor, key, type, count) => Open(cursor, key, type, count, storages, file, bytes, directory, prefix));
        long position = pickle.Start;
        object? root = PickleReader.Read(file, pickle.Name, bytes, ref position, pickle.End, globals);
        return position == pickle.End ? root : throw new WeightFileException(file, pickle.Name, "the pickle is followed by other bytes");
    }

    private static PickleStorage Open(
        PickleCursor cursor, string key, WeightType type, long count, Dictionary<string, PickleStorage> storages, string file,
        IWeightBytes bytes, ZipDirectory directory, string prefix)
    {
        // One storage may be mentioned under several element types: the key alone does not identify the view.
        string id = $"{type}/{key}";
        if (storages.TryGetValue(id, out var known) && known.Length == count)
            return known;
        if (!directory.Records.TryGetValue($"{prefix}data/{key}", out var record))
            throw cursor.Error($"storage '{WeightFileException.Printable(key)}' is not in the archive");
        CheckStored(file, record);
        if (record.Length < count * type.Size())
            throw cursor.Error($"storage '{WeightFileException.Printable(key)}' has {record.Length} bytes where {count} {type.SafeName()} are expected");
        return storages[id] = new PickleStorage(key, type, count) { Bytes = WeightBytes.Part(bytes, record.Start) };
    }

    private static void CheckStored(string file, ZipDirectory.ZipRecord record)
    {
        if (!record.Stored)
            throw new WeightFileException(file, record.Name, "is compressed or encrypted; PyTorch stores its records as they are");
    }

    private static void CheckByteOrder(string file, IWeightBytes bytes, ZipDirectory directory, string prefix)
    {
        if (!directory.Records.TryGetValue(prefix + "byteorder", out var record))
            return; // older than PyTorch 2.1: always the writer's own order, which was little
        var order = new byte[(int)Math.Min(record.Length, 16)];
        bytes.Read(record.Start, order);
        if (!order.AsSpan().SequenceEqual("little"u8))
            throw new WeightFileException(file, record.Name, "the tensors are not stored in little-endian order");
    }
}
