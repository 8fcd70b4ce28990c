namespace IlgpuSeg.Data;

/// <summary>Picture files: the codec's methods with a path in place of bytes.</summary>
public static class ImageFiles
{
    /// <summary>Size and format of a file.</summary>
    /// <param name="codec">The codec.</param>
    /// <param name="path">A PNG or JPEG file.</param>
    /// <exception cref="ImageFormatException">The file cannot be read.</exception>
    public static ImageInfo Identify(this IImageCodec codec, string path) => codec.Identify(ReadBytes(path), path);

    /// <summary>Reads a picture as 8-bit RGB (see <see cref="IImageCodec.DecodeRgb"/>).</summary>
    /// <param name="codec">The codec.</param>
    /// <param name="path">A PNG or JPEG file.</param>
    /// <exception cref="ImageFormatException">The file cannot be read.</exception>
    public static RgbImage ReadRgb(this IImageCodec codec, string path) => codec.DecodeRgb(ReadBytes(path), path);

    /// <summary>Reads a label file's ids as stored (see <see cref="IImageCodec.DecodeLabels"/>).</summary>
    /// <param name="codec">The codec.</param>
    /// <param name="path">A grey or palette PNG file.</param>
    /// <exception cref="ImageFormatException">The file cannot be read.</exception>
    public static IdMap ReadLabels(this IImageCodec codec, string path) => codec.DecodeLabels(ReadBytes(path), path);

    /// <summary>Writes an RGB PNG; the file appears whole or not at all.</summary>
    /// <param name="codec">The codec.</param>
    /// <param name="path">The file; its folder is made if it is missing.</param>
    /// <param name="image">The picture.</param>
    public static void WritePng(this IImageCodec codec, string path, RgbImage image) =>
        AtomicFile.Write(path, codec.EncodePng(image));

    /// <summary>Writes a grey PNG whose values are the labels; the file appears whole or not at all.</summary>
    /// <param name="codec">The codec.</param>
    /// <param name="path">The file; its folder is made if it is missing.</param>
    /// <param name="labels">The labels.</param>
    public static void WritePng(this IImageCodec codec, string path, LabelMap labels) =>
        AtomicFile.Write(path, codec.EncodePng(labels));

    /// <summary>Writes a palette PNG whose indices are the labels; the file appears whole or not at all.</summary>
    /// <param name="codec">The codec.</param>
    /// <param name="path">The file; its folder is made if it is missing.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="palette">A colour for every label.</param>
    public static void WritePng(this IImageCodec codec, string path, LabelMap labels, IReadOnlyList<Rgb> palette) =>
        AtomicFile.Write(path, codec.EncodePng(labels, palette));

    private static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageFormatException(path, "there is no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageFormatException(path, $"cannot be read ({e.Message})", e);
        }
    }
}
