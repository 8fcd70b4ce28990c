using System.Buffers.Binary;
using System.Text;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>
/// The directory of a zip archive (with zip64) whose records are stored uncompressed, as PyTorch writes them: where each record's bytes
/// lie in the file. Nothing is unpacked, so nothing can blow up; records that overlap or leave the file are refused.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054b50, LocatorSignature = 0x07064b50, End64Signature = 0x06064b50;
    private const uint CentralSignature = 0x02014b50, LocalSignature = 0x04034b50;
    private const long MostRecords = 200_000, LargestDirectory = 32 << 20;

    private readonly string _file;
    private readonly IWeightBytes _bytes;
    private readonly Dictionary<string, ZipRecord> _records = new(StringComparer.Ordinal);

    private ZipDirectory(string file, IWeightBytes bytes)
    {
        _file = file;
        _bytes = bytes;
    }

    /// <summary>A record's bytes in the file.</summary>
    public readonly record struct ZipRecord(string Name, long Header, long Start, long Length, bool Stored)
    {
        public long End => Start + Length;
    }

    public IReadOnlyDictionary<string, ZipRecord> Records => _records;

    public static ZipDirectory Read(string file, IWeightBytes bytes, long length)
    {
        var directory = new ZipDirectory(file, bytes);
        var (start, size, count) = directory.FindEnd(length);
        directory.ReadCentral(start, size, count);
        directory.CheckOverlaps();
        return directory;
    }

    private WeightFileException Error(string problem, string? key = null) => new(_file, key, problem);

    private byte[] Bytes(long offset, int count)
    {
        var part = new byte[count];
        _bytes.Read(offset, part);
        return part;
    }

    private (long Start, long Size, long Count) FindEnd(long length)
    {
        int tailLength = (int)Math.Min(length, 22 + 65535);
        long tailStart = length - tailLength;
        byte[] tail = Bytes(tailStart, tailLength);
        for (int at = tailLength - 22; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (U32(end, 0) != EndSignature || at + 22 + U16(end, 20) != tailLength)
                continue;
            var found = (Start: (long)U32(end, 16), Size: (long)U32(end, 12), Count: (long)U16(end, 10));
            return CheckEnd(ReadZip64(tailStart + at) ?? found, tailStart + at);
        }
        throw Error("the zip archive is cut off: its directory is missing");
    }

    private (long Start, long Size, long Count)? ReadZip64(long endPosition)
    {
        if (endPosition < 20 + 56)
            return null;
        byte[] locator = Bytes(endPosition - 20, 20);
        if (U32(locator, 0) != LocatorSignature)
            return null;
        long at = S64(locator, 8);
        if (at < 0 || at > endPosition - 20 - 56)
            throw Error("the zip archive's directory lies outside the file");
        byte[] end = Bytes(at, 56);
        return U32(end, 0) == End64Signature
            ? (S64(end, 48), S64(end, 40), S64(end, 32))
            : throw Error("the zip archive's zip64 directory end is malformed");
    }

    private (long Start, long Size, long Count) CheckEnd((long Start, long Size, long Count) end, long endPosition)
    {
        if (end.Start < 0 || end.Size < 0 || end.Start > endPosition || end.Size > endPosition - end.Start)
            throw Error("the zip archive's directory lies outside the file");
        if (end.Size > LargestDirectory || end.Count < 0 || end.Count > MostRecords || end.Count * 46 > end.Size)
            throw Error($"the zip archive's directory of {end.Count} records in {end.Size} bytes is not plausible");
        return end;
    }

    private void ReadCentral(long start, long size, long count)
    {
        byte[] central = Bytes(start, (int)size);
        int at = 0;
        for (long i = 0; i < count; i++)
        {
            var entry = central.AsSpan(at);
            if (entry.Length < 46 || U32(entry, 0) != CentralSignature)
                throw Error($"record {i} of the zip archive's directory is malformed");
            int nameLength = U16(entry, 28), extraLength = U16(entry, 30), total = 46 + nameLength + extraLength + U16(entry, 32);
            if (entry.Length < total)
                throw Error($"record {i} of the zip archive's directory runs past its end");
            string name = Encoding.UTF8.GetString(entry.Slice(46, nameLength));
            if (!_records.TryAdd(name, ReadRecord(name, entry, entry.Slice(46 + nameLength, extraLength), start)))
                throw Error("appears twice in the zip archive", name);
            at += total;
        }
    }

    private ZipRecord ReadRecord(string name, ReadOnlySpan<byte> entry, ReadOnlySpan<byte> extra, long limit)
    {
        long packed = U32(entry, 20), length = U32(entry, 24), header = U32(entry, 42);
        // The zip64 field holds, in this order, only those values that do not fit their 32 bits.
        var wide = Zip64Field(extra);
        Widen(ref length, ref wide, name);
        Widen(ref packed, ref wide, name);
        Widen(ref header, ref wide, name);
        bool stored = U16(entry, 10) == 0 && (U16(entry, 8) & 1) == 0;
        if (header < 0 || header > limit - 30)
            throw Error("lies outside the zip archive", name);
        byte[] local = Bytes(header, 30);
        if (U32(local, 0) != LocalSignature)
            throw Error("its local header in the zip archive is malformed", name);
        long start = header + 30 + U16(local, 26) + U16(local, 28);
        if (start > limit || packed < 0 || packed > limit - start || (stored && packed != length))
            throw Error("runs past the end of the zip archive", name);
        return new ZipRecord(name, header, start, packed, stored);
    }

    private void Widen(ref long value, ref ReadOnlySpan<byte> wide, string name)
    {
        if (value != uint.MaxValue)
            return;
        if (wide.Length < 8)
            throw Error("its zip64 field is missing", name);
        value = S64(wide, 0);
        wide = wide[8..];
    }

    private static ReadOnlySpan<byte> Zip64Field(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            int size = Math.Min((int)U16(extra, 2), extra.Length - 4);
            if (U16(extra, 0) == 1)
                return extra.Slice(4, size);
            extra = extra[(4 + size)..];
        }
        return default;
    }

    private void CheckOverlaps()
    {
        ZipRecord? previous = null;
        foreach (var record in _records.Values.OrderBy(r => r.Header))
        {
            if (previous is { } p && record.Header < p.End)
                throw Error($"overlaps '{WeightFileException.Printable(p.Name)}' in the zip archive", record.Name);
            previous = record;
        }
    }

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long S64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
}
