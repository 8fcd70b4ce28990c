using System.Runtime.InteropServices;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;
using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Ptx;

/// <summary>A kernel as PTX in the emulator: its block of arguments is filled as the launchers do it.</summary>
internal sealed class PtxRun
{
    private readonly DeviceMemory _memory = new();
    private readonly byte[] _block;
    private int _parameter;

    public PtxRun(KernelEntry entry, PtxTarget? target = null, object?[]? specialized = null, PtxAssumptions? assumptions = null)
    {
        Entry = entry;
        Module = PtxCompiler.Compile(entry, target ?? PtxTarget.Oldest, specialized, assumptions ?? PtxAssumptions.All);
        _block = new byte[Module.ArgumentBytes];
    }

    public KernelEntry Entry { get; }

    public PtxModule Module { get; }

    /// <summary>What the kernel is taken for; tests change it to see that mistakes are noticed.</summary>
    public string? Text { get; set; }

    public bool AllowExitedThreadsAtBarrier { get; set; }

    public static PtxRun Of(Delegate kernel, PtxTarget? target = null) =>
        new(KernelEntry.Explicit(kernel.Method, KernelSpecialization.Empty), target);

    /// <summary>Passes a view of an allocation that holds the values; its address serves to read them back.</summary>
    public ulong AddView<T>(T[] values)
        where T : unmanaged
    {
        var address = _memory.Allocate(values, Entry.Parameters[_parameter].Name);
        AddView<T>(address, values.Length);
        return address;
    }

    /// <summary>Passes a view of a part of an allocation.</summary>
    public void AddView<T>(ulong address, long length)
        where T : unmanaged
    {
        var offset = Entry.Parameters[_parameter++].Offset;
        MemoryMarshal.Write(_block.AsSpan(offset), address);
        MemoryMarshal.Write(_block.AsSpan(offset + 8), length);
    }

    public void Add<T>(T value)
        where T : unmanaged => MemoryMarshal.Write(_block.AsSpan(Entry.Parameters[_parameter++].Offset), value);

    /// <summary>The next argument is the first one again.</summary>
    public void Rewind() => _parameter = 0;

    public T[] Read<T>(ulong address, int count)
        where T : unmanaged => _memory.Read<T>(address, count);

    /// <summary>Launches; what was assumed when compiling must hold for the arguments.</summary>
    public void Launch(KernelConfig config)
    {
        Assert.Equal(PtxAssumptions.All, Holding());
        var kernel = PtxProgram.Parse(Text ?? Module.Text)[Module.EntryName];
        var (grid, group) = (config.GridDim, config.GroupDim);
        var arguments = new PtxArguments();
        if (_block.Length > 0)
        {
            arguments.AddBytes(_block);
        }

        kernel.Run(_memory,
            new PtxLaunch(new Dim3(grid.X, grid.Y, grid.Z), new Dim3(group.X, group.Y, group.Z), Module.ExtraDynamicSharedBytes + config.SharedMemoryConfig.ArraySize)
            {
                AllowExitedThreadsAtBarrier = AllowExitedThreadsAtBarrier,
            },
            arguments);
    }

    /// <summary>Launches an implicitly grouped kernel over an extent.</summary>
    public void Launch(Index3D extent, int groupSize)
    {
        int[] numbers = [extent.X, extent.Y, extent.Z];
        MemoryMarshal.AsBytes<int>(numbers).CopyTo(_block.AsSpan(Entry.BlockSize));
        Launch(new KernelConfig((extent.Size + groupSize - 1) / groupSize, groupSize));
    }

    /// <summary>Which assumptions hold for the arguments so far.</summary>
    public unsafe PtxAssumptions Holding()
    {
        fixed (byte* block = _block)
        {
            return Module.Holding(block);
        }
    }

    /// <summary>The result of a language kernel y = f(x, n).</summary>
    public static TOut[] Run<TIn, TOut>(
        Action<ArrayView<TIn>, ArrayView<TOut>, int> kernel, TIn[] x, int outputs, KernelConfig config, int n, byte untouched)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        var run = Of(kernel);
        run.AddView(x);
        var initial = new TOut[outputs];
        MemoryMarshal.AsBytes(initial.AsSpan()).Fill(untouched);
        var y = run.AddView(initial);
        run.Add(n);
        try
        {
            run.Launch(config);
        }
        catch (Exception e) when (e is PtxRefusedException or PtxFaultException)
        {
            throw new InvalidOperationException($"{e.Message} in\n{run.Module.Text}", e);
        }

        return run.Read<TOut>(y, outputs);
    }
}
