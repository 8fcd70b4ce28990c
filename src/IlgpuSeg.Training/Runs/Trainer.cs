using System.Diagnostics;
using IlgpuSeg.Data;
using IlgpuSeg.Nn;
using IlgpuSeg.Nn.Losses;
using IlgpuSeg.Nn.Optim;
using IlgpuSeg.Nn.Weights;

namespace IlgpuSeg.Training;

/// <summary>A run that cannot go on, for example because its loss is no longer a number.</summary>
public sealed class TrainingException(string message) : Exception(message);

/// <summary>Hears what a run does; all calls come from the run's thread.</summary>
public interface ITrainingObserver
{
    /// <summary>A step is done.</summary>
    void OnStep(StepRecord step, int totalSteps);

    /// <summary>So many images of an evaluation are done.</summary>
    void OnEvaluating(int done, int total);

    /// <summary>An evaluation is done.</summary>
    void OnEvaluated(EvalRecord record, SegmentationMetrics metrics);
}

/// <summary>
/// One training run: the hybrid loss on augmented crops, SGD with the poly schedule, evaluations, checkpoints and a log. A run that is
/// stopped and resumed ends with the same weights as one that was not: all random draws are functions of the seed and the step.
/// </summary>
public sealed class Trainer
{
    /// <summary>The newest state, in the run's folder.</summary>
    public const string LastCheckpoint = "last.safetensors";

    /// <summary>The state with the best mean IoU, in the run's folder.</summary>
    public const string BestCheckpoint = "best.safetensors";

    // Keeps the anchors' draws apart from the network's own generator, which has stream 0.
    private const ulong AnchorStream = 1UL << 32;

    private readonly TrainConfig config;
    private readonly ISampleSource validation;
    private readonly BatchLoader loader;
    private readonly Sgd optimizer;
    private readonly PolyLr schedule;
    private readonly HybridLoss loss;
    private readonly string[] classNames;
    private int step;

    /// <summary>Prepares a run: builds the network, loads weights or the checkpoint to resume.</summary>
    /// <param name="config">Validated settings.</param>
    /// <param name="train">What to learn from.</param>
    /// <param name="validation">What to evaluate on.</param>
    public Trainer(TrainConfig config, ISampleSource train, ISampleSource validation)
    {
        this.config = config;
        this.validation = validation;
        classNames = train.Classes.ClassNames;
        loader = new BatchLoader(new CachedSamples(train), new BatchLoaderOptions
        {
            BatchSize = config.Optim.Batch,
            Seed = config.Seed,
            Augmentation = new AugmentationOptions
            {
                CropHeight = config.Augment.Crop[0],
                CropWidth = config.Augment.Crop[1],
                FlipProbability = config.Augment.Flip,
                MinScale = config.Augment.Scale[0],
                MaxScale = config.Augment.Scale[1],
            },
        });
        var device = Device.Open(config.Device);
        if (config.Memory.LimitMib > 0) device.Allocator.Limit = config.Memory.LimitMib * 1048576L;
        Network = new SegmentationNetwork(Models.Config(config.Model, train.Classes.Count), device, seed: config.Seed)
        {
            Checkpointed = config.Memory.Checkpoint,
        };
        optimizer = new Sgd(Network.NamedParameters(), config.Optim.Momentum, config.Optim.WeightDecay);
        schedule = new PolyLr(config.Optim.Lr, config.Optim.Steps, config.Optim.Power, config.Optim.Warmup).Validate();
        loss = new HybridLoss
        {
            ContrastWeight = config.Loss.Lambda,
            Tau = config.Loss.Tau,
            Sampling = new AnchorSampling(config.Loss.MaxSamples, config.Loss.MaxViews),
        };
        if (config.Weights != "") LoadedWeights = LoadWeights(config.Weights);
        if (config.Resume != "") step = Checkpoint.Restore(config.Resume, Network, optimizer, config).Step;
    }

    /// <summary>The network that learns.</summary>
    public SegmentationNetwork Network { get; }

    /// <summary>What the weight file of the settings gave; null where there is none.</summary>
    public LoadReport? LoadedWeights { get; }

    /// <summary>The best evaluation so far; null before the first.</summary>
    public EvalRecord? Best { get; private set; }

    /// <summary>The newest evaluation; null before the first.</summary>
    public SegmentationMetrics? LastMetrics { get; private set; }

    /// <summary>Runs to the end; where it is cancelled, a checkpoint of the last whole step is left.</summary>
    /// <param name="observer">Hears of every step.</param>
    /// <param name="cancel">Stops between steps.</param>
    /// <returns>The log of the run.</returns>
    /// <exception cref="TrainingException">The loss is no longer a number.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public RunLog Run(ITrainingObserver observer, CancellationToken cancel = default)
    {
        using var log = new RunLog(config.Output, step);
        File.WriteAllText(Path.Combine(config.Output, "config.yaml"), ConfigFile.ToYaml(config));
        Best = log.Evals.MaxBy(e => e.MeanIoU);
        try
        {
            if (step == 0 && config.Schedule.EvalFirst) Evaluate(log, observer, cancel);
            while (step < config.Optim.Steps)
            {
                foreach (var batch in loader.Epoch(step / loader.BatchesPerEpoch, step % loader.BatchesPerEpoch))
                {
                    cancel.ThrowIfCancellationRequested();
                    TrainStep(batch, log, observer);
                    AfterStep(log, observer, cancel);
                    if (step == config.Optim.Steps) break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            Save(LastCheckpoint);
            throw;
        }
        Save(LastCheckpoint);
        return log;
    }

    private void TrainStep(Batch batch, RunLog log, ITrainingObserver observer)
    {
        var watch = Stopwatch.StartNew();
        Network.Device.Allocator.ResetPeak();
        var lr = schedule.At(step);
        Network.Train();
        double total, entropy, contrast;
        using (new TensorScope())
        {
            var output = Network.Forward(Evaluator.Images(batch, Network));
            var labels = Tensor.From(batch.Labels, [batch.Count, batch.Height, batch.Width], Network.Device);
            var result = loss.Apply(output, labels, Network.Embed, new Philox(config.Seed, AnchorStream + (ulong)step));
            (total, entropy, contrast) = (result.Total.Item(), result.CrossEntropy.Item(), result.Contrast?.Item() ?? 0);
            if (!double.IsFinite(total))
            {
                throw new TrainingException(
                    $"Step {step + 1}: the loss is {total} (CE {entropy}, contrast {contrast}). A lower optim.lr or a warm-up may help; the last checkpoint is unchanged.");
            }
            optimizer.ZeroGrad();
            result.Total.Backward();
            optimizer.Step(lr);
            optimizer.ZeroGrad();
            Network.Device.Synchronize();
        }
        step++;
        var record = new StepRecord(step, total, entropy, contrast, lr, batch.Count / watch.Elapsed.TotalSeconds)
        {
            PeakMemoryMiB = Network.Device.Allocator.PeakBytes / 1048576.0,
        };
        log.Add(record);
        observer.OnStep(record, config.Optim.Steps);
    }

    private void AfterStep(RunLog log, ITrainingObserver observer, CancellationToken cancel)
    {
        var last = step == config.Optim.Steps;
        if (last || (config.Schedule.EvalEvery > 0 && step % config.Schedule.EvalEvery == 0)) Evaluate(log, observer, cancel);
        if (!last && config.Schedule.SaveEvery > 0 && step % config.Schedule.SaveEvery == 0) Save(LastCheckpoint);
    }

    private void Evaluate(RunLog log, ITrainingObserver observer, CancellationToken cancel)
    {
        var progress = new DirectProgress(done => observer.OnEvaluating(done, validation.Count));
        LastMetrics = Evaluator.Run(Network, validation, progress, cancel);
        var record = new EvalRecord(step, LastMetrics.MeanIoU, LastMetrics.PixelAccuracy);
        log.Add(record);
        observer.OnEvaluated(record, LastMetrics);
        if (Best is not null && record.MeanIoU <= Best.MeanIoU) return;
        Best = record;
        if (step > 0) Save(BestCheckpoint);
    }

    private void Save(string name) =>
        Checkpoint.Save(Path.Combine(config.Output, name), Network, optimizer, step, config, classNames);

    private LoadReport LoadWeights(string path)
    {
        using var file = WeightFile.Open(path);
        // A backbone's own file has no other keys; a whole network's file must fit wholly.
        var whole = file.Entries.Any(e => e.Name.Contains("decoder.", StringComparison.Ordinal));
        var prefix = file.Metadata.GetValueOrDefault("format") == Checkpoint.Format ? Checkpoint.ModelPrefix : "";
        return ModuleState.Load(Network, file, whole ? LoadMode.Strict : LoadMode.Backbone, prefix);
    }
}
