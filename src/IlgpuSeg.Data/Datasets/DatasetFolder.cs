namespace IlgpuSeg.Data;

/// <summary>Looks into a data set's folders and says which one was missing or empty.</summary>
internal static class DatasetFolder
{
    /// <summary>A folder that must exist.</summary>
    public static string Require(params string[] parts)
    {
        string folder = Path.Combine(parts);
        if (!Directory.Exists(folder))
            throw new DatasetException(folder, File.Exists(folder) ? "is a file, not a folder" : "there is no such folder");
        return folder;
    }

    /// <summary>The files with an ending in a folder and its sub-folders, in ordinal order; at least one.</summary>
    public static string[] Files(string folder, SearchOption depth, params string[] endings)
    {
        string[] files;
        try
        {
            files = Directory.GetFiles(folder, "*", depth);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(folder, $"cannot be listed ({e.Message})");
        }
        files = Array.FindAll(files, f => Array.Exists(endings, e => f.EndsWith(e, StringComparison.OrdinalIgnoreCase)));
        if (files.Length == 0)
            throw new DatasetException(folder, $"holds no file *{string.Join(" or *", endings)}");
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }
}
