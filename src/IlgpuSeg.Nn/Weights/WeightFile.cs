using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>Opens weight files of any format by what they contain, not by their name.</summary>
public static class WeightFile
{
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
}
