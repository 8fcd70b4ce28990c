namespace IlgpuSeg.Data;

/// <summary>A whole file in memory with the name that its errors carry.</summary>
internal sealed class ImageSource(byte[] data, string name)
{
    public byte[] Data { get; } = data;

    public string Name { get; } = name;

    public ImageFormatException Bad(string reason) => new(Name, reason);

    public ImageFormatException Truncated(string where) => new(Name, $"the file is truncated ({where})");
}
