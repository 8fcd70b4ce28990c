namespace IlgpuSeg.Training;

/// <summary>A setting that cannot be used: names the file or option, the key and what is wrong.</summary>
public sealed class ConfigException(string message) : Exception(message);
