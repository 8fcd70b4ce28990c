using System.Runtime.InteropServices;

namespace IlgpuSeg.KernelRuntime.Devices.Cpu;

/// <summary>The processor's name, as the operating system tells it.</summary>
internal static class CpuName
{
    private const string LinuxFile = "/proc/cpuinfo";

    public static string Read()
    {
        string? name = OperatingSystem.IsLinux() && File.Exists(LinuxFile)
            ? FromCpuInfo(File.ReadLines(LinuxFile))
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return string.IsNullOrWhiteSpace(name) ? $"{RuntimeInformation.ProcessArchitecture} processor" : name.Trim();
    }

    internal static string? FromCpuInfo(IEnumerable<string> lines)
    {
        string? line = lines.FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal));
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
