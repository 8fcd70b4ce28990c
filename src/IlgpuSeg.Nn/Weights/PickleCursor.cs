using System.Buffers.Binary;
using System.Text;
using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Weights;

/// <summary>Reads a pickle forward through a small window, never past its end, with every length checked before anything is allocated.</summary>
internal sealed class PickleCursor(string file, string record, IWeightBytes bytes, long position, long end)
{
    private const int Window = 1 << 13;
    private const int LongestLine = 1024;

    private readonly byte[] _window = new byte[Window];
    private long _windowStart = position;
    private int _windowLength;

    /// <summary>Absolute position of the next byte.</summary>
    public long Position { get; private set; } = position;

    public WeightFileException Error(string problem) => new(file, record, problem);

    public byte ReadByte()
    {
        if (Position >= end)
            throw Error("the pickle ends in the middle");
        long inWindow = Position - _windowStart;
        if (inWindow >= _windowLength)
        {
            _windowStart = Position;
            _windowLength = (int)Math.Min(Window, end - Position);
            bytes.Read(Position, _window.AsSpan(0, _windowLength));
            inWindow = 0;
        }
        Position++;
        return _window[inWindow];
    }

    public byte[] ReadBytes(ulong length)
    {
        if (length > (ulong)(end - Position) || length > int.MaxValue)
            throw Error($"a text or number of {length} bytes runs past the end of the pickle");
        var result = new byte[(int)length];
        bytes.Read(Position, result);
        Position += result.Length;
        return result;
    }

    public string ReadText(ulong length)
    {
        try
        {
            return StrictUtf8.GetString(ReadBytes(length));
        }
        catch (DecoderFallbackException)
        {
            throw Error("a text is not valid UTF-8");
        }
    }

    /// <summary>A line of ASCII, as the operands of GLOBAL are.</summary>
    public string ReadLine()
    {
        var line = new StringBuilder();
        for (byte b = ReadByte(); b != '\n'; b = ReadByte())
        {
            if (line.Length == LongestLine)
                throw Error($"a line is longer than {LongestLine} characters");
            line.Append((char)b);
        }
        return line.ToString();
    }

    public ushort ReadUInt16() => (ushort)(ReadByte() | ReadByte() << 8);

    public uint ReadUInt32() => (uint)(ReadUInt16() | ReadUInt16() << 16);

    public ulong ReadUInt64() => ReadUInt32() | (ulong)ReadUInt32() << 32;

    public double ReadBigEndianDouble() => BitConverter.UInt64BitsToDouble(BinaryPrimitives.ReverseEndianness(ReadUInt64()));

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
}
