namespace IlgpuSeg.Data;

/// <summary>
/// Reads JPEG files (ITU-T T.81): baseline, extended sequential and progressive Huffman coding with 8-bit samples, one component
/// (grey) or three (YCbCr, or RGB as Adobe's marker or the component names say), any sampling factors, restart markers.
/// </summary>
internal sealed class JpegReader
{
    /// <summary>More scans than any encoder writes; a bound on the work that a small hostile file can ask for.</summary>
    private const int MaxScans = 256;

    private const int Soi = 0xD8, Eoi = 0xD9, Sos = 0xDA, Dqt = 0xDB, Dnl = 0xDC, Dri = 0xDD, Dht = 0xC4,
        Sof0 = 0xC0, Sof1 = 0xC1, Sof2 = 0xC2, App0 = 0xE0, App14 = 0xEE;

    private readonly ImageSource _source;
    private readonly int[]?[] _quantisers = new int[4][];
    private readonly JpegHuffmanTable?[] _dcTables = new JpegHuffmanTable?[4];
    private readonly JpegHuffmanTable?[] _acTables = new JpegHuffmanTable?[4];
    private JpegFrame? _frame;
    private int _position = 2; // behind SOI
    private int _restartInterval;
    private int _scans;
    private bool _hasJfif;
    private int? _adobeTransform;

    private JpegReader(ImageSource source) => _source = source;

    /// <summary>The size; the file's markers are walked to the end.</summary>
    public static (int Width, int Height) ReadSize(ImageSource source)
    {
        var frame = new JpegReader(source).Walk(decode: false);
        return (frame.Width, frame.Height);
    }

    /// <summary>The picture as RGB.</summary>
    public static RgbImage Read(ImageSource source)
    {
        var reader = new JpegReader(source);
        var frame = reader.Walk(decode: true);
        foreach (var component in frame.Components)
        {
            if (!component.HasDc)
                throw source.Bad($"the JPEG file has no data for component {component.Id}");
            JpegIdct.Transform(component);
        }
        return JpegColours.ToRgb(frame, reader.IsRgb(frame));
    }

    private bool IsRgb(JpegFrame frame)
    {
        if (frame.Components.Length != 3 || _hasJfif)
            return false;
        if (_adobeTransform is { } transform)
            return transform == 0;
        return frame.Components[0].Id == 'R' && frame.Components[1].Id == 'G' && frame.Components[2].Id == 'B';
    }

    private JpegFrame Walk(bool decode)
    {
        while (true)
        {
            int marker = NextMarker();
            if (marker == Eoi)
                break;
            var segment = Segment(marker);
            switch (marker)
            {
                case Sof0 or Sof1 or Sof2:
                    if (_frame is not null)
                        throw _source.Bad("the JPEG file has a second frame");
                    _frame = JpegFrame.Parse(segment, marker == Sof2, _source);
                    break;
                case >= 0xC0 and <= 0xCF and not Dht and not 0xC8 and not 0xCC:
                    throw _source.Bad($"JPEG process {marker - 0xC0} is not supported (0, 1 and 2 are: baseline, sequential, progressive)");
                case Dht:
                    ReadHuffmanTables(segment);
                    break;
                case Dqt:
                    ReadQuantisers(segment);
                    break;
                case Dri:
                    _restartInterval = segment.Length == 2
                        ? segment[0] << 8 | segment[1]
                        : throw _source.Bad($"the JPEG restart interval has {segment.Length} bytes, not 2");
                    break;
                case Sos:
                    ReadScan(segment, decode);
                    break;
                case Dnl:
                    throw _source.Bad("JPEG files that state their height after the picture are not supported");
                case App0:
                    _hasJfif |= segment.StartsWith("JFIF\0"u8);
                    break;
                case App14:
                    if (segment.Length >= 12 && segment.StartsWith("Adobe"u8))
                        _adobeTransform = segment[11];
                    break;
            }
        }
        if (_scans == 0)
            throw _source.Bad("the JPEG file has no picture");
        return _frame!;
    }

    /// <summary>Steps over anything (a scan's remains) to the next marker that stands alone or heads a segment.</summary>
    private int NextMarker()
    {
        var data = _source.Data;
        while (true)
        {
            int skip = data.AsSpan(_position).IndexOf((byte)0xFF);
            if (skip < 0 || _position + skip + 1 >= data.Length)
                throw _source.Truncated("no JPEG end marker");
            _position += skip + 1;
            int code = data[_position];
            if (code is 0xFF)
                continue;
            _position++;
            if (code == Soi)
                throw _source.Bad("the file is damaged (a second JPEG start marker)");
            if (code is not (0 or 1 or (>= 0xD0 and <= 0xD7)))
                return code;
        }
    }

    private ReadOnlySpan<byte> Segment(int marker)
    {
        var data = _source.Data;
        if (_position + 2 > data.Length)
            throw _source.Truncated($"within JPEG marker {marker:X2}");
        int length = data[_position] << 8 | data[_position + 1];
        if (length < 2)
            throw _source.Bad($"the file is damaged (JPEG marker {marker:X2} states {length} bytes)");
        if (_position + length > data.Length)
            throw _source.Truncated($"within JPEG marker {marker:X2}");
        var segment = data.AsSpan(_position + 2, length - 2);
        _position += length;
        return segment;
    }

    private void ReadQuantisers(ReadOnlySpan<byte> segment)
    {
        while (segment.Length > 0)
        {
            int bytes = segment[0] >> 4 == 0 ? 1 : 2, number = segment[0] & 15;
            if (segment[0] >> 4 > 1 || number > 3 || segment.Length < 1 + 64 * bytes)
                throw _source.Bad("a JPEG quantisation table does not fit its segment");
            var table = new int[64];
            for (int i = 0; i < 64; i++)
                table[JpegScan.Natural(i)] = bytes == 1 ? segment[1 + i] : segment[1 + 2 * i] << 8 | segment[2 + 2 * i];
            _quantisers[number] = table;
            segment = segment[(1 + 64 * bytes)..];
        }
    }

    private void ReadHuffmanTables(ReadOnlySpan<byte> segment)
    {
        while (segment.Length > 0)
        {
            if (segment.Length < 17 || segment[0] >> 4 > 1 || (segment[0] & 15) > 3)
                throw _source.Bad("a JPEG Huffman table does not fit its segment");
            int symbols = 0;
            foreach (byte count in segment[1..17])
                symbols += count;
            if (symbols > 256 || segment.Length < 17 + symbols)
                throw _source.Bad("a JPEG Huffman table does not fit its segment");
            var table = JpegHuffmanTable.Build(segment[1..17], segment.Slice(17, symbols))
                ?? throw _source.Bad("the file is damaged (a JPEG Huffman table is not a prefix code)");
            (segment[0] >> 4 == 0 ? _dcTables : _acTables)[segment[0] & 15] = table;
            segment = segment[(17 + symbols)..];
        }
    }

    private void ReadScan(ReadOnlySpan<byte> segment, bool decode)
    {
        var frame = _frame ?? throw _source.Bad("a JPEG scan comes before its frame");
        if (++_scans > MaxScans)
            throw _source.Bad($"the JPEG file has more than {MaxScans} scans");
        var scan = JpegScan.Parse(segment, frame, _dcTables, _acTables, _source, _position);
        if (!decode)
            return;
        foreach (var component in frame.Components)
        {
            if (component.HasDc)
                component.Quantisers ??= _quantisers[component.QuantTable]
                    ?? throw _source.Bad($"the JPEG file has no quantisation table {component.QuantTable}");
        }
        frame.AllocateCoefficients();
        _position = scan.Decode(_restartInterval);
    }
}
