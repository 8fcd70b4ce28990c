using System.Buffers.Binary;

namespace IlgpuSeg.Data;

/// <summary>PNG's colour types.</summary>
internal enum PngColour : byte
{
    Grey = 0,
    Rgb = 2,
    Palette = 3,
    GreyAlpha = 4,
    Rgba = 6,
}

/// <summary>The contents of an IHDR chunk, checked.</summary>
internal sealed record PngHeader(int Width, int Height, int BitDepth, PngColour Colour, bool Interlaced)
{
    public const int Length = 13;

    public int Channels => Colour switch
    {
        PngColour.Grey or PngColour.Palette => 1,
        PngColour.GreyAlpha => 2,
        PngColour.Rgb => 3,
        _ => 4,
    };

    /// <summary>Bytes of a row of <paramref name="pixels"/> pixels, without its filter byte.</summary>
    public int RowBytes(int pixels) => (int)(((long)pixels * Channels * BitDepth + 7) / 8);

    /// <summary>The distance, in bytes, between a byte and its left neighbour for the filters.</summary>
    public int FilterDistance => Math.Max(1, Channels * BitDepth / 8);

    public static PngHeader Parse(ReadOnlySpan<byte> chunk, ImageSource source)
    {
        if (chunk.Length != Length)
            throw source.Bad($"the PNG header has {chunk.Length} bytes, not {Length}");
        uint width = BinaryPrimitives.ReadUInt32BigEndian(chunk);
        uint height = BinaryPrimitives.ReadUInt32BigEndian(chunk[4..]);
        if (width == 0 || height == 0 || width > int.MaxValue || height > int.MaxValue)
            throw source.Bad($"the PNG header states an impossible size, {width}x{height}");
        if ((long)width * height > ImageSize.MaxPixels)
            throw source.Bad($"the PNG header states {width}x{height} pixels, more than the {ImageSize.MaxPixels} that are allowed");
        var colour = (PngColour)chunk[9];
        int depth = chunk[8];
        if (!IsAllowed(colour, depth))
            throw source.Bad($"PNG has no colour type {chunk[9]} with {depth} bits");
        if (chunk[10] != 0 || chunk[11] != 0 || chunk[12] > 1)
            throw source.Bad($"the PNG header names unknown methods (compression {chunk[10]}, filter {chunk[11]}, interlace {chunk[12]})");
        return new PngHeader((int)width, (int)height, depth, colour, chunk[12] == 1);
    }

    private static bool IsAllowed(PngColour colour, int depth) => colour switch
    {
        PngColour.Grey => depth is 1 or 2 or 4 or 8 or 16,
        PngColour.Palette => depth is 1 or 2 or 4 or 8,
        PngColour.Rgb or PngColour.GreyAlpha or PngColour.Rgba => depth is 8 or 16,
        _ => false,
    };
}

/// <summary>One of the sub-pictures that a PNG file stores: the whole picture, or one of the seven of Adam7.</summary>
internal readonly record struct PngPass(int X0, int Y0, int StepX, int StepY)
{
    private static readonly PngPass[] Whole = [new(0, 0, 1, 1)];

    private static readonly PngPass[] Adam7 =
    [
        new(0, 0, 8, 8), new(4, 0, 8, 8), new(0, 4, 4, 8), new(2, 0, 4, 4), new(0, 2, 2, 4), new(1, 0, 2, 2), new(0, 1, 1, 2),
    ];

    public static ReadOnlySpan<PngPass> Of(PngHeader header) => header.Interlaced ? Adam7 : Whole;

    public int Columns(PngHeader header) => (header.Width - X0 + StepX - 1) / StepX;

    public int Rows(PngHeader header) => (header.Height - Y0 + StepY - 1) / StepY;
}
