using System.CommandLine;
using System.Diagnostics;
using IlgpuSeg.Nn;
using IlgpuSeg.Nn.Losses;
using IlgpuSeg.Nn.Optim;
using IlgpuSeg.Ops;
using Sgd = IlgpuSeg.Nn.Optim.Sgd;

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
        var command = new Command("step", "Time a training step or inference of the whole network.") { mode, model, batch, crop, steps, warmup, anchors, device };
        command.SetAction(p =>
        {
            var size = Array.ConvertAll(p.GetValue(crop)!.Split('x'), int.Parse);
            Run(p.GetValue(mode) == "train", p.GetValue(model)!, p.GetValue(batch), size[0], size[1], p.GetValue(steps), p.GetValue(warmup),
                p.GetValue(anchors), Device.Open(p.GetValue(device)!));
        });
        return command;
    }

    private static void Run(bool train, string model, int batch, int width, int height, int steps, int warmup, int anchorCount, Device device)
    {
        var idle = PeakResident();
        var network = new SegmentationNetwork(Models.Config(model), device);
        network.Train(train);
        // Its velocities take as much memory as the weights.
        var optimizer = train ? new Sgd(network.NamedParameters()) : null;
        var (images, labels) = Inputs(batch, height, width, device);
        var times = new List<double>();
        for (var step = 0; step < warmup + steps; step++)
        {
            var watch = Stopwatch.StartNew();
            if (optimizer is not null) TrainingStep(network, optimizer, images, labels, anchorCount);
            else Inference(network, images);
            device.Synchronize();
            if (step >= warmup) times.Add(watch.Elapsed.TotalMilliseconds);
        }
        times.Sort();
        var median = times[times.Count / 2];
        System.Console.WriteLine(
            $"ilgpuseg {model} {(train ? "train" : "infer")} {batch}x{width}x{height}: median {median:F1} ms, min {times[0]:F1} ms, "
            + $"{batch * 1000 / median:F2} images/s, peak {PeakResident() - idle:F0} MiB above idle, tensors {device.Allocator.PeakBytes / 1048576.0:F0} MiB");
    }

    /// <summary>Random images [N, H, W, 3] and labels [N, H, W] in blocks of 16x16 pixels of one class, as the peer has them.</summary>
    public static (Tensor Images, Tensor Labels) Inputs(int batch, int height, int width, Device device)
    {
        var random = new Philox(1);
        var pixels = new float[batch * height * width * 3];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = (float)random.NextNormal();
        var images = Tensor.From(pixels, [batch, height, width, 3], device);
        int blockRows = height / 16 + 1, blockColumns = width / 16 + 1;
        var blocks = Enumerable.Range(0, batch * blockRows * blockColumns).Select(_ => random.Next(19)).ToArray();
        var classes = new int[batch * height * width];
        for (var i = 0; i < classes.Length; i++)
            classes[i] = blocks[(i / (height * width) * blockRows + i / width % height / 16) * blockColumns + i % width / 16];
        var labels = Tensor.From(classes, [batch, height, width], device);
        return (images, labels);
    }

    public static void TrainingStep(SegmentationNetwork network, Sgd optimizer, Tensor images, Tensor labels, int anchorCount)
    {
        using var scope = new TensorScope();
        var output = network.Forward(images);
        var loss = new HybridLoss();
        var plane = HybridLoss.CoarseLabels(output, labels);
        var indices = Enumerable.Range(0, plane.Length).ToArray();
        new Philox(2).Shuffle(indices.AsSpan());
        var anchors = Anchors.At(indices.AsSpan(0, Math.Min(anchorCount, indices.Length)), plane);
        var result = anchorCount > 0 ? loss.Apply(output, labels, network.Embed, anchors) : loss.CrossEntropyOnly(output, labels);
        optimizer.ZeroGrad();
        result.Total.Backward();
        optimizer.Step(0.01);
        optimizer.ZeroGrad();
        result.Total.Item();
    }

    public static void Inference(SegmentationNetwork network, Tensor images)
    {
        using var scope = new TensorScope();
        using var noGrad = Autograd.NoGrad();
        network.Forward(images).Classes();
    }

    /// <summary>Linux counts the peak itself; elsewhere the runtime's own figure serves.</summary>
    private static double PeakResident()
    {
        if (!File.Exists("/proc/self/status")) return Process.GetCurrentProcess().PeakWorkingSet64 / 1048576.0;
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal));
        return double.Parse(line.Split(':')[1].Replace("kB", "").Trim()) / 1024;
    }
}
