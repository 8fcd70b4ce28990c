using System.CommandLine;
using IlgpuSeg.Training;

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg demo`: the whole system without data or arguments.</summary>
internal static class DemoVerb
{
    public static Command Create()
    {
        var output = new Option<string>("--output") { Description = "Where to write.", DefaultValueFactory = _ => "demo" };
        var steps = new Option<int>("--steps") { Description = "Training steps.", DefaultValueFactory = _ => Demo.DefaultSteps };
        var device = new Option<string>("--device") { Description = "Where to run.", DefaultValueFactory = _ => "cpu" };
        var command = new Command("demo", "Draw street scenes, train the full network on them, evaluate, write pictures.") { output, steps, device };
        command.SetAction((p, cancel) => Task.FromResult(Run(p.GetValue(output)!, p.GetValue(steps), p.GetValue(device)!, cancel)));
        return command;
    }

    private static int Run(string output, int steps, string device, CancellationToken cancel)
    {
        // Opened before anything is drawn: a device that is not there is told at once.
        _ = Device.Open(device);
        var demo = new Demo(output, steps, device);
        System.Console.WriteLine($"Drawing street scenes into {demo.Config.Data.Root}.");
        demo.DrawScenes();
        System.Console.WriteLine($"Training {demo.Config.Model} for {steps} steps of {demo.Config.Optim.Batch} crops.");
        RunLog? log = null;
        SegmentationMetrics? metrics = null;
        TrainingDisplay.Show(observer => (log, metrics) = demo.Run(observer, cancel));
        MetricsTable.Print(metrics!);
        System.Console.WriteLine($"mIoU went from {log!.Evals[0].MeanIoU * 100:F2} % before training to {log.Evals[^1].MeanIoU * 100:F2} %.");
        System.Console.WriteLine($"Open: {Path.GetFullPath(Path.Combine(demo.Config.Output, RunReports.Curve))}");
        System.Console.WriteLine($"      {Path.GetFullPath(demo.OverlayFolder)} (image | truth | prediction)");
        return 0;
    }
}
