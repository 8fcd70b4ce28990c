using IlgpuSeg.Memory;

namespace IlgpuSeg.Nn.Tests.Summary;

/// <summary>The allocator's counters belong to the device: nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(ActivationMemoryTests), DisableParallelization = true)]
[Collection(nameof(ActivationMemoryTests))]
public class ActivationMemoryTests
{
    private static readonly DeviceAllocator Memory = Device.Cpu.Allocator;

    // What the trace counts is what the engine holds: workspaces come on top, fused layers hold less (at inference all three a fifth).
    [Theory]
    [InlineData(ContextKind.Frm)]
    [InlineData(ContextKind.Ppm)]
    [InlineData(ContextKind.Dappm)]
    public void TheEnginesMemoryIsTheTraces(ContextKind context)
    {
        var network = new SegmentationNetwork(new NetworkConfig
        {
            Dims = [8, 16, 24, 32], Depths = [1, 1, 1, 1], Ratios = [4, 4, 4, 4], Classes = 5, QueryKeyWidth = 8, FfnHidden = 16, Width = 16, FlowWidth = 8,
            Embedding = 8, Branch = 8, DropPath = 0, Context = context,
        });
        using var images = Tensor.Zeros([2, 160, 192, 3], DType.Float32, Device.Cpu);
        var trace = network.Trace(images.Shape);
        // Tensors of other tests that nobody holds any more would be given back in the middle.
        GC.Collect();
        GC.WaitForPendingFinalizers();

        network.Train(false);
        // 0.79 on the CPU since tensors take what they hold and no longer whole size classes.
        Assert.InRange(Inference(network, images) / (trace.PeakActivations * sizeof(float)), 0.7, 1.05);
        network.Train();
        Assert.InRange(Training(network, images) / (trace.TrainingActivations * sizeof(float)), 0.4, 1.05);
    }

    private static double Inference(SegmentationNetwork network, Tensor images)
    {
        using var noGrad = Autograd.NoGrad();
        using var scope = new TensorScope();
        var before = Memory.LiveBytes;
        Memory.ResetPeak();
        network.Forward(images);
        return Memory.PeakBytes - before + images.Length * sizeof(float);
    }

    private static double Training(SegmentationNetwork network, Tensor images)
    {
        using var scope = new TensorScope();
        var before = Memory.LiveBytes;
        network.Forward(images);
        return Memory.LiveBytes - before + images.Length * sizeof(float);
    }
}
