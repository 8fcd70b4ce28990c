using System.CommandLine;
using System.Diagnostics;
using ILGPU;
using ILGPU.Runtime.CPU;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Devices;
using IlgpuSeg.KernelRuntime.Devices.Cpu;
using IlgpuSeg.Kernels;
using IlgpuSeg.Training;

namespace IlgpuSeg.Benchmarks.Micro;

/// <summary>
/// How long kernels take to compile, from a cold start: those that a training step of the network needs, then those that inference adds. Or PTX of all kernels. In a
/// process that has done nothing else, so the first ones pay for the compiler's own compilation.
/// </summary>
internal static class CompileTimes
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { DefaultValueFactory = _ => "van-s-frm" };
        var all = new Option<bool>("--all") { Description = "Print every kernel, slowest first." };
        var ptx = new Option<string?>("--ptx") { Description = "Instead: PTX of every kernel of the library, for this architecture.", HelpName = "sm_90a" };
        var write = new Option<string?>("--write") { Description = "With --ptx: write the texts into this folder, for ptxas.", HelpName = "FOLDER" };
        var command = new Command("compile", "Time the compilation of the network's kernels, from a cold start.") { model, all, ptx, write };
        command.SetAction(p =>
        {
            if (p.GetValue(ptx) is { } architecture) RunPtx(architecture, p.GetValue(all), p.GetValue(write));
            else Run(p.GetValue(model)!, p.GetValue(all));
        });
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

        Head();
        Row($"{model}, training step", training);
        Row("what inference adds", [.. timed.Times.Skip(training.Length)]);
        Row("all", [.. timed.Times]);
        if (all) List(timed.Times);
    }

    private static void RunPtx(string architecture, bool all, string? folder)
    {
        if (!PtxTarget.TryParse(architecture, out var target))
            throw new ArgumentException($"--ptx {architecture}: no architecture that is known; {PtxTarget.KnownNames}.");
        var times = new List<(string Kernel, double Milliseconds, double Processor)>();
        if (folder is not null) Directory.CreateDirectory(folder);
        foreach (var kernel in KernelCatalog.All)
        {
            var module = Time(kernel.Name, times, () => PtxCompiler.Compile(KernelEntry.Of(kernel.Method), target));
            if (folder is not null) File.WriteAllText(Path.Combine(folder, $"{times.Count:D3}-{module.EntryName}.ptx"), module.Text);
        }
        Head();
        Row($"the library, PTX for {target.Name}", [.. times]);
        if (all) List(times);
    }

    private static TResult Time<TResult>(string kernel, List<(string Kernel, double Milliseconds, double Processor)> times, Func<TResult> compile)
    {
        // The process's, so it holds what the runtime compiles in the background meanwhile; but not what other processes take away.
        var processor = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        var result = compile();
        var elapsed = Stopwatch.GetElapsedTime(start);
        lock (times) times.Add((kernel, elapsed.TotalMilliseconds, (Environment.CpuUsage.TotalTime - processor).TotalMilliseconds));
        return result;
    }

    private static void Head()
    {
        System.Console.WriteLine("| kernels, cold | number | sum | of it processor time | median | slowest |");
        System.Console.WriteLine("|---|---|---|---|---|---|");
    }

    private static void List(List<(string Kernel, double Milliseconds, double Processor)> times)
    {
        System.Console.WriteLine();
        foreach (var (kernel, milliseconds, processor) in times.OrderByDescending(t => t.Milliseconds))
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
            public CompiledCpuKernel Compile(KernelEntry entry) => Time(entry.Name, times, () => inner.Compile(entry));
        }
    }
}
