using System.CommandLine;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Devices.Cpu;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Benchmarks.Micro;

/// <summary>The matrix product of floats beside OpenBLAS's, both on as many threads, in turns.</summary>
internal static class ProductComparison
{
    private static readonly int[] Sizes = [512, 1024, 2048];

    public static Command Create()
    {
        var threads = new Option<int>("--threads") { Description = "Threads of both.", DefaultValueFactory = _ => 1 };
        var rounds = new Option<int>("--rounds") { Description = "Turns of each.", DefaultValueFactory = _ => 15 };
        var command = new Command("gemm", "Time the matrix product beside OpenBLAS.") { threads, rounds };
        command.SetAction(parsed => Run(parsed.GetValue(threads), parsed.GetValue(rounds)));
        return command;
    }

    private static void Run(int threads, int rounds)
    {
        using var blas = new OpenBlas(threads);
        using var context = Context.CreateDefault();
        using var accelerator = new CPUDevice(threads, CpuExecution.Simd).CreateCPUAccelerator(context);
        var host = new KernelHost(accelerator);
        System.Console.WriteLine($"| float32, {threads} thread(s) | ours, GFLOP/s | OpenBLAS ({blas.Core}) | speed of ours |");
        System.Console.WriteLine("|---|---|---|---|");
        foreach (var size in Sizes) Compare(host, blas, size, rounds);
    }

    private static void Compare(KernelHost host, OpenBlas blas, int n, int rounds)
    {
        var random = new Random(n);
        var data = new float[n * n];
        for (var i = 0; i < data.Length; i++) data[i] = random.NextSingle() - 0.5f;
        using var a = host.Accelerator.Allocate1D(data);
        using var b = host.Accelerator.Allocate1D(data);
        using var c = host.Accelerator.Allocate1D<float>(n * n);
        var (shape, right) = (GemmShape.Matrix(n, n, n), GemmRight.Matrix(n, n));
        using var workspace = host.Accelerator.Allocate1D<float>(Math.Max(1, Gemm.Workspace(host, shape, right, 1)));
        var result = new float[n * n];

        var times = Paired.MeasureLong(Ours, () => blas.Multiply(n, data, data, result), rounds);
        var operations = 2.0 * n * n * n;
        System.Console.WriteLine($"| {n} cubed | {operations / times.Ours:F1} | {operations / times.Peer:F1} | {times.Speed:P0} |");

        void Ours()
        {
            Gemm.Run<float, Real32>(
                host, a.View.BaseView, b.View.BaseView, ArrayView<float>.Empty, c.View.BaseView, workspace.View.BaseView, shape, right);
            host.Synchronize();
        }
    }
}
