using System.CommandLine;
using System.Diagnostics;
using IlgpuSeg.Training;

namespace IlgpuSeg.Benchmarks;

/// <summary>
/// The counterpart of peers/train_step.py: the same work (forward, hybrid loss at random anchors, backward, SGD; or inference) with the
/// same arguments and the same output, so that one table holds both. Run both in turns on one machine and compare ratios.
/// </summary>
internal static class NetworkStep
{
    public static Command Create()
    {
        var mode = new Option<string>("--mode") { DefaultValueFactory = _ => "train", Description = "train or infer" };
        var model = new Option<string>("--model") { DefaultValueFactory = _ => "van-s-frm" };
        var batch = new Option<int>("--batch") { DefaultValueFactory = _ => 2 };
        var crop = new Option<string>("--crop") { DefaultValueFactory = _ => "256x256", Description = "WIDTHxHEIGHT" };
        var steps = new Option<int>("--steps") { DefaultValueFactory = _ => 5 };
        var warmup = new Option<int>("--warmup") { DefaultValueFactory = _ => 2 };
        var anchors = new Option<int>("--anchors") { DefaultValueFactory = _ => 1024 };
        var device = new Option<string>("--device") { DefaultValueFactory = _ => "cpu" };
        var precision = new Option<string>("--precision") { DefaultValueFactory = _ => Precisions.Float32, Description = string.Join(", ", Precisions.Names) };
        var command = new Command("step", "Time a training step or inference of the whole network.")
        {
            mode, model, batch, crop, steps, warmup, anchors, device, precision,
        };
        command.SetAction(p =>
        {
            var size = Array.ConvertAll(p.GetValue(crop)!.Split('x'), int.Parse);
            var train = p.GetValue(mode) == "train";
            var (name, images) = (p.GetValue(model)!, p.GetValue(batch));
            Run(
                () => new NetworkWork(name, train, images, size[0], size[1], Device.Open(p.GetValue(device)!), p.GetValue(precision)!)
                {
                    Anchors = p.GetValue(anchors),
                },
                $"{name} {(train ? "train" : "infer")} {images}x{size[0]}x{size[1]}", images, p.GetValue(steps), p.GetValue(warmup));
        });
        return command;
    }

    private static void Run(Func<NetworkWork> create, string name, int batch, int steps, int warmup)
    {
        var idle = PeakResident();
        var work = create();
        var times = new List<double>();
        for (var step = 0; step < warmup + steps; step++)
        {
            var watch = Stopwatch.StartNew();
            work.Run();
            if (step >= warmup) times.Add(watch.Elapsed.TotalMilliseconds);
        }
        times.Sort();
        var median = times[times.Count / 2];
        System.Console.WriteLine(
            $"ilgpuseg {name} {work.Precision}: median {median:F1} ms, min {times[0]:F1} ms, "
            + $"{batch * 1000 / median:F2} images/s, peak {PeakResident() - idle:F0} MiB above idle, tensors {work.Device.Allocator.PeakBytes / 1048576.0:F0} MiB");
    }

    /// <summary>Linux counts the peak itself; elsewhere the runtime's own figure serves.</summary>
    private static double PeakResident()
    {
        if (!File.Exists("/proc/self/status")) return Process.GetCurrentProcess().PeakWorkingSet64 / 1048576.0;
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal));
        return double.Parse(line.Split(':')[1].Replace("kB", "").Trim()) / 1024;
    }
}
