namespace IlgpuSeg.Data;

/// <summary>One colour component of a JPEG frame with its quantised coefficients.</summary>
internal sealed class JpegComponent
{
    public required int Id { get; init; }

    /// <summary>Horizontal sampling factor, 1 to 4.</summary>
    public required int H { get; init; }

    /// <summary>Vertical sampling factor, 1 to 4.</summary>
    public required int V { get; init; }

    public required int QuantTable { get; init; }

    /// <summary>Samples that carry picture (the rest of the last blocks is padding).</summary>
    public int Width { get; set; }

    public int Height { get; set; }

    /// <summary>Blocks that carry picture, for scans of this component alone.</summary>
    public int BlocksAcross => (Width + 7) / 8;

    public int BlocksDown => (Height + 7) / 8;

    /// <summary>Blocks stored a row: whole MCUs.</summary>
    public int StrideBlocks { get; set; }

    public int StoredRows { get; set; }

    /// <summary>Coefficients, 64 a block in natural (not zigzag) order.</summary>
    public short[] Coefficients { get; set; } = [];

    /// <summary>The quantisation table as it stood at the component's first scan.</summary>
    public int[]? Quantisers { get; set; }

    /// <summary>True once a scan has delivered the DC coefficients.</summary>
    public bool HasDc { get; set; }

    /// <summary>Decoded samples, StrideBlocks * 8 a row.</summary>
    public byte[] Samples { get; set; } = [];

    public int Stride => StrideBlocks * 8;
}

/// <summary>A frame header (SOF0, SOF1 or SOF2), checked.</summary>
internal sealed class JpegFrame
{
    private const int MaxPixelsPerScanByte = 8 * 64; // no DC scan spends less than a bit on a block

    private JpegFrame(int width, int height, bool progressive, JpegComponent[] components)
    {
        Width = width;
        Height = height;
        Progressive = progressive;
        Components = components;
        MaxH = components.Max(c => c.H);
        MaxV = components.Max(c => c.V);
        McusAcross = CeilDiv(width, 8 * MaxH);
        McusDown = CeilDiv(height, 8 * MaxV);
        foreach (var c in components)
        {
            c.Width = CeilDiv(width * c.H, MaxH);
            c.Height = CeilDiv(height * c.V, MaxV);
            c.StrideBlocks = McusAcross * c.H;
            c.StoredRows = McusDown * c.V;
        }
    }

    public int Width { get; }

    public int Height { get; }

    public bool Progressive { get; }

    public JpegComponent[] Components { get; }

    public int MaxH { get; }

    public int MaxV { get; }

    public int McusAcross { get; }

    public int McusDown { get; }

    /// <summary>Reads the contents of a frame header.</summary>
    public static JpegFrame Parse(ReadOnlySpan<byte> segment, bool progressive, ImageSource source)
    {
        if (segment.Length < 6 || segment.Length != 6 + 3 * segment[5])
            throw source.Bad($"the JPEG frame header has {segment.Length} bytes, which does not fit its contents");
        if (segment[0] != 8)
            throw source.Bad($"JPEG with {segment[0]} bits a sample is not supported (8 are)");
        int height = segment[1] << 8 | segment[2], width = segment[3] << 8 | segment[4];
        if (width == 0 || height == 0)
            throw source.Bad($"the JPEG frame header states an impossible size, {width}x{height}");
        if ((long)width * height > ImageSize.MaxPixels)
            throw source.Bad($"the JPEG frame header states {width}x{height} pixels, more than the {ImageSize.MaxPixels} that are allowed");
        if (segment[5] is not (1 or 3))
            throw source.Bad($"JPEG with {segment[5]} colour components is not supported (1 and 3 are)");
        var frame = new JpegFrame(width, height, progressive, ParseComponents(segment[6..], source));
        if ((long)width * height > (long)source.Data.Length * MaxPixelsPerScanByte)
            throw source.Bad($"the header states {width}x{height} pixels, but a file of {source.Data.Length} bytes cannot hold them");
        return frame;
    }

    private static JpegComponent[] ParseComponents(ReadOnlySpan<byte> entries, ImageSource source)
    {
        var components = new JpegComponent[entries.Length / 3];
        for (int i = 0; i < components.Length; i++)
        {
            var entry = entries.Slice(3 * i, 3);
            int h = entry[1] >> 4, v = entry[1] & 15;
            if (h is 0 or > 4 || v is 0 or > 4 || entry[2] > 3)
                throw source.Bad($"JPEG component {entry[0]} has impossible sampling {h}x{v} or quantisation table {entry[2]}");
            for (int j = 0; j < i; j++)
            {
                if (components[j].Id == entry[0])
                    throw source.Bad($"the JPEG frame header names component {entry[0]} twice");
            }
            components[i] = new JpegComponent { Id = entry[0], H = h, V = v, QuantTable = entry[2] };
        }
        // A single component is never interleaved: its sampling factors carry no meaning.
        if (components.Length == 1)
            components[0] = new JpegComponent { Id = components[0].Id, H = 1, V = 1, QuantTable = components[0].QuantTable };
        return components;
    }

    /// <summary>Makes room for the coefficients; done late, once a scan really follows.</summary>
    public void AllocateCoefficients()
    {
        foreach (var c in Components)
        {
            if (c.Coefficients.Length == 0)
                c.Coefficients = new short[c.StrideBlocks * c.StoredRows * 64];
        }
    }

    private static int CeilDiv(int value, int by) => (value + by - 1) / by;
}
