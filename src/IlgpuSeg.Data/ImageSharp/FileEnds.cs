using System.Buffers.Binary;

namespace IlgpuSeg.Data;

/// <summary>
/// Whether a picture file goes on to its end mark. The package decodes what there is of a truncated file and says nothing; a data
/// set's check must notice.
/// </summary>
internal static class FileEnds
{
    /// <summary>True if a PNG file's chunks lead to its end chunk.</summary>
    public static bool HasPngEnd(ReadOnlySpan<byte> png)
    {
        long at = 8;
        while (at + 12 <= png.Length)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png[(int)at..]);
            if (at + 12 + length > png.Length)
                return false;
            if (png.Slice((int)at + 4, 4).SequenceEqual("IEND"u8))
                return true;
            at += 12L + length;
        }
        return false;
    }

    /// <summary>True if a JPEG file's segments and scans lead to its end marker.</summary>
    public static bool HasJpegEnd(ReadOnlySpan<byte> jpeg)
    {
        int at = 2;
        while (at + 1 < jpeg.Length)
        {
            if (jpeg[at] != 0xFF || jpeg[at + 1] is 0 or 0xFF or (>= 0xD0 and <= 0xD7))
            {
                at += jpeg[at] == 0xFF && jpeg[at + 1] != 0xFF ? 2 : 1; // a scan's data, fill bytes, restart markers
                continue;
            }
            if (jpeg[at + 1] == 0xD9)
                return true;
            if (at + 4 > jpeg.Length)
                return false;
            at += 2 + Math.Max(2, jpeg[at + 2] << 8 | jpeg[at + 3]);
        }
        return false;
    }
}
