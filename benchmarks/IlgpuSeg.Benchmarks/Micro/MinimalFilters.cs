using System.CommandLine;
using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Benchmarks.Micro;

/// <summary>Convolutions of 3 x 3 by minimal filtering (Winograd.cs) beside the same by sums of nine products, in turns.</summary>
internal static class MinimalFilters
{
    public static Command Create()
    {
        var command = new Command("winograd", "Time 3x3 convolutions by minimal filtering beside sums of nine products, all threads.");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        var accelerator = AcceleratorSource.Open("cpu");
        var (filter, sums) = (new KernelHost(accelerator), new KernelHost(accelerator) { MinimalFiltering = MinimalFiltering.Nowhere });
        System.Console.WriteLine("| 3x3, float32 | forward, ms: minimal, sums | speed | data gradient | speed | weight gradient | speed |");
        System.Console.WriteLine("|---|---|---|---|---|---|---|");
        Compare(filter, sums, new(2, 64, 64, 512, 128, Window));
        Compare(filter, sums, new(2, 64, 64, 128, 128, Window));
        Compare(filter, sums, new(2, 32, 32, 128, 128, Window));
        Compare(filter, sums, new(2, 16, 16, 128, 128, Window));
        Compare(filter, sums, new(2, 64, 64, 64, 64, Window));
        Compare(filter, sums, new(2, 64, 64, 32, 32, Window));
        Compare(filter, sums, new(2, 63, 63, 96, 48, Window));
        Compare(filter, sums, new(1, 128, 128, 512, 128, Window));
    }

    private static ConvolutionWindow Window => new(3, 3, 1, 1, 1, 1, 1, 1);

    private static void Compare(KernelHost filter, KernelHost sums, ConvolutionShape shape)
    {
        using var x = Allocate(sums, shape.InputLength);
        using var weight = Allocate(sums, shape.WeightLength);
        using var y = Allocate(sums, shape.OutputLength);
        var rows = new List<string>();
        Add(Convolution.ForwardWorkspace, (host, workspace) =>
            Convolution.Forward<float, Real32>(host, x.View, weight.View, ArrayView<float>.Empty, y.View, workspace, shape));
        Add(Convolution.DataGradientWorkspace, (host, workspace) =>
            Convolution.DataGradient<float, Real32>(host, y.View, weight.View, x.View, workspace, shape));
        Add(Convolution.WeightGradientWorkspace, (host, workspace) =>
            Convolution.WeightGradient<float, Real32>(host, x.View, y.View, weight.View, workspace, shape));
        System.Console.WriteLine(
            $"| {shape.Batch}x{shape.Height}x{shape.Width}, {shape.InChannels} to {shape.OutChannels} | {string.Join(" | ", rows)} |");

        void Add(WorkspaceLength length, Action<KernelHost, ArrayView<float>> run)
        {
            using var workspace = Allocate(sums, Math.Max(length(filter, shape), length(sums, shape)));
            var times = Paired.Measure(() => Timed(filter), () => Timed(sums), rounds: 11, roundMilliseconds: 30);
            rows.Add($"{times.Ours / 1e6:F2}, {times.Peer / 1e6:F2} | {times.Speed:F2}");

            void Timed(KernelHost host)
            {
                run(host, workspace.View);
                host.Synchronize();
            }
        }
    }

    private delegate int WorkspaceLength(KernelHost host, in ConvolutionShape shape);

    private static MemoryBuffer1D<float, Stride1D.Dense> Allocate(KernelHost host, int length)
    {
        var random = new Random(length);
        var values = new float[Math.Max(length, 1)];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle() - 0.5f;
        return host.Accelerator.Allocate1D(values);
    }
}
