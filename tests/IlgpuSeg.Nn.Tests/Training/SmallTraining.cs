using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.Memory;
using IlgpuSeg.Nn.Losses;
using IlgpuSeg.Nn.Optim;
#if KERNELS_BUNDLED
using IlgpuSeg.KernelRuntime.Devices.Cpu;
#endif

namespace IlgpuSeg.Nn.Tests.Training;

/// <summary>The training of a network of all the parts at its smallest, on a CPU device of its own.</summary>
internal sealed class SmallTraining : IDisposable
{
    private readonly ILGPU.Context context = ILGPU.Context.Create(builder => builder.CPU());
    private readonly Accelerator accelerator;
    private readonly HybridLoss loss = new() { Sampling = new AnchorSampling(64, 2) };
    private readonly Sgd optimizer;
    private readonly Philox draws = new(3);

    /// <param name="threads">Threads of the device; null for all.</param>
    /// <param name="checkpointed">Parts of the network to checkpoint.</param>
    public SmallTraining(int? threads = null, params string[] checkpointed)
    {
        accelerator = Open(threads);
        Device = IlgpuSeg.Device.Of(accelerator, "test");
        Network = new SegmentationNetwork(new NetworkConfig
        {
            Dims = [8, 8, 16, 16], Depths = [1, 1, 2, 1], Ratios = [2, 2, 2, 2], Classes = 4, QueryKeyWidth = 8, FfnHidden = 8, Width = 8,
            FlowWidth = 8, Embedding = 8, DropPath = 0.3,
        }, Device, seed: 7)
        {
            Checkpointed = checkpointed,
        };
        optimizer = new Sgd(Network.NamedParameters());
    }

    public IlgpuSeg.Device Device { get; }

    public DeviceAllocator Allocator => Device.Allocator;

    public SegmentationNetwork Network { get; }

    /// <summary>One step on images that depend on the step alone; the loss.</summary>
    public double Step(int size = 33, Action? beforeBackward = null)
    {
        using var scope = new TensorScope();
        var pixels = new float[2 * size * size * 3];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = (float)draws.NextDouble();
        var classes = new int[2 * size * size];
        for (var i = 0; i < classes.Length; i++) classes[i] = i / 64 % 5 is var c and < 4 ? c : 255;
        var output = Network.Forward(Tensor.From(pixels, [2, size, size, 3], Device));
        var result = loss.Apply(output, Tensor.From(classes, [2, size, size], Device), Network.Embed, draws);
        beforeBackward?.Invoke();
        result.Total.Backward();
        optimizer.Step(0.05);
        optimizer.ZeroGrad();
        return result.Total.Item();
    }

    /// <summary>Weights, statistics and momentum.</summary>
    public IEnumerable<(string Name, double[] Values)> State() => Network.NamedState().Select(p => (p.Name, p.Value.ToDoubles()))
        .Concat(optimizer.ExportState().Select(v => ("momentum of " + v.Key, v.Value)));

    public void AssertSameBits(SmallTraining other)
    {
        foreach (var (mine, theirs) in State().Zip(other.State()))
            Assert.True(mine.Values.AsSpan().SequenceEqual(theirs.Values), $"{mine.Name} differs");
    }

    public void Dispose()
    {
        foreach (var parameter in Network.NamedState()) parameter.Value.Dispose();
        Allocator.ReleaseCache();
        accelerator.Dispose();
        context.Dispose();
    }

    private Accelerator Open(int? threads)
    {
#if KERNELS_BUNDLED
        if (threads is { } count) return new CPUDevice(count, CpuExecution.Default).CreateCPUAccelerator(context);
#endif
        return context.GetPreferredDevice(preferCPU: true).CreateAccelerator(context);
    }
}
