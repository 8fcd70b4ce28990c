namespace IlgpuSeg.Serialization;

/// <summary>An opened weight file of any format. Entries stay readable until it is disposed.</summary>
public interface IWeightSource : IDisposable
{
    /// <summary>The file's name, as given.</summary>
    string File { get; }

    /// <summary>The file's tensors, in the file's order.</summary>
    IReadOnlyList<WeightEntry> Entries { get; }

    /// <summary>The file's free text fields; empty where the format has none.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }
}
