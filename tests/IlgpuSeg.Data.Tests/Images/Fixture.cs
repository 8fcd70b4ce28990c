using System.Text;

namespace IlgpuSeg.Data.Tests;

/// <summary>The files of Fixtures/, with their expected pixels.</summary>
internal static class Fixture
{
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Fixtures");

    public static byte[] Bytes(string file) => File.ReadAllBytes(Path.Combine(Folder, file));

    public static IEnumerable<string> Names(string pattern) =>
        Directory.GetFiles(Folder, pattern).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal);

    /// <summary>The pixels of a .ppm (3 bytes a pixel) or .pgm (2 bytes a pixel) file.</summary>
    public static (int Width, int Height, byte[] Values) ReadPnm(string file)
    {
        var bytes = Bytes(file);
        int headerEnd = Array.IndexOf(bytes, (byte)'\n');
        var fields = Encoding.ASCII.GetString(bytes, 0, headerEnd).Split(' ');
        return (int.Parse(fields[1]), int.Parse(fields[2]), bytes[(headerEnd + 1)..]);
    }

    public static RgbImage Expected(string file)
    {
        var (width, height, values) = ReadPnm(Path.ChangeExtension(file, ".ppm"));
        return new RgbImage(width, height, values);
    }
}
