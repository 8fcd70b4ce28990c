using System.Text;

namespace IlgpuSeg.Serialization;

/// <summary>
/// A weight file (.safetensors, .pth, .pth.tar) that cannot be read or written. The message is one line that names the file, the
/// tensor or field concerned where there is one, and what is wrong.
/// </summary>
public sealed class WeightFileException : Exception
{
    private const int LongestName = 120;

    /// <summary>Creates the exception.</summary>
    /// <param name="file">The file's path, as given.</param>
    /// <param name="key">The tensor, header field or archive record concerned, or null for the file as a whole.</param>
    /// <param name="problem">What is wrong, without the file and key.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    public WeightFileException(string file, string? key, string problem, Exception? inner = null)
        : base(key is null ? $"{Printable(file)}: {problem}" : $"{Printable(file)}: '{Printable(key)}': {problem}", inner)
    {
        File = file;
        Key = key;
    }

    /// <summary>The file's path, as given.</summary>
    public string File { get; }

    /// <summary>The tensor, header field or archive record concerned, or null for the file as a whole.</summary>
    public string? Key { get; }

    /// <summary>
    /// A name out of a file in a form fit for one line of a terminal: control characters escaped, long names cut. Names come from
    /// untrusted files, so a message must not carry their line breaks and escape sequences.
    /// </summary>
    /// <param name="name">The name as the file has it.</param>
    public static string Printable(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var text = new StringBuilder(Math.Min(name.Length, LongestName) + 3);
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, LongestName)))
        {
            if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029')
                text.Append($"\\u{(int)c:x4}");
            else
                text.Append(c);
        }
        return name.Length > LongestName ? text.Append("...").ToString() : text.ToString();
    }
}
