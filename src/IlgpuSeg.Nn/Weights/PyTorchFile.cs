using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>
/// Reads the tensors of a PyTorch checkpoint (.pth, .pt, .pth.tar): the zip format of PyTorch 1.6 and later, and the older one. Only
/// tensors and containers are built and nothing in the file is executed; a checkpoint that holds anything else is refused with the
/// name of what it holds. Tensor data stays in the mapped file until an entry is read.
/// </summary>
public sealed class PyTorchFile : IWeightSource
{
    private readonly IDisposable? _owner;

    private PyTorchFile(string file, IReadOnlyList<WeightEntry> entries, IDisposable? owner)
    {
        File = file;
        Entries = entries;
        _owner = owner;
    }

    /// <inheritdoc/>
    public string File { get; }

    /// <summary>
    /// The tensors, in the file's order. Where the checkpoint is a dict with a dict of tensors under `state_dict`, `model_state_dict` or
    /// `model`, these are the entries and the rest (optimizer, counters) is left out; otherwise all tensors, with the keys of nested
    /// containers joined by dots.
    /// </summary>
    public IReadOnlyList<WeightEntry> Entries { get; }

    /// <summary>Empty: the format has no free text fields.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>Opens a checkpoint and reads its structure.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="WeightFileException">It cannot be opened, is malformed, or holds more than tensors and containers.</exception>
    public static PyTorchFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        MappedWeightFile? mapped = null;
        try
        {
            mapped = MappedWeightFile.Open(path);
            return Read(path, mapped, mapped.Length, mapped);
        }
        catch (Exception e) when (WeightFileIo.IsFailure(e))
        {
            mapped?.Dispose();
            throw WeightFileIo.Wrap(path, "cannot be read", e);
        }
    }

    /// <summary>Reads a checkpoint that is already in memory.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">A name for messages.</param>
    /// <exception cref="WeightFileException">It is malformed, or holds more than tensors and containers.</exception>
    public static PyTorchFile FromBytes(ReadOnlyMemory<byte> bytes, string name) => Read(name, WeightBytes.Of(bytes), bytes.Length, null);

    /// <summary>Closes the file; its entries cannot be read any more.</summary>
    public void Dispose() => _owner?.Dispose();

    private static PyTorchFile Read(string file, IWeightBytes bytes, long length, IDisposable? owner)
    {
        var start = new byte[(int)Math.Min(4, length)];
        bytes.Read(0, start);
        object? root;
        if (start.AsSpan().SequenceEqual("PK\x03\x04"u8))
            root = PyTorchZip.Read(file, bytes, length);
        else if (start is [0x80, ..])
            root = PyTorchLegacy.Read(file, bytes, length);
        else
            throw new WeightFileException(file, null, "not a PyTorch checkpoint: neither the zip format nor the older one");
        return new PyTorchFile(file, new StateDict(file).Collect(root), owner);
    }
}
