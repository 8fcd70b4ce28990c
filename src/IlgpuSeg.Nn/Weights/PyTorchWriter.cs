using System.IO.Compression;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>
/// Writes PyTorch checkpoints in the zip format of PyTorch 1.6 and later, such that torch.load (weights_only included) gives a state
/// dict of contiguous CPU tensors, each with a storage of its own. Equal contents give equal files; the file appears whole or not at all.
/// </summary>
public static class PyTorchWriter
{
    private const string Root = "archive";
    private const int Chunk = 1 << 16;

    // A zip entry's time has to be something: its format's first moment.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Writes a file.</summary>
    /// <param name="path">The file to write or replace. Where it ends with .tar, the state dict lies under the key `state_dict`, as training scripts have it.</param>
    /// <param name="entries">The tensors, each name once, in the state dict's order.</param>
    /// <exception cref="WeightFileException">A name is repeated, or the file cannot be written.</exception>
    public static void Write(string path, IEnumerable<WeightEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(entries);
        var list = entries.ToList();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in list.Where(e => !names.Add(e.Name)))
            throw new WeightFileException(path, entry.Name, "is written twice");
        byte[] pickle = StateDictPickle.Write(list, path.EndsWith(".tar", StringComparison.OrdinalIgnoreCase) ? "state_dict" : null);
        WeightFileIo.WriteAtomically(path, stream =>
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            Add(archive, "data.pkl", target => target.Write(pickle));
            Add(archive, "byteorder", target => target.Write("little"u8));
            for (int i = 0; i < list.Count; i++)
            {
                var entry = list[i];
                Add(archive, $"data/{i}", target => Copy(entry, target));
            }
            Add(archive, "version", target => target.Write("3\n"u8));
        });
    }

    private static void Add(ZipArchive archive, string name, Action<Stream> write)
    {
        // PyTorch maps the records into memory: they must be stored as they are.
        var record = archive.CreateEntry($"{Root}/{name}", CompressionLevel.NoCompression);
        record.LastWriteTime = Epoch;
        using var target = record.Open();
        write(target);
    }

    private static void Copy(WeightEntry entry, Stream target)
    {
        var buffer = new byte[(int)Math.Min(Chunk, entry.ByteLength)];
        for (long offset = 0; offset < entry.ByteLength;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.ByteLength - offset));
            entry.CopyBytes(offset, part);
            target.Write(part);
            offset += part.Length;
        }
    }
}
