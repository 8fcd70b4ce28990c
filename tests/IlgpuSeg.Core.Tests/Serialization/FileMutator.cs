using System.Text;

namespace IlgpuSeg.Core.Tests.Serialization;

/// <summary>Damages a valid file in the ways that files are damaged, and in the ways that somebody would do on purpose.</summary>
internal sealed class FileMutator(int seed, params string[] tokens)
{
    private static readonly string[] Numbers =
        ["0", "1", "-1", "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e9", "1.5"];

    private readonly Random _random = new(seed);
    private readonly byte[][] _tokens = [.. tokens.Concat(Numbers).Select(Encoding.UTF8.GetBytes)];

    public byte[] Mutate(byte[] original)
    {
        byte[] bytes = original;
        for (int i = _random.Next(1, 4); i > 0; i--)
            bytes = MutateOnce(bytes, original);
        return bytes;
    }

    private byte[] MutateOnce(byte[] bytes, byte[] original)
    {
        int at = _random.Next(bytes.Length + 1), length = _random.Next(Math.Min(64, bytes.Length - at + 1));
        switch (_random.Next(9))
        {
            case 0: return bytes[..at];
            case 1: return [.. bytes[..at], .. bytes[(at + length)..]];
            case 2: return [.. bytes[..at], .. bytes.AsSpan(at, length), .. bytes[at..]];
            case 3: return [.. bytes[..at], .. _tokens[_random.Next(_tokens.Length)], .. bytes[(at + length)..]];
            case 4: return ReplaceNumber(bytes, at);
            case 5:
                int from = _random.Next(original.Length), take = _random.Next(Math.Min(64, original.Length - from));
                return [.. bytes[..at], .. original.AsSpan(from, take), .. bytes[at..]];
            case 6: return Change(bytes, _random.Next(Math.Min(16, bytes.Length + 1)), (byte)_random.Next(256));
            case 7: return Change(bytes, at, (byte)(bytes.Length > at ? bytes[at] ^ (1 << _random.Next(8)) : 0));
            default: return Change(bytes, at, _random.Next(2) == 0 ? (byte)255 : (byte)_random.Next(256));
        }
    }

    private static byte[] Change(byte[] bytes, int at, byte value)
    {
        if (at >= bytes.Length)
            return bytes;
        byte[] changed = [.. bytes];
        changed[at] = value;
        return changed;
    }

    private byte[] ReplaceNumber(byte[] bytes, int near)
    {
        int start = near;
        while (start < bytes.Length && !char.IsAsciiDigit((char)bytes[start]))
            start++;
        int end = start;
        while (end < bytes.Length && char.IsAsciiDigit((char)bytes[end]))
            end++;
        byte[] number = _random.Next(2) == 0 ? _tokens[^_random.Next(1, Numbers.Length)] : Encoding.ASCII.GetBytes(_random.Next(100).ToString());
        return [.. bytes[..start], .. number, .. bytes[end..]];
    }
}
