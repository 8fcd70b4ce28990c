using System.CommandLine;
using IlgpuSeg.Training;

namespace IlgpuSeg.Console.Verbs;

/// <summary>`ilgpuseg train`: a run from a YAML file and overrides.</summary>
internal static class TrainVerb
{
    public static Command Create()
    {
        var file = new Argument<string?>("config") { Description = "The YAML file; without one, defaults and overrides only.", Arity = ArgumentArity.ZeroOrOne };
        var set = new Option<string[]>("--set", "-s")
        {
            Description = "Override a setting, for example --set optim.lr=0.02 data.root=camvid.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        var device = new Option<string?>("--device") { Description = "Where to run; the same as --set device=NAME." };
        var print = new Option<bool>("--print-config") { Description = "Print the settings as YAML and stop." };
        var command = new Command("train", "Train a network.") { file, set, device, print };
        command.SetAction((p, cancel) => Task.FromResult(Run(p.GetValue(file), Overrides(p.GetValue(set)!, p.GetValue(device)), p.GetValue(print), cancel)));
        return command;
    }

    private static string[] Overrides(string[] set, string? device) => device is null ? set : [.. set, $"device={device}"];

    private static int Run(string? file, string[] overrides, bool print, CancellationToken cancel)
    {
        if (print)
        {
            System.Console.Write(ConfigFile.ToYaml(ConfigFile.Load(file, ["data.root=.", .. overrides])));
            return 0;
        }
        var config = ConfigFile.Load(file, overrides);
        var train = DataSets.Open(config.Data, config.Data.Train);
        System.Console.WriteLine($"Checking {train.Count} images of {train.Name} and the {config.Data.Val} split.");
        DataSets.Check(train, cancel: cancel);
        DataSets.Check(DataSets.Open(config.Data, config.Data.Val), cancel: cancel);
        var trainer = new Trainer(config, train, DataSets.Validation(config.Data));
        System.Console.WriteLine($"{config.Model} ({trainer.Network.InferenceParameterCount:N0} parameters) on {config.Device}, {config.Optim.Steps} steps of {config.Optim.Batch} "
            + $"crops {config.Augment.Crop[1]}x{config.Augment.Crop[0]}; output in {config.Output}");
        if (trainer.LoadedWeights is { } loaded) System.Console.WriteLine($"{config.Weights}: {loaded.Summary}");
        TrainingDisplay.Show(observer => RunReports.WriteCurve(trainer.Run(observer, cancel), config.Output));
        if (trainer.LastMetrics is { } metrics) MetricsTable.Print(metrics);
        System.Console.WriteLine($"Best mIoU {trainer.Best!.MeanIoU * 100:F2} % after {trainer.Best.Step} steps. Curve, log and checkpoints: {Path.GetFullPath(config.Output)}");
        return 0;
    }
}
