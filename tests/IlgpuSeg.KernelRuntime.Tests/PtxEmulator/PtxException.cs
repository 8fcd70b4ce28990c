namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>The text breaks a rule of the PTX manual that can be seen without running it.</summary>
internal sealed class PtxRefusedException(int line, string message) : Exception($"PTX line {line}: {message}")
{
    public int Line { get; } = line;
}

/// <summary>The program breaks a rule while running: its behaviour would be undefined on a device.</summary>
internal sealed class PtxFaultException(string message) : Exception(message);
