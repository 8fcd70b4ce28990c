namespace IlgpuSeg.Data;

/// <summary>Files that appear whole or not at all: written beside their place under another name, then renamed.</summary>
public static class AtomicFile
{
    /// <summary>Writes a file; its folder is made if it is missing.</summary>
    /// <param name="path">The file; one that exists is replaced.</param>
    /// <param name="contents">All of its bytes.</param>
    public static void Write(string path, ReadOnlySpan<byte> contents)
    {
        string target = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        string temporary = $"{target}.{Environment.ProcessId}-{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllBytes(temporary, contents);
            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
