namespace IlgpuSeg.Data;

/// <summary>One scan of a JPEG file: its header and its entropy-coded data, decoded into the components' coefficients.</summary>
internal sealed class JpegScan
{
    private static ReadOnlySpan<byte> ZigZag =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    private readonly ImageSource _source;
    private readonly JpegFrame _frame;
    private readonly Part[] _parts;
    private readonly int _first, _last, _high, _low;
    private JpegBitReader _bits;
    private int _endOfBandRun;

    private JpegScan(ImageSource source, JpegFrame frame, Part[] parts, ReadOnlySpan<byte> spectral, int dataStart)
    {
        _source = source;
        _frame = frame;
        _parts = parts;
        (_first, _last, _high, _low) = (spectral[0], spectral[1], spectral[2] >> 4, spectral[2] & 15);
        _bits = new JpegBitReader(source.Data, dataStart);
    }

    /// <summary>The natural position of the i-th coefficient of a quantisation table or block.</summary>
    public static int Natural(int zigzagIndex) => ZigZag[zigzagIndex];

    /// <summary>A component with the tables that it uses in this scan.</summary>
    private sealed class Part(JpegComponent component, JpegHuffmanTable? dc, JpegHuffmanTable? ac)
    {
        public JpegComponent Component => component;

        public JpegHuffmanTable? Dc => dc;

        public JpegHuffmanTable? Ac => ac;

        public int Predictor { get; set; }
    }

    /// <summary>Reads a scan header.</summary>
    public static JpegScan Parse(
        ReadOnlySpan<byte> segment, JpegFrame frame, JpegHuffmanTable?[] dcTables, JpegHuffmanTable?[] acTables, ImageSource source,
        int dataStart)
    {
        if (segment.Length < 1 || segment[0] is 0 or > 4 || segment.Length != 4 + 2 * segment[0])
            throw source.Bad("the JPEG scan header does not fit its contents");
        var parts = new Part[segment[0]];
        for (int i = 0; i < parts.Length; i++)
        {
            int id = segment[1 + 2 * i], tables = segment[2 + 2 * i];
            var component = Array.Find(frame.Components, c => c.Id == id)
                ?? throw source.Bad($"a JPEG scan names component {id}, which the frame lacks");
            if (Array.Exists(parts, p => p?.Component == component))
                throw source.Bad($"a JPEG scan names component {id} twice");
            if (tables >> 4 > 3 || (tables & 15) > 3)
                throw source.Bad($"a JPEG scan names an impossible Huffman table for component {id}");
            parts[i] = new Part(component, dcTables[tables >> 4], acTables[tables & 15]);
        }
        var scan = new JpegScan(source, frame, parts, segment[^3..], dataStart);
        scan.CheckHeader();
        return scan;
    }

    private void CheckHeader()
    {
        bool isDc = _first == 0;
        if (_frame.Progressive)
        {
            bool wrongBand = isDc ? _last != 0 : _last < _first || _last > 63 || _parts.Length != 1;
            if (wrongBand || _low > 13 || (_high != 0 && _high != _low + 1))
                throw _source.Bad($"a JPEG scan has impossible progression values ({_first}, {_last}, {_high}, {_low})");
        }
        bool needsDc = isDc && _high == 0, needsAc = !_frame.Progressive || !isDc;
        foreach (var part in _parts)
        {
            if ((needsDc && part.Dc is null) || (needsAc && part.Ac is null))
                throw _source.Bad($"the JPEG scan of component {part.Component.Id} has no Huffman table");
            if (!needsDc && !part.Component.HasDc)
                throw _source.Bad($"the JPEG scans of component {part.Component.Id} do not begin with its DC coefficients");
            part.Component.HasDc = true;
        }
    }

    /// <summary>Decodes the scan's data.</summary>
    /// <param name="restartInterval">MCUs between restart markers; 0 for none.</param>
    /// <returns>Where the data ended.</returns>
    public int Decode(int restartInterval)
    {
        bool alone = _parts.Length == 1;
        var only = _parts[0].Component;
        int across = alone ? only.BlocksAcross : _frame.McusAcross;
        int down = alone ? only.BlocksDown : _frame.McusDown;
        int untilRestart = restartInterval, restarts = 0;
        for (int y = 0; y < down; y++)
        {
            for (int x = 0; x < across; x++)
            {
                if (restartInterval > 0 && untilRestart-- == 0)
                {
                    Restart(restarts++ & 7);
                    untilRestart = restartInterval - 1;
                }
                if (alone)
                    DecodeBlock(_parts[0], x, y);
                else
                    DecodeMcu(x, y);
            }
        }
        return _bits.Position;
    }

    private void Restart(int number)
    {
        if (!_bits.TakeRestart(number))
            throw _bits.Position >= _source.Data.Length - 1
                ? _source.Truncated("within the JPEG picture data")
                : _source.Bad($"the file is damaged (JPEG restart marker {number} is not where it should be, near byte {_bits.Position})");
        _endOfBandRun = 0;
        foreach (var part in _parts)
            part.Predictor = 0;
    }

    private void DecodeMcu(int mcuX, int mcuY)
    {
        foreach (var part in _parts)
        {
            var c = part.Component;
            for (int v = 0; v < c.V; v++)
            {
                for (int h = 0; h < c.H; h++)
                    DecodeBlock(part, mcuX * c.H + h, mcuY * c.V + v);
            }
        }
    }

    private void DecodeBlock(Part part, int blockX, int blockY)
    {
        var block = part.Component.Coefficients.AsSpan((blockY * part.Component.StrideBlocks + blockX) * 64, 64);
        if (!_frame.Progressive)
            DecodeSequential(part, block);
        else if (_first == 0 && _high == 0)
            block[0] = (short)(NextDc(part) << _low);
        else if (_first == 0)
            block[0] |= (short)(_bits.Take(1) << _low);
        else if (_high == 0)
            DecodeBandFirst(part, block);
        else
            DecodeBandRefinement(part, block);
        if (_bits.Overrun)
            throw _bits.Position >= _source.Data.Length
                ? _source.Truncated("within the JPEG picture data")
                : _source.Bad($"the file is damaged (a marker cuts the JPEG picture data short at byte {_bits.Position})");
    }

    private int NextDc(Part part)
    {
        int size = Symbol(part.Dc!);
        if (size > 11)
            throw Damaged();
        return part.Predictor += _bits.TakeSigned(size);
    }

    private int Symbol(JpegHuffmanTable table)
    {
        int symbol = _bits.TakeSymbol(table);
        return symbol >= 0 ? symbol : throw Damaged();
    }

    private ImageFormatException Damaged() =>
        _source.Bad($"the file is damaged (impossible JPEG picture data near byte {_bits.Position})");

    private void DecodeSequential(Part part, Span<short> block)
    {
        block[0] = (short)NextDc(part);
        var ac = part.Ac!;
        for (int k = 1; k < 64; k++)
        {
            int symbol = Symbol(ac), run = symbol >> 4, size = symbol & 15;
            if (size == 0)
            {
                if (run != 15)
                    return; // end of block
                k += 15;
                continue;
            }
            k += run;
            if (k > 63)
                throw Damaged();
            block[ZigZag[k]] = (short)_bits.TakeSigned(size);
        }
    }

    private void DecodeBandFirst(Part part, Span<short> block)
    {
        if (_endOfBandRun > 0)
        {
            _endOfBandRun--;
            return;
        }
        for (int k = _first; k <= _last; k++)
        {
            int symbol = Symbol(part.Ac!), run = symbol >> 4, size = symbol & 15;
            if (size == 0 && run < 15)
            {
                _endOfBandRun = (1 << run) + _bits.Take(run) - 1;
                return;
            }
            k += run;
            if (k > _last)
                throw Damaged();
            if (size > 0)
                block[ZigZag[k]] = (short)(_bits.TakeSigned(size) << _low);
        }
    }

    /// <summary>One more bit for a band's known coefficients, and the coefficients that become nonzero with it (T.81 G.1.2.3).</summary>
    private void DecodeBandRefinement(Part part, Span<short> block)
    {
        int k = _first;
        if (_endOfBandRun == 0)
        {
            for (; k <= _last; k++)
            {
                int symbol = Symbol(part.Ac!), run = symbol >> 4, size = symbol & 15;
                if (size > 1)
                    throw Damaged();
                if (size == 0 && run < 15)
                {
                    _endOfBandRun = (1 << run) + _bits.Take(run);
                    break;
                }
                int fresh = size == 0 ? 0 : _bits.TakeBit() ? 1 << _low : -1 << _low;
                k = RefineRun(block, k, run);
                if (fresh != 0)
                {
                    if (k > _last)
                        throw Damaged();
                    block[ZigZag[k]] = (short)fresh;
                }
            }
        }
        if (_endOfBandRun > 0)
        {
            RefineRun(block, k, int.MaxValue);
            _endOfBandRun--;
        }
    }

    /// <summary>Refines known coefficients up to the zero that follows <paramref name="zeros"/> zeros; returns its index.</summary>
    private int RefineRun(Span<short> block, int k, int zeros)
    {
        for (; k <= _last; k++)
        {
            ref short coefficient = ref block[ZigZag[k]];
            if (coefficient == 0)
            {
                if (zeros-- == 0)
                    break;
            }
            else if (_bits.TakeBit() && (coefficient & (1 << _low)) == 0)
            {
                coefficient += (short)(coefficient > 0 ? 1 << _low : -1 << _low);
            }
        }
        return k;
    }
}
