using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace IlgpuSeg.Data;

/// <summary>Writes 8-bit PNG files. Pictures choose a filter per row; label maps are stored unfiltered, which suits flat areas.</summary>
internal static class PngWriter
{
    public static byte[] Rgb(RgbImage image) =>
        Encode(image.Pixels, image.Width, image.Height, PngColour.Rgb, adaptive: true, palette: null);

    public static byte[] Grey(LabelMap labels) =>
        Encode(labels.Labels, labels.Width, labels.Height, PngColour.Grey, adaptive: false, palette: null);

    public static byte[] Palette(LabelMap labels, IReadOnlyList<Rgb> palette)
    {
        LabelPalette.Check(labels, palette);
        return Encode(labels.Labels, labels.Width, labels.Height, PngColour.Palette, adaptive: false, palette);
    }

    private static byte[] Encode(byte[] samples, int width, int height, PngColour colour, bool adaptive, IReadOnlyList<Rgb>? palette)
    {
        var file = new MemoryStream();
        file.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[PngHeader.Length];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;
        header[9] = (byte)colour;
        WriteChunk(file, "IHDR", header);
        if (palette is not null)
            WritePalette(file, palette);
        WriteChunk(file, "IDAT", Compress(samples, height, samples.Length / height, samples.Length / height / width, adaptive));
        WriteChunk(file, "IEND", []);
        return file.ToArray();
    }

    private static void WritePalette(Stream file, IReadOnlyList<Rgb> palette)
    {
        var bytes = new byte[palette.Count * 3];
        for (int i = 0; i < palette.Count; i++)
            (bytes[3 * i], bytes[3 * i + 1], bytes[3 * i + 2]) = palette[i];
        WriteChunk(file, "PLTE", bytes);
    }

    private static void WriteChunk(Stream file, string type, ReadOnlySpan<byte> contents)
    {
        var chunk = new byte[contents.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, contents.Length);
        Encoding.ASCII.GetBytes(type, chunk.AsSpan(4));
        contents.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(contents.Length + 8), Crc32.Compute(chunk.AsSpan(4, contents.Length + 4)));
        file.Write(chunk);
    }

    private static byte[] Compress(byte[] samples, int height, int rowBytes, int distance, bool adaptive)
    {
        var compressed = new MemoryStream();
        using (var deflater = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            var above = new byte[rowBytes].AsSpan();
            var best = new byte[rowBytes + 1];
            var candidate = new byte[rowBytes + 1];
            for (int y = 0; y < height; y++)
            {
                var row = samples.AsSpan(y * rowBytes, rowBytes);
                FilterRow(row, above, distance, adaptive, ref best, ref candidate);
                deflater.Write(best);
                above = row;
            }
        }
        return compressed.ToArray();
    }

    private static void FilterRow(
        ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int distance, bool adaptive, ref byte[] best, ref byte[] candidate)
    {
        best[0] = PngFilter.None;
        long bestCost = PngFilter.Apply(PngFilter.None, row, above, distance, best.AsSpan(1));
        for (int filter = PngFilter.Sub; adaptive && filter < PngFilter.Count; filter++)
        {
            candidate[0] = (byte)filter;
            long cost = PngFilter.Apply(filter, row, above, distance, candidate.AsSpan(1));
            if (cost >= bestCost)
                continue;
            bestCost = cost;
            (best, candidate) = (candidate, best);
        }
    }
}
