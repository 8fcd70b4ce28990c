using System.Buffers.Binary;
using System.Text;

namespace IlgpuSeg.Data;

/// <summary>
/// A PNG file's stored values, whatever they mean: the packages that turn palette files into colours lose the indices, so a palette
/// file is relabelled as grey before it is decoded, and a grey file as one with a palette after it is encoded. Only the header
/// and the palette chunk change; the compressed data stays.
/// </summary>
internal static class PngSurgery
{
    private const int HeaderChunk = 8, DepthAt = 24, ColourAt = 25, AfterHeader = 33;
    private const byte Grey = 0, Palette = 3;

    /// <summary>Bits a sample and colour type of a PNG file; null if it is not one or its header is cut off.</summary>
    public static (int Depth, int Colour)? Header(ReadOnlySpan<byte> png) =>
        png.Length >= AfterHeader && png.StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
            ? (png[DepthAt], png[ColourAt])
            : null;

    /// <summary>The same file as grey: its values are the indices (stretched to full range by who decodes 1, 2 or 4 bits).</summary>
    public static byte[] PaletteToGrey(byte[] png)
    {
        var result = new MemoryStream(png.Length);
        result.Write(WithColour(png, Grey));
        int at = AfterHeader;
        while (at + 12 <= png.Length)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at));
            int whole = (int)Math.Min(12L + length, png.Length - at);
            var type = png.AsSpan(at + 4, 4);
            if (!type.SequenceEqual("PLTE"u8) && !type.SequenceEqual("tRNS"u8))
                result.Write(png.AsSpan(at, whole));
            at += whole;
        }
        return result.ToArray();
    }

    /// <summary>An 8-bit grey file as one with a palette.</summary>
    public static byte[] GreyToPalette(byte[] png, IReadOnlyList<Rgb> palette)
    {
        var contents = new byte[palette.Count * 3];
        for (int i = 0; i < palette.Count; i++)
            (contents[3 * i], contents[3 * i + 1], contents[3 * i + 2]) = palette[i];
        return [.. WithColour(png, Palette), .. Chunk("PLTE", contents), .. png.AsSpan(AfterHeader)];
    }

    private static byte[] WithColour(byte[] png, byte colour)
    {
        var start = png.AsSpan(0, AfterHeader).ToArray();
        start[ColourAt] = colour;
        return [.. start.AsSpan(0, HeaderChunk), .. Chunk("IHDR", start.AsSpan(HeaderChunk + 8, 13))];
    }

    private static byte[] Chunk(string type, ReadOnlySpan<byte> contents)
    {
        var chunk = new byte[contents.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, contents.Length);
        Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        contents.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(contents.Length + 8), Crc32.Compute(chunk.AsSpan(4, contents.Length + 4)));
        return chunk;
    }
}
