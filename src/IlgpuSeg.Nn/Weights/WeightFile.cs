using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>Opens weight files of any format by what they contain, and writes them in the format that their name says.</summary>
public static class WeightFile
{
    private const string SafeTensors = ".safetensors";

    /// <summary>The endings of files that can be written: .safetensors, and PyTorch's.</summary>
    public static IReadOnlyList<string> Endings { get; } = [SafeTensors, ".pth", ".pt", ".pth.tar"];

    /// <summary>Opens a .safetensors file or a PyTorch checkpoint (zip format or older).</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="WeightFileException">It cannot be opened, is malformed, or is of another format.</exception>
    public static IWeightSource Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Span<byte> start = stackalloc byte[9];
        int length;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (WeightFileIo.IsFailure(e))
        {
            throw WeightFileIo.Wrap(path, "cannot be read", e);
        }
        bool pytorch = start.StartsWith("PK\x03\x04"u8) || (start[0] == 0x80 && start[1] is >= 2 and <= 5 && start[8] != (byte)'{');
        if (pytorch)
            return PyTorchFile.Open(path);
        return length == start.Length && start[8] == (byte)'{'
            ? SafeTensorsFile.Open(path)
            : throw new WeightFileException(path, null, "neither a safetensors file nor a PyTorch checkpoint");
    }

    /// <summary>Throws where a name has none of the <see cref="Endings"/>.</summary>
    /// <param name="path">A file to write.</param>
    /// <exception cref="ArgumentException">The message lists the endings.</exception>
    public static void CheckEnding(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!Endings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase)))
            throw new ArgumentException($"{path}: the name must end with {string.Join(", ", Endings)}; it says in which format to write.");
    }

    /// <summary>Writes a weight file as a whole or not at all.</summary>
    /// <param name="path">The file to write or replace; its ending says the format.</param>
    /// <param name="entries">The tensors, each name once.</param>
    /// <param name="metadata">Free text fields, or null; PyTorch's format has no place for them.</param>
    /// <exception cref="ArgumentException">The ending names no format.</exception>
    /// <exception cref="WeightFileException">A name is repeated, or the file cannot be written.</exception>
    public static void Write(string path, IEnumerable<WeightEntry> entries, IReadOnlyDictionary<string, string>? metadata = null)
    {
        CheckEnding(path);
        if (path.EndsWith(SafeTensors, StringComparison.OrdinalIgnoreCase))
            SafeTensorsWriter.Write(path, entries, metadata);
        else
            PyTorchWriter.Write(path, entries);
    }
}
