using IlgpuSeg.Data;

namespace IlgpuSeg.Training;

/// <summary>
/// The whole system without any data: draws a synthetic street-scene set, trains the full VAN-S + FRM network on it for a minute or two,
/// evaluates, and leaves pictures.
/// </summary>
/// <param name="folder">Everything goes here.</param>
/// <param name="steps">Training steps.</param>
/// <param name="device">The device to run on.</param>
public sealed class Demo(string folder, int steps = Demo.DefaultSteps, string device = "cpu")
{
    /// <summary>So many that two CPU cores need a minute or two.</summary>
    public const int DefaultSteps = 200;

    private const int TrainScenes = 96, ValScenes = 12, SceneWidth = 192, SceneHeight = 96, Overlays = 6;

    /// <summary>The settings of the demo's run.</summary>
    public TrainConfig Config { get; } = new TrainConfig
    {
        Device = device,
        Output = Path.Combine(folder, "run"),
        Data = new DataConfig { Kind = "cityscapes", Root = Path.Combine(folder, "scenes") },
        // Scenes are small: resizing them up keeps what a crop shows as large as it is in evaluation.
        Augment = new AugmentConfig { Crop = [64, 96], Scale = [0.75, 1.5] },
        // From random weights, and in few steps: a larger rate than the recipe's, reached through a warm-up.
        Optim = new OptimConfig { Batch = 4, Steps = steps, Lr = 0.05, Warmup = Math.Min(10, steps - 1) },
        // 64x96 crops have 16x24 pixels at H/4, so fewer anchors of a class than the recipe's 100.
        Loss = new LossConfig { Lambda = 0.1, MaxSamples = 256, MaxViews = 20 },
        Schedule = new ScheduleConfig { EvalEvery = Math.Max(1, steps / 4) },
    }.Validate();

    /// <summary>The folder of the "image | truth | prediction" pictures.</summary>
    public string OverlayFolder => Path.Combine(folder, "overlays");

    /// <summary>Draws the scenes; those of an earlier demo are drawn anew.</summary>
    public void DrawScenes() => SyntheticScenes.Write(Config.Data.Root, TrainScenes, ValScenes, SceneWidth, SceneHeight, seed: 1);

    /// <summary>Trains, evaluates, writes pictures.</summary>
    /// <param name="observer">Hears of every step.</param>
    /// <param name="cancel">Stops between steps.</param>
    /// <returns>The run's log and the last evaluation.</returns>
    public (RunLog Log, SegmentationMetrics Metrics) Run(ITrainingObserver observer, CancellationToken cancel = default)
    {
        var validation = DataSets.Validation(Config.Data);
        var trainer = new Trainer(Config, DataSets.Open(Config.Data, Config.Data.Train), validation);
        var log = trainer.Run(observer, cancel);
        RunReports.WriteCurve(log, Config.Output);
        RunReports.WriteOverlays(trainer.Network, validation, OverlayFolder, Overlays);
        return (log, trainer.LastMetrics!);
    }
}
