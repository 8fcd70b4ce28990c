namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>What a launch needs beside its arguments.</summary>
internal sealed record PtxLaunch(Dim3 Grid, Dim3 Block, int DynamicShared = 0)
{
    /// <summary>Let threads exit while others of the block go on to a barrier. CUDA calls that undefined, so it is a fault by
    /// default.</summary>
    public bool AllowExitedThreadsAtBarrier { get; init; }

    /// <summary>Find races in global memory too. Off for programs that pass data between blocks through atomics.</summary>
    public bool FindGlobalRaces { get; init; } = true;

    /// <summary>Instructions that a block may run, counted by thread.</summary>
    public long StepLimit { get; init; } = 200_000_000;
}

/// <summary>A launch in progress.</summary>
internal sealed record LaunchContext(
    DeviceMemory Memory, Instruction[] Program, Dim3 Grid, Dim3 Block, int RegisterCount, int DynamicShared)
{
    public required byte[] Parameters { get; init; }

    public required MemoryBlock Constants { get; init; }

    public required int LocalBytes { get; init; }

    public required long Epoch { get; init; }

    public required long StepLimit { get; init; }

    public required bool AllowExitedThreadsAtBarrier { get; init; }

    public required bool FindGlobalRaces { get; init; }
}

/// <summary>A PTX module that has been parsed and checked whole, ready to run on the emulator.</summary>
internal sealed class PtxProgram
{
    private readonly Dictionary<string, PtxKernel> kernels;

    private PtxProgram(PtxModuleSyntax module)
    {
        kernels = module.Entries.ToDictionary(e => e.Name, e => new PtxKernel(module, e));
        (Version, Target, IsArchitectureSpecific) = (module.Version, module.Target, module.IsArchitectureSpecific);
    }

    /// <summary>83 for .version 8.3.</summary>
    public int Version { get; }

    /// <summary>90 for .target sm_90 and sm_90a.</summary>
    public int Target { get; }

    /// <summary>True for sm_90a: only devices of that very architecture run it.</summary>
    public bool IsArchitectureSpecific { get; }

    public IReadOnlyCollection<string> Entries => kernels.Keys;

    public PtxKernel this[string entry] => kernels.TryGetValue(entry, out var kernel)
        ? kernel
        : throw new ArgumentException($"the module has no entry {entry}, only {string.Join(", ", kernels.Keys)}", nameof(entry));

    /// <exception cref="PtxRefusedException">The text breaks a rule of the manual, or uses what the emulator lacks.</exception>
    public static PtxProgram Parse(string text) => new(PtxParser.Parse(text));
}
