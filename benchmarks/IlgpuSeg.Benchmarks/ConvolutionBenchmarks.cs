using BenchmarkDotNet.Attributes;
using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Benchmarks;

/// <summary>The network's convolutions on the CPU, forward and both gradients.</summary>
[Config(typeof(KernelBenchmarkConfig))]
public class ConvolutionBenchmarks
{
    private readonly KernelHost host = new(AcceleratorSource.Open("cpu"));
    private ArrayView<float> x, weight, y, bias, workspace;

    /// <summary>Layers of VAN-S with FRM and the flow-aligned decoder, for an input of 256 x 256 (the stem's row: 3 channels).</summary>
    public static IEnumerable<ConvolutionCase> Cases =>
    [
        new("stem 7x7 s4", new(1, 256, 256, 3, 64, Square(7, 4, 3))),
        new("stage 1, 1x1", new(1, 64, 64, 64, 64, Square(1, 1, 0))),
        new("stage 1, MLP in", new(1, 64, 64, 64, 512, Square(1, 1, 0))),
        new("stage 3, MLP out", new(1, 16, 16, 1280, 320, Square(1, 1, 0))),
        new("stage 4, patches 3x3 s2", new(1, 16, 16, 320, 512, Square(3, 2, 1))),
        new("side 3x3", new(1, 32, 32, 128, 128, Square(3, 1, 1))),
        new("fusion 3x3", new(1, 64, 64, 512, 128, Square(3, 1, 1))),
        new("flow 3x3", new(1, 64, 64, 128, 2, Square(3, 1, 1))),
        new("classifier 1x1", new(1, 64, 64, 128, 19, Square(1, 1, 0))),
    ];

    [ParamsSource(nameof(Cases))]
    public ConvolutionCase Case { get; set; } = null!;

    [GlobalSetup]
    public void Setup()
    {
        var shape = Case.Shape;
        x = Allocate(shape.InputLength);
        weight = Allocate(shape.WeightLength);
        y = Allocate(shape.OutputLength);
        bias = Allocate(shape.OutChannels);
        workspace = Allocate(Math.Max(
            Convolution.ForwardWorkspace(host, shape),
            Math.Max(Convolution.DataGradientWorkspace(host, shape), Convolution.WeightGradientWorkspace(host, shape))));
    }

    [Benchmark]
    public void Forward()
    {
        Convolution.Forward<float, Real32>(host, x, weight, bias, y, workspace, Case.Shape);
        host.Synchronize();
    }

    [Benchmark]
    public void DataGradient()
    {
        Convolution.DataGradient<float, Real32>(host, y, weight, x, workspace, Case.Shape);
        host.Synchronize();
    }

    [Benchmark]
    public void WeightGradient()
    {
        Convolution.WeightGradient<float, Real32>(host, x, y, weight, workspace, Case.Shape);
        host.Synchronize();
    }

    private static ConvolutionWindow Square(int kernel, int stride, int padding) =>
        new(kernel, kernel, stride, stride, padding, padding, 1, 1);

    private ArrayView<float> Allocate(int length)
    {
        var random = new Random(length);
        var data = new float[Math.Max(length, 1)];
        for (var i = 0; i < data.Length; i++) data[i] = random.NextSingle() - 0.5f;
        return host.Accelerator.Allocate1D(data).View;
    }

    /// <summary>A layer.</summary>
    public sealed record ConvolutionCase(string Name, ConvolutionShape Shape) : IWork
    {
        public double Operations => 2.0 * Shape.OutputLength * Shape.InChannels * Shape.Window.Taps;

        public override string ToString() => Name;
    }
}
