using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace IlgpuSeg.Data;

/// <summary>Takes the rows of a PNG file as they come out of the decompressor.</summary>
internal interface IPngSink
{
    /// <summary>One row: pixels (x0 + i * stepX, y) for i below count, samples packed as in the file.</summary>
    void Row(ReadOnlySpan<byte> packed, int y, int x0, int stepX, int count);
}

/// <summary>
/// A PNG file taken apart (ISO/IEC 15948): chunks with their check sums, then inflated and unfiltered row by row,
/// so that the only large allocation is the result's.
/// </summary>
internal sealed class PngReader
{
    /// <summary>Deflate cannot expand a byte to more than this many.</summary>
    private const long MaxExpansion = 1032;

    private static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    private readonly ImageSource _source;
    private readonly List<ArraySegment<byte>> _compressed = [];

    private PngReader(ImageSource source, PngHeader header)
    {
        _source = source;
        Header = header;
    }

    public PngHeader Header { get; }

    /// <summary>The palette's colours; empty for other colour types.</summary>
    public Rgb[] Palette { get; private set; } = [];

    public static bool HasSignature(ReadOnlySpan<byte> data) => data.StartsWith(Signature);

    /// <summary>The header, with the structure of the whole file checked.</summary>
    public static PngHeader ReadHeader(ImageSource source) => Read(source).Header;

    /// <summary>Walks all chunks and keeps what decoding needs.</summary>
    public static PngReader Read(ImageSource source)
    {
        int at = Signature.Length;
        var first = NextChunk(source, ref at, out string type);
        if (type != "IHDR")
            throw source.Bad($"the first PNG chunk is '{type}', not the header");
        var reader = new PngReader(source, PngHeader.Parse(first, source));
        bool dataEnded = false;
        while (true)
        {
            var chunk = NextChunk(source, ref at, out type);
            if (type == "IEND")
                break;
            if (type == "IDAT" && dataEnded)
                throw source.Bad("the PNG data chunks are not consecutive");
            dataEnded = type != "IDAT" && reader._compressed.Count > 0;
            reader.Take(type, chunk);
        }
        reader.CheckComplete();
        return reader;
    }

    private static ArraySegment<byte> NextChunk(ImageSource source, ref int at, out string type)
    {
        const int Frame = 12; // length, type, check sum
        int left = source.Data.Length - at;
        if (left < Frame)
            throw source.Truncated(left == 0 ? "no PNG end chunk" : "within a PNG chunk's header");
        var data = source.Data.AsSpan(at);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(data);
        type = ReadType(data[4..8], source);
        if (length > left - Frame)
            throw source.Truncated($"PNG chunk '{type}' states {length} bytes, {left - Frame} follow");
        uint stored = BinaryPrimitives.ReadUInt32BigEndian(data[(8 + (int)length)..]);
        if (stored != Crc32.Compute(data.Slice(4, 4 + (int)length)))
            throw source.Bad($"the file is damaged (wrong check sum of PNG chunk '{type}' at byte {at})");
        var chunk = new ArraySegment<byte>(source.Data, at + 8, (int)length);
        at += Frame + (int)length;
        return chunk;
    }

    private static string ReadType(ReadOnlySpan<byte> bytes, ImageSource source)
    {
        foreach (byte b in bytes)
        {
            if (!char.IsAsciiLetter((char)b))
                throw source.Bad($"the file is damaged (PNG chunk type {Convert.ToHexString(bytes)})");
        }
        return Encoding.ASCII.GetString(bytes);
    }

    private void Take(string type, ArraySegment<byte> chunk)
    {
        switch (type)
        {
            case "IHDR":
                throw _source.Bad("the PNG file has a second header");
            case "PLTE":
                TakePalette(chunk);
                break;
            case "IDAT":
                _compressed.Add(chunk);
                break;
            default:
                if (char.IsAsciiLetterUpper(type[0]))
                    throw _source.Bad($"the PNG file needs chunk '{type}', which is unknown");
                break;
        }
    }

    private void TakePalette(ReadOnlySpan<byte> chunk)
    {
        if (Palette.Length > 0 || _compressed.Count > 0 || chunk.Length % 3 != 0 || chunk.Length is 0 or > 768)
            throw _source.Bad($"the PNG palette is wrong or misplaced ({chunk.Length} bytes)");
        Palette = new Rgb[chunk.Length / 3];
        for (int i = 0; i < Palette.Length; i++)
            Palette[i] = new Rgb(chunk[3 * i], chunk[3 * i + 1], chunk[3 * i + 2]);
    }

    private void CheckComplete()
    {
        if (Header.Colour == PngColour.Palette && Palette.Length == 0)
            throw _source.Bad("the PNG file has no palette, which its colour type needs");
        long compressed = 0, raw = 0;
        foreach (var chunk in _compressed)
            compressed += chunk.Count;
        foreach (var pass in PngPass.Of(Header))
        {
            if (pass.Columns(Header) > 0)
                raw += (long)pass.Rows(Header) * (Header.RowBytes(pass.Columns(Header)) + 1);
        }
        if (raw > compressed * MaxExpansion)
            throw _source.Bad($"the header states {Header.Width}x{Header.Height} pixels, but {compressed} bytes of data cannot hold them");
    }

    /// <summary>Inflates, unfilters and hands over every row of every pass.</summary>
    public void Decode(IPngSink sink)
    {
        using var inflater = new ZLibStream(new SegmentStream(_compressed), CompressionMode.Decompress);
        try
        {
            foreach (var pass in PngPass.Of(Header))
                DecodePass(inflater, pass, sink);
            // Reading on makes the decompressor compare its check sum.
            Span<byte> one = stackalloc byte[1];
            _ = inflater.Read(one);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // The second is zlib's word for a stream that asks for a dictionary.
            throw new ImageFormatException(_source.Name, "the file is damaged (its compressed data cannot be inflated)", e);
        }
    }

    private void DecodePass(Stream inflater, PngPass pass, IPngSink sink)
    {
        int columns = pass.Columns(Header), rows = pass.Rows(Header);
        if (columns <= 0 || rows <= 0)
            return;
        int rowBytes = Header.RowBytes(columns);
        var current = new byte[rowBytes + 1];
        var previous = new byte[rowBytes + 1];
        for (int row = 0; row < rows; row++)
        {
            if (inflater.ReadAtLeast(current, current.Length, throwOnEndOfStream: false) < current.Length)
                throw _source.Bad($"the file is damaged (its compressed data ends in row {row} of {rows})");
            if (!PngFilter.Undo(current[0], current.AsSpan(1), previous.AsSpan(1), Header.FilterDistance))
                throw _source.Bad($"the file is damaged (unknown PNG filter {current[0]} in row {row})");
            sink.Row(current.AsSpan(1), pass.Y0 + row * pass.StepY, pass.X0, pass.StepX, columns);
            (current, previous) = (previous, current);
        }
    }
}
