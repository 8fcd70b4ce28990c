using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace IlgpuSeg.Data.Tests;

/// <summary>
/// Builds PNG files of every kind from plain samples, the slow and obvious way, so that the reader is tested against something
/// that shares no code with it. Samples are [height, width, channels], each below 2^depth.
/// </summary>
internal sealed class PngBuilder
{
    public required int Width { get; init; }

    public required int Height { get; init; }

    public required int ColourType { get; init; }

    public required int Depth { get; init; }

    public required int[] Samples { get; init; }

    public bool Interlaced { get; init; }

    public byte[]? Palette { get; init; }

    /// <summary>The filter of each row; cycles.</summary>
    public int[] Filters { get; init; } = [0, 1, 2, 3, 4];

    /// <summary>The compressed data is cut into chunks of this size.</summary>
    public int ChunkSize { get; init; } = 100;

    public int Channels => ColourType switch { 0 or 3 => 1, 4 => 2, 2 => 3, _ => 4 };

    public byte[] Build()
    {
        var file = new List<byte> { 0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10 };
        file.AddRange(Chunk("IHDR", [.. BigEndian(Width), .. BigEndian(Height), (byte)Depth, (byte)ColourType, 0, 0,
            (byte)(Interlaced ? 1 : 0)]));
        file.AddRange(Chunk("tEXt", Encoding.ASCII.GetBytes("Comment\0made by a test")));
        if (Palette is not null)
            file.AddRange(Chunk("PLTE", Palette));
        foreach (var part in Compressed().Chunk(ChunkSize))
            file.AddRange(Chunk("IDAT", part));
        file.AddRange(Chunk("IEND", []));
        return [.. file];
    }

    public static byte[] Chunk(string type, byte[] contents)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. contents];
        return [.. BigEndian(contents.Length), .. body, .. BigEndian((int)Crc(body))];
    }

    public static byte[] BigEndian(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>CRC-32 bit by bit.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }

    private byte[] Compressed()
    {
        var stream = new MemoryStream();
        using (var deflate = new ZLibStream(stream, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var (x0, y0, dx, dy) in Interlaced ? Adam7 : [(0, 0, 1, 1)])
                WritePass(deflate, x0, y0, dx, dy);
        }
        return stream.ToArray();
    }

    private static readonly (int, int, int, int)[] Adam7 =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private void WritePass(Stream stream, int x0, int y0, int dx, int dy)
    {
        byte[]? above = null;
        int row = 0;
        for (int y = y0; y < Height && x0 < Width; y += dy, row++)
        {
            var packed = PackRow(y, x0, dx);
            above ??= new byte[packed.Length];
            int filter = Filters[row % Filters.Length];
            stream.WriteByte((byte)filter);
            stream.Write(Filter(filter, packed, above));
            above = packed;
        }
    }

    private byte[] PackRow(int y, int x0, int dx)
    {
        var bits = new List<bool>();
        for (int x = x0; x < Width; x += dx)
        {
            for (int c = 0; c < Channels; c++)
            {
                int sample = Samples[(y * Width + x) * Channels + c];
                for (int bit = Depth - 1; bit >= 0; bit--)
                    bits.Add((sample >> bit & 1) != 0);
            }
        }
        var row = new byte[(bits.Count + 7) / 8];
        for (int i = 0; i < bits.Count; i++)
            row[i / 8] |= (byte)(bits[i] ? 0x80 >> (i % 8) : 0);
        return row;
    }

    private byte[] Filter(int filter, byte[] row, byte[] above)
    {
        int distance = Math.Max(1, Channels * Depth / 8);
        return row.Select((value, i) =>
        {
            int a = i >= distance ? row[i - distance] : 0, b = above[i], c = i >= distance ? above[i - distance] : 0;
            int p = a + b - c, pa = Math.Abs(p - a), pb = Math.Abs(p - b), pc = Math.Abs(p - c);
            int paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
            int predicted = filter switch { 0 => 0, 1 => a, 2 => b, 3 => (a + b) / 2, _ => paeth };
            return (byte)(value - predicted);
        }).ToArray();
    }
}
