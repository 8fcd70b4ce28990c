namespace IlgpuSeg.Data;

/// <summary>
/// The bits of a scan's entropy-coded data. Stuffed zero bytes are removed; at a marker or the file's end zeros follow, and
/// <see cref="Overrun"/> tells whether any of those were consumed.
/// </summary>
internal struct JpegBitReader(byte[] data, int position)
{
    private ulong _bits; // the next bits, left-aligned
    private int _count;
    private int _invented;

    /// <summary>Where the next byte is read; at a marker, the marker's 0xFF.</summary>
    public int Position { get; private set; } = position;

    /// <summary>True once bits behind the end of the data were consumed.</summary>
    public readonly bool Overrun => _invented > _count;

    private void Fill()
    {
        while (_count <= 56)
        {
            ulong next = 0;
            if (Position >= data.Length)
            {
                _invented += 8;
            }
            else if (data[Position] != 0xFF)
            {
                next = data[Position++];
            }
            else if (Position + 1 < data.Length && data[Position + 1] == 0)
            {
                next = 0xFF;
                Position += 2;
            }
            else
            {
                _invented += 8;
            }
            _bits |= next << (56 - _count);
            _count += 8;
        }
    }

    /// <summary>Takes 0 to 16 bits.</summary>
    public int Take(int bits)
    {
        if (bits == 0)
            return 0;
        if (_count < bits)
            Fill();
        int value = (int)(_bits >> (64 - bits));
        _bits <<= bits;
        _count -= bits;
        return value;
    }

    /// <summary>Takes one bit.</summary>
    public bool TakeBit() => Take(1) != 0;

    /// <summary>Takes the bits of a signed value of the given size (T.81 F.2.2.1).</summary>
    public int TakeSigned(int size)
    {
        int value = Take(size);
        return size > 0 && value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
    }

    /// <summary>Takes a symbol; -1 if no code matches.</summary>
    public int TakeSymbol(JpegHuffmanTable table)
    {
        if (_count < 16)
            Fill();
        int entry = table.Lookup[(int)(_bits >> (64 - JpegHuffmanTable.LookupBits))];
        if (entry == 0)
        {
            entry = table.Find((int)(_bits >> 48));
            if (entry < 0)
                return -1;
        }
        int length = entry >> 8;
        _bits <<= length;
        _count -= length;
        return entry & 0xFF;
    }

    /// <summary>Drops the bits up to the next marker and, if it is the wanted restart marker, steps over it.</summary>
    public bool TakeRestart(int number)
    {
        _bits = 0;
        _count = 0;
        _invented = 0;
        while (Position + 1 < data.Length && data[Position] == 0xFF && data[Position + 1] == 0xFF)
            Position++; // fill bytes
        if (Position + 1 >= data.Length || data[Position] != 0xFF || data[Position + 1] != 0xD0 + number)
            return false;
        Position += 2;
        return true;
    }
}
