using System.Globalization;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

internal enum TokenKind : byte { Identifier, Directive, Integer, Float32, Float64, Text, Punctuation, End }

/// <summary>Value holds an integer, or the bits of a floating-point constant.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, ulong Value, int Line);

/// <summary>
/// Cuts PTX text into tokens. A word and the dotted parts that follow it without a space stay one token (ld.global.v4.f32, %tid.x,
/// .shared::cta); a leading dot makes it a directive.
/// </summary>
internal static class PtxLexer
{
    public static List<Token> Read(string text)
    {
        var tokens = new List<Token>();
        var (at, line) = (0, 1);
        while (true)
        {
            SkipBlank(text, ref at, ref line);
            if (at == text.Length)
                break;
            tokens.Add(Next(text, ref at, line));
        }

        tokens.Add(new Token(TokenKind.End, "end of file", 0, line));
        return tokens;
    }

    private static void SkipBlank(string text, ref int at, ref int line)
    {
        while (at < text.Length)
        {
            if (text[at] == '\n')
                line++;
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
            }
            else if (text.AsSpan(at).StartsWith("//"))
            {
                while (at < text.Length && text[at] != '\n')
                    at++;
            }
            else if (text.AsSpan(at).StartsWith("/*"))
            {
                var end = text.IndexOf("*/", at + 2, StringComparison.Ordinal);
                if (end < 0)
                    throw new PtxRefusedException(line, "a comment does not end");
                line += text.AsSpan(at, end - at).Count('\n');
                at = end + 2;
            }
            else
            {
                return;
            }
        }
    }

    private static Token Next(string text, ref int at, int line)
    {
        var c = text[at];
        if (c > 126 || char.IsControl(c))
            throw new PtxRefusedException(line, $"character U+{(int)c:X4}: PTX is ASCII");
        if (char.IsAsciiDigit(c))
            return Number(text, ref at, line);
        if (c == '"')
            return Quoted(text, ref at, line);
        var directive = c == '.';
        if (directive || IsStart(c))
        {
            var start = at++;
            while (at < text.Length && (IsPart(text[at]) || text[at] == '.' || text.AsSpan(at).StartsWith("::") && Skip(ref at)))
                at++;
            return new Token(directive ? TokenKind.Directive : TokenKind.Identifier, text[start..at], 0, line);
        }

        at++;
        return new Token(TokenKind.Punctuation, c.ToString(), 0, line);
    }

    private static bool Skip(ref int at)
    {
        at++;
        return true;
    }

    private static bool IsStart(char c) => char.IsAsciiLetter(c) || c is '%' or '_' or '$';

    private static bool IsPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$';

    private static Token Quoted(string text, ref int at, int line)
    {
        var end = text.IndexOf('"', at + 1);
        if (end < 0)
            throw new PtxRefusedException(line, "a string does not end");
        var token = new Token(TokenKind.Text, text[(at + 1)..end], 0, line);
        at = end + 1;
        return token;
    }

    private static Token Number(string text, ref int at, int line)
    {
        var start = at;
        while (at < text.Length
            && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '.' || text[at] is '+' or '-' && IsExponent(text, start, at)))
            at++;
        var word = text[start..at];
        var lower = word.ToLowerInvariant();
        if (lower.StartsWith("0f", StringComparison.Ordinal) || lower.StartsWith("0d", StringComparison.Ordinal))
        {
            var digits = lower[1] == 'f' ? 8 : 16;
            if (lower.Length != digits + 2
                || !ulong.TryParse(lower.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var bits))
                throw new PtxRefusedException(line, $"constant {word} must have {digits} hexadecimal digits");
            return new Token(lower[1] == 'f' ? TokenKind.Float32 : TokenKind.Float64, word, bits, line);
        }

        if (lower.Contains('.') || !lower.StartsWith("0x", StringComparison.Ordinal) && lower.Contains('e'))
        {
            if (!double.TryParse(lower, NumberStyles.Float, CultureInfo.InvariantCulture, out var real))
                throw new PtxRefusedException(line, $"malformed constant {word}");
            return new Token(TokenKind.Float64, word, BitConverter.DoubleToUInt64Bits(real), line);
        }

        return new Token(TokenKind.Integer, word, Integer(lower.TrimEnd('u'), word, line), line);
    }

    private static bool IsExponent(string text, int start, int at) =>
        text[at - 1] is 'e' or 'E' && !text.AsSpan(start).StartsWith("0x", StringComparison.OrdinalIgnoreCase);

    private static ulong Integer(string digits, string word, int line)
    {
        try
        {
            if (digits.StartsWith("0x", StringComparison.Ordinal))
                return Convert.ToUInt64(digits[2..], 16);
            if (digits.StartsWith("0b", StringComparison.Ordinal))
                return Convert.ToUInt64(digits[2..], 2);
            return digits.Length > 1 && digits[0] == '0' ? Convert.ToUInt64(digits, 8) : ulong.Parse(digits, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is FormatException or OverflowException or ArgumentException)
        {
            throw new PtxRefusedException(line, $"malformed constant {word}");
        }
    }
}
