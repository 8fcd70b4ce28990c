using System.CommandLine;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Devices.Cpu;

namespace IlgpuSeg.Benchmarks.Micro;

/// <summary>What a launch costs that computes nothing.</summary>
internal static class LaunchTimes
{
    public static Command Create()
    {
        var command = new Command("launch", "Time launches of kernels that do next to nothing.");
        command.SetAction(_ => Run());
        return command;
    }

    private static void Run()
    {
        System.Console.WriteLine("| launch | threads of the pool | least | median |");
        System.Console.WriteLine("|---|---|---|---|");
        foreach (var threads in (int[])[1, Environment.ProcessorCount])
        {
            using var context = Context.CreateDefault();
            using var accelerator = new CPUDevice(threads, CpuExecution.Simd).CreateCPUAccelerator(context);
            using var buffer = accelerator.Allocate1D<float>(1 << 20);
            var view = buffer.View.BaseView;
            var empty = accelerator.LoadStreamKernel<int>(EmptyKernel);
            var views = accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, int, float>(ViewsKernel);
            Row("one number, 1 group of 8", () => empty((1, 8), 0));
            Row("one number, 1,000 groups of 8", () => empty((1000, 8), 0));
            Row("4 views and 2 numbers, 1 group of 8", () => views((1, 8), view, view, view, view, 0, 0));

            void Row(string name, Action run)
            {
                var (least, median) = Paired.Alone(run);
                System.Console.WriteLine($"| {name} | {threads} | {least / 1000:F2} us | {median / 1000:F2} us |");
            }
        }
    }

    private static void EmptyKernel(int n)
    {
    }

    private static void ViewsKernel(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, ArrayView<float> y, int n, float factor)
    {
        if (Grid.GlobalIndex.X < n) y[Grid.GlobalIndex.X] = a[0] + b[0] + (c[0] * factor);
    }
}
