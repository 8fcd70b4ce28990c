using BenchmarkDotNet.Attributes;
using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Benchmarks;

/// <summary>The network's depth-wise convolutions on the CPU, forward and both gradients.</summary>
[Config(typeof(KernelBenchmarkConfig))]
public class DepthwiseBenchmarks
{
    private readonly KernelHost host = new(AcceleratorSource.Open("cpu"));
    private ArrayView<float> x, weight, y, bias, workspace;

    /// <summary>Layers of VAN-S for an input of 256 x 256.</summary>
    public static IEnumerable<DepthwiseCase> Cases =>
    [
        new("stage 1, 5x5", new(1, 64, 64, 64, new(5, 5, 1, 1, 2, 2, 1, 1))),
        new("stage 1, 7x7 d3", new(1, 64, 64, 64, new(7, 7, 1, 1, 9, 9, 3, 3))),
        new("stage 1, MLP 3x3", new(1, 64, 64, 512, new(3, 3, 1, 1, 1, 1, 1, 1))),
        new("stage 3, 7x7 d3", new(1, 16, 16, 320, new(7, 7, 1, 1, 9, 9, 3, 3))),
    ];

    [ParamsSource(nameof(Cases))]
    public DepthwiseCase Case { get; set; } = null!;

    [GlobalSetup]
    public void Setup()
    {
        var shape = Case.Shape;
        x = Allocate(shape.InputLength);
        weight = Allocate(shape.WeightLength);
        y = Allocate(shape.OutputLength);
        bias = Allocate(shape.Channels);
        workspace = Allocate(DepthwiseConvolution.WeightGradientWorkspace(shape));
    }

    [Benchmark]
    public void Forward()
    {
        DepthwiseConvolution.Forward<float, Real32>(host, x, weight, bias, y, Case.Shape);
        host.Synchronize();
    }

    [Benchmark]
    public void DataGradient()
    {
        DepthwiseConvolution.DataGradient<float, Real32>(host, y, weight, x, Case.Shape);
        host.Synchronize();
    }

    [Benchmark]
    public void WeightGradient()
    {
        DepthwiseConvolution.WeightGradient<float, Real32>(host, x, y, weight, workspace, Case.Shape);
        host.Synchronize();
    }

    private ArrayView<float> Allocate(int length)
    {
        var random = new Random(length);
        var data = new float[Math.Max(length, 1)];
        for (var i = 0; i < data.Length; i++) data[i] = random.NextSingle() - 0.5f;
        return host.Accelerator.Allocate1D(data).View;
    }

    /// <summary>A layer.</summary>
    public sealed record DepthwiseCase(string Name, DepthwiseShape Shape) : IWork
    {
        public double Operations => 2.0 * Shape.OutputLength * Shape.Window.Taps;

        public override string ToString() => Name;
    }
}
