using IlgpuSeg.KernelRuntime.Devices.Cuda;
using IlgpuSeg.KernelRuntime.Tests.PtxEmulator;
using ILGPU.Runtime.Cuda;

namespace IlgpuSeg.KernelRuntime.Tests.EmulatedCuda;

/// <summary>A queue of work. Nothing runs before somebody waits for it, so that whoever reads too early finds old data.</summary>
internal sealed class EmulatedStream(EmulatedDevice device)
{
    private readonly Queue<Action> work = [];

    public EmulatedDevice Device => device;

    /// <summary>What is being recorded instead of queued; null outside of a capture.</summary>
    public List<Action>? Capture { get; set; }

    /// <summary>True once something that can't be recorded was tried.</summary>
    public bool CaptureIsBroken { get; set; }

    public Thread? CapturingThread { get; set; }

    public void Add(Action item)
    {
        if (Capture is not null)
            Capture.Add(item);
        else
            work.Enqueue(item);
    }

    /// <summary>Runs everything that is queued; ends early when the device breaks.</summary>
    public void Drain() => DrainUntil(() => false);

    public void DrainUntil(Func<bool> done)
    {
        while (!done() && device.Fault == CudaError.CUDA_SUCCESS && work.TryDequeue(out var item))
            item();
    }
}

/// <summary>A place in a stream and the time when it was reached.</summary>
internal sealed class EmulatedEvent
{
    /// <summary>The stream of the last record; null before the first.</summary>
    public EmulatedStream? Stream { get; set; }

    /// <summary>Records that have been asked for and that have been reached.</summary>
    public int Recorded { get; set; }

    public int Reached { get; set; }

    /// <summary>Instructions that the device had run.</summary>
    public long Time { get; set; }

    /// <summary>Runs the stream up to a record.</summary>
    public void Await(int record) => Stream?.DrainUntil(() => Reached >= record);
}

internal sealed record EmulatedModule(EmulatedDevice Device, PtxProgram Program);

internal sealed class EmulatedFunction(EmulatedModule module, string name)
{
    public EmulatedModule Module => module;

    public string Name => name;

    public PtxKernel Kernel { get; } = module.Program[name];

    /// <summary>What launches may ask for; 48 KiB with the static part until more is allowed.</summary>
    public int DynamicSharedLimit { get; set; } = (48 * 1024) - module.Program[name].StaticShared;

    public int? Attribute(CudaFunctionAttribute attribute) => attribute switch
    {
        CudaFunctionAttribute.MaxThreadsPerBlock => Kernel.MaxThreads,
        CudaFunctionAttribute.SharedSizeBytes => Kernel.StaticShared,
        CudaFunctionAttribute.ConstSizeBytes => 0,
        CudaFunctionAttribute.LocalSizeBytes => Kernel.LocalBytes,
        CudaFunctionAttribute.NumRegisters => Math.Min(255, Kernel.RegisterCount),
        CudaFunctionAttribute.PtxVersion => module.Program.Version,
        CudaFunctionAttribute.BinaryVersion => module.Device.Architecture,
        CudaFunctionAttribute.MaxDynamicSharedSizeBytes => DynamicSharedLimit,
        _ => null,
    };
}

internal sealed record EmulatedGraph(IReadOnlyList<Action> Work);

internal sealed record EmulatedExecutable(IReadOnlyList<Action> Work);
