namespace IlgpuSeg.Data;

/// <summary>A JPEG Huffman table (T.81 annex C): canonical codes of 1 to 16 bits, short ones by look-up.</summary>
internal sealed class JpegHuffmanTable
{
    public const int LookupBits = 9;

    private readonly byte[] _symbols;
    private readonly int[] _lastCode = new int[17]; // per length, left-aligned to 16 bits, exclusive
    private readonly int[] _offset = new int[17];   // symbol index = code + offset

    /// <summary>For the next 9 bits: length * 256 + symbol, or 0 where the code is longer (or none).</summary>
    public readonly ushort[] Lookup = new ushort[1 << LookupBits];

    private JpegHuffmanTable(byte[] symbols) => _symbols = symbols;

    /// <summary>Builds a table from the number of codes of each length.</summary>
    /// <returns>Null if the lengths do not form a prefix code.</returns>
    public static JpegHuffmanTable? Build(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        var table = new JpegHuffmanTable(symbols.ToArray());
        int code = 0, index = 0;
        for (int length = 1; length <= 16; length++)
        {
            table._offset[length] = index - code;
            for (int i = 0; i < counts[length - 1]; i++, code++, index++)
            {
                if (code >= 1 << length)
                    return null;
                table.AddToLookup(code, length, symbols[index]);
            }
            table._lastCode[length] = code << (16 - length);
            code <<= 1;
        }
        return table;
    }

    private void AddToLookup(int code, int length, byte symbol)
    {
        if (length > LookupBits)
            return;
        int first = code << (LookupBits - length);
        Lookup.AsSpan(first, 1 << (LookupBits - length)).Fill((ushort)(length << 8 | symbol));
    }

    /// <summary>Finds a code of more than 9 bits.</summary>
    /// <param name="next16">The next 16 bits.</param>
    /// <returns>length * 256 + symbol, or -1 if no code matches.</returns>
    public int Find(int next16)
    {
        for (int length = LookupBits + 1; length <= 16; length++)
        {
            if (next16 < _lastCode[length])
                return length << 8 | _symbols[(next16 >> (16 - length)) + _offset[length]];
        }
        return -1;
    }
}
