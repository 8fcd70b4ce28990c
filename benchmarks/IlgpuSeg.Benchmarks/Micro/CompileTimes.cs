using System.CommandLine;
using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cpu;
using IlgpuSeg.Training;

namespace IlgpuSeg.Benchmarks.Micro;

/// <summary>
/// How long kernels take to compile, from a cold start: those that a training step of the network needs, then those that inference adds. In a
/// process that has done nothing else, so the first ones pay for the compiler's own compilation.
/// </summary>
internal static class CompileTimes
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { DefaultValueFactory = _ => "van-s-frm" };
        var all = new Option<bool>("--all") { Description = "Print every kernel, slowest first." };
        var command = new Command("compile", "Time the compilation of the network's kernels, from a cold start.") { model, all };
        command.SetAction(p => Run(p.GetValue(model)!, p.GetValue(all)));
        return command;
    }

    private static void Run(string model, bool all)
    {
        var timed = new TimedExecution();
        using var context = Context.CreateDefault();
        using var accelerator = new CPUDevice(Environment.ProcessorCount, timed).CreateCPUAccelerator(context);
        var device = Device.Of(accelerator, "cpu");
        new NetworkWork(model, train: true, 1, 64, 64, device) { Anchors = 64 }.Run();
        var training = timed.Times.ToArray();
        new NetworkWork(model, train: false, 1, 64, 64, device).Run();

        System.Console.WriteLine("| kernels, cold | number | sum | of it processor time | median | slowest |");
        System.Console.WriteLine("|---|---|---|---|---|---|");
        Row($"{model}, training step", training);
        Row("what inference adds", [.. timed.Times.Skip(training.Length)]);
        Row("all", [.. timed.Times]);
        if (!all) return;
        System.Console.WriteLine();
        foreach (var (kernel, milliseconds, processor) in timed.Times.OrderByDescending(t => t.Milliseconds))
            System.Console.WriteLine($"{milliseconds,8:F1} ms, processor {processor,8:F1} ms  {kernel}");
    }

    private static void Row(string name, (string Kernel, double Milliseconds, double Processor)[] times)
    {
        if (times.Length == 0) return;
        var (slowest, most, _) = times.MaxBy(t => t.Milliseconds);
        System.Console.WriteLine(
            $"| {name} | {times.Length} | {times.Sum(t => t.Milliseconds) / 1000:F2} s | {times.Sum(t => t.Processor) / 1000:F2} s | {Paired.Median(times.Select(t => t.Milliseconds)):F1} ms | {most:F1} ms, {slowest} |");
    }

    private sealed class TimedExecution : CpuExecution
    {
        public List<(string Kernel, double Milliseconds, double Processor)> Times { get; } = [];

        public override ICpuKernelCompiler CreateCompiler() => new Compiler(Simd.CreateCompiler(), Times);

        private sealed class Compiler(ICpuKernelCompiler inner, List<(string, double, double)> times) : ICpuKernelCompiler
        {
            public CompiledCpuKernel Compile(KernelEntry entry)
            {
                // The process's, so it holds what the runtime compiles in the background meanwhile; but not what other processes take away.
                var processor = Environment.CpuUsage.TotalTime;
                var start = Stopwatch.GetTimestamp();
                var kernel = inner.Compile(entry);
                var elapsed = Stopwatch.GetElapsedTime(start);
                lock (times) times.Add((entry.Name, elapsed.TotalMilliseconds, (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds));
                return kernel;
            }
        }
    }
}
