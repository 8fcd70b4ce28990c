using System.CommandLine;
using IlgpuSeg.Training;

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg eval`: per-class IoU and mIoU of a checkpoint on a split.</summary>
internal static class EvalVerb
{
    public static Command Create()
    {
        var checkpoint = new Argument<string>("checkpoint") { Description = "A checkpoint of a training run." };
        var kind = new Option<string>("--kind") { Description = $"One of {string.Join(", ", DataConfig.Kinds)}.", DefaultValueFactory = _ => "camvid" };
        var root = new Option<string>("--data") { Description = "The data set's folder.", Required = true };
        var split = new Option<string>("--split") { Description = "The split.", DefaultValueFactory = _ => "val" };
        var limit = new Option<int>("--limit") { Description = "At most so many images, spread over the split; 0: all.", DefaultValueFactory = _ => 0 };
        var exclude = new Option<string[]>("--exclude")
        {
            Description = "Names of frames to leave out.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [],
        };
        var device = new Option<string>("--device") { Description = "Where to run.", DefaultValueFactory = _ => "cpu" };
        var precision = new Option<string>("--precision")
        {
            Description = $"One of {string.Join(", ", Precisions.Names)}.", DefaultValueFactory = _ => Precisions.Float32,
        };
        var overlays = new Option<string?>("--overlays") { Description = "Write image | truth | prediction pictures of the images into this folder." };
        var command = new Command("eval", "Evaluate a checkpoint.") { checkpoint, kind, root, split, limit, exclude, device, precision, overlays };
        command.SetAction((p, cancel) => Task.FromResult(Run(
            p.GetValue(checkpoint)!,
            new TrainConfig
            {
                Device = p.GetValue(device)!,
                Precision = p.GetValue(precision)!,
                Data = new DataConfig
                {
                    Kind = p.GetValue(kind)!, Root = p.GetValue(root)!, Val = p.GetValue(split)!, ValLimit = p.GetValue(limit), Exclude = p.GetValue(exclude)!,
                },
            }.Validate(),
            p.GetValue(overlays), cancel)));
        return command;
    }

    private static int Run(string checkpoint, TrainConfig config, string? overlays, CancellationToken cancel)
    {
        DataSets.Check(DataSets.Open(config.Data, config.Data.Val), cancel: cancel);
        var samples = DataSets.Validation(config.Data);
        var (network, info) = Checkpoint.LoadNetwork(checkpoint, Device.Open(config.Device));
        System.Console.WriteLine($"{info.Model} after {info.Step} steps on {samples.Name}");
        using var products = Precisions.Products(config.Precision);
        using var mixed = Precisions.Scope(config.Precision);
        SegmentationMetrics? metrics = null;
        TrainingDisplay.Show(observer =>
            metrics = Evaluator.Run(network, samples, new DirectProgress(done => observer.OnEvaluating(done, samples.Count)), cancel));
        MetricsTable.Print(metrics!);
        if (overlays is not null)
        {
            RunReports.WriteOverlays(network, samples, overlays, samples.Count);
            System.Console.WriteLine($"Overlays: {Path.GetFullPath(overlays)}");
        }
        return 0;
    }
}
