using System.Runtime.InteropServices;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>Arguments of a launch, in the order of the entry's parameters; each must have its parameter's size.</summary>
internal sealed class PtxArguments
{
    private readonly List<byte[]> values = [];

    public IReadOnlyList<byte[]> Values => values;

    public PtxArguments Add<T>(T value) where T : unmanaged
    {
        values.Add(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray());
        return this;
    }

    /// <summary>An argument that is an array of bytes.</summary>
    public PtxArguments AddBytes(ReadOnlySpan<byte> bytes)
    {
        values.Add(bytes.ToArray());
        return this;
    }
}

/// <summary>One entry of a module.</summary>
internal sealed class PtxKernel
{
    private readonly PtxEntrySyntax entry;
    private readonly PtxModuleSyntax module;
    private readonly Instruction[] program;
    private readonly int localBytes;
    private readonly MemoryBlock constants;

    public PtxKernel(PtxModuleSyntax module, PtxEntrySyntax entry)
    {
        (this.module, this.entry) = (module, entry);
        var variables = module.Variables.Concat(entry.Variables).ToList();
        if (variables.FirstOrDefault(v => v.Space is StateSpace.Global or StateSpace.Param) is { } refused)
            throw new PtxRefusedException(
                refused.Line, $"{refused.Name}: variables in .global are not emulated, and .param ones belong to parameter lists");
        StaticShared = Layout(variables.Where(v => v is { Space: StateSpace.Shared, IsExtern: false }), 0);
        foreach (var dynamic in variables.Where(v => v is { Space: StateSpace.Shared, IsExtern: true }))
            dynamic.Offset = (StaticShared + dynamic.Alignment - 1) & -dynamic.Alignment;
        localBytes = Layout(variables.Where(v => v.Space == StateSpace.Local), 0);
        constants = Constants(variables.Where(v => v.Space == StateSpace.Const).ToList());
        CheckSizes();
        program = new InstructionBuilder(module, entry).Build();
    }

    /// <summary>The instructions as written, for tests that count them.</summary>
    public IReadOnlyList<string> Instructions => [.. entry.Body.Select(s => s.Text)];

    /// <summary>Bytes of shared memory that the module declares, without the part that a launch asks for.</summary>
    public int StaticShared { get; }

    /// <summary>Bytes of all parameters.</summary>
    public int ParameterBytes => entry.Parameters.Count == 0 ? 0 : checked((int)(entry.Parameters[^1].Offset + entry.Parameters[^1].Size));

    /// <summary>Registers of a thread as declared; a device needs fewer, as they share places.</summary>
    public int RegisterCount => entry.RegisterCount;

    /// <summary>The largest block that .maxntid or .reqntid allows.</summary>
    public int MaxThreads => (entry.Limits.TryGetValue(".maxntid", out var max) || entry.Limits.TryGetValue(".reqntid", out max))
        ? max.Aggregate(1, (a, b) => a * b) : 1024;

    /// <summary>Bytes of each thread's .local variables.</summary>
    public int LocalBytes => localBytes;

    /// <summary>Instructions that all launches so far have run, counted by thread.</summary>
    public long Steps { get; private set; }

    /// <exception cref="PtxFaultException">The program does what has no defined result on a device.</exception>
    public void Run(DeviceMemory memory, PtxLaunch launch, PtxArguments arguments) => Run(memory, launch, Pack(arguments));

    /// <summary>Runs with parameters that lie in a block as the entry declares them, as cuLaunchKernel takes them too.</summary>
    /// <exception cref="PtxFaultException">The program does what has no defined result on a device.</exception>
    public void Run(DeviceMemory memory, PtxLaunch launch, byte[] parameters)
    {
        if (parameters.Length != ParameterBytes)
            throw new ArgumentException($"{parameters.Length} bytes for the {ParameterBytes} bytes of parameters of {entry.Name}", nameof(parameters));
        CheckLaunch(launch);
        var sharedBytes = StaticShared;
        if (launch.DynamicShared > 0)
            sharedBytes = DynamicStart() + launch.DynamicShared;
        if (sharedBytes > SharedLimit())
            throw new ArgumentException(
                $"{sharedBytes} bytes of shared memory; sm_{module.Target} has {SharedLimit()} for a block", nameof(launch));
        foreach (var block in memory.Blocks)
            block.StartLaunch();
        var context = new LaunchContext(memory, program, launch.Grid, launch.Block, entry.RegisterCount, launch.DynamicShared)
        {
            Parameters = parameters,
            Constants = constants,
            LocalBytes = localBytes,
            Epoch = ++memory.Epoch,
            StepLimit = launch.StepLimit,
            AllowExitedThreadsAtBarrier = launch.AllowExitedThreadsAtBarrier, FindGlobalRaces = launch.FindGlobalRaces,
        };
        var shared = new MemoryBlock("shared memory", DeviceMemory.SharedStart, sharedBytes);
        for (var z = 0; z < launch.Grid.Z; z++)
        for (var y = 0; y < launch.Grid.Y; y++)
        for (var x = 0; x < launch.Grid.X; x++)
        {
            shared.Forget();
            var block = new ThreadBlock(context, new Dim3(x, y, z), shared);
            block.Run();
            Steps += block.Steps;
        }
    }

    /// <summary>Dynamic shared memory follows the static part, aligned as its extern array says.</summary>
    private int DynamicStart() =>
        (int)(module.Variables.Find(v => v is { Space: StateSpace.Shared, IsExtern: true })?.Offset ?? StaticShared);

    private static int Layout(IEnumerable<PtxVariable> variables, long offset)
    {
        foreach (var variable in variables)
        {
            offset = (offset + variable.Alignment - 1) & -variable.Alignment;
            variable.Offset = offset;
            offset += variable.Size;
        }

        return checked((int)offset);
    }

    private static MemoryBlock Constants(List<PtxVariable> variables)
    {
        var block = new MemoryBlock("constant memory", 0x1000, Layout(variables, 0));
        foreach (var variable in variables)
            block.Fill((int)variable.Offset, variable.Initial ?? new byte[variable.Size]);   // without initial values they are zero
        return block;
    }

    private void CheckSizes()
    {
        if (StaticShared > 48 * 1024)
            throw new PtxRefusedException(
                entry.Line, $"{StaticShared} bytes of static shared memory; 49152 are the limit, more must be asked for at launch");
        var limit = module.Version >= 81 && module.Target >= 70 ? 32764 : 4096;
        if (ParameterBytes > limit)
            throw new PtxRefusedException(entry.Line, $"{ParameterBytes} bytes of parameters; {limit} are the limit");
    }

    private int SharedLimit() => module.Target switch
    {
        >= 90 => 227 * 1024, 86 or 89 => 99 * 1024, >= 80 => 163 * 1024, 75 => 64 * 1024, >= 70 => 96 * 1024, _ => 48 * 1024,
    };

    private void CheckLaunch(PtxLaunch launch)
    {
        var (grid, block) = (launch.Grid, launch.Block);
        if (grid.X < 1 || grid.Y is < 1 or > 65535 || grid.Z is < 1 or > 65535)
            throw new ArgumentException($"grid {grid} is not possible", nameof(launch));
        if (block.X < 1 || block.Y < 1 || block.Z is < 1 or > 64 || block.Count > 1024)
            throw new ArgumentException($"block {block} is not possible", nameof(launch));
        if (entry.Limits.TryGetValue(".maxntid", out var max) && block.Count > max.Aggregate(1, (a, b) => a * b))
            throw new ArgumentException($"block {block} has more threads than .maxntid {string.Join(", ", max)}", nameof(launch));
        if (entry.Limits.TryGetValue(".reqntid", out var required)
            && (block.X != required[0] || block.Y != required.ElementAtOrDefault(1, 1) || block.Z != required.ElementAtOrDefault(2, 1)))
            throw new ArgumentException($"block {block} is not .reqntid {string.Join(", ", required)}", nameof(launch));
    }

    private byte[] Pack(PtxArguments arguments)
    {
        if (arguments.Values.Count != entry.Parameters.Count)
            throw new ArgumentException(
                $"{arguments.Values.Count} arguments for {entry.Parameters.Count} parameters of {entry.Name}", nameof(arguments));
        var bytes = new byte[ParameterBytes];
        foreach (var (parameter, value) in entry.Parameters.Zip(arguments.Values))
        {
            if (value.Length != parameter.Size)
                throw new ArgumentException(
                    $"argument {parameter.Name} has {value.Length} bytes, the parameter {parameter.Size}", nameof(arguments));
            value.CopyTo(bytes.AsSpan((int)parameter.Offset));
        }

        return bytes;
    }
}

internal static class ListExtensions
{
    public static int ElementAtOrDefault(this int[] values, int index, int otherwise) => index < values.Length ? values[index] : otherwise;
}
