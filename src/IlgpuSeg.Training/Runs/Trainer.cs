using IlgpuSeg.Data;
using IlgpuSeg.Nn;
using IlgpuSeg.Nn.Losses;
using IlgpuSeg.Nn.Optim;
using IlgpuSeg.Nn.Weights;
using CrossEntropyOptions = IlgpuSeg.Ops.CrossEntropyOptions;

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
    private readonly WeightAverage? average;
    private readonly LossQueue losses = new();
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
        loader = new BatchLoader(new CachedSamples(train, config.Data.CacheMib * 1048576L), new BatchLoaderOptions
        {
            BatchSize = config.Optim.Batch,
            Seed = config.Seed,
            ClassUniform = config.Augment.ClassUniform,
            Augmentation = new AugmentationOptions
            {
                CropHeight = config.Augment.Crop[0],
                CropWidth = config.Augment.Crop[1],
                FlipProbability = config.Augment.Flip,
                MinScale = config.Augment.Scale[0],
                MaxScale = config.Augment.Scale[1],
                Brightness = config.Augment.Brightness,
                Contrast = config.Augment.Contrast,
                Saturation = config.Augment.Saturation,
                BlurProbability = config.Augment.Blur,
                MinBlurSigma = config.Augment.BlurSigma[0],
                MaxBlurSigma = config.Augment.BlurSigma[1],
            },
        });
        var device = Device.Open(config.Device);
        if (config.Memory.LimitMib > 0) device.Allocator.Limit = config.Memory.LimitMib * 1048576L;
        Network = new SegmentationNetwork(Models.Config(config.Model, train.Classes.Count), device, seed: config.Seed)
        {
            Checkpointed = config.Memory.Checkpoint,
        };
        optimizer = new Sgd(Network.NamedParameters(), config.Optim.Momentum, config.Optim.WeightDecay, Decays)
        {
            Nesterov = config.Optim.Nesterov,
            ClipNorm = config.Optim.ClipNorm,
        };
        schedule = new PolyLr(config.Optim.Lr, config.Optim.Steps, config.Optim.Power, config.Optim.Warmup).Validate();
        loss = Loss(config.Loss, train.Classes.Count);
        if (config.Weights != "") LoadedWeights = LoadWeights(config.Weights);
        if (config.Optim.Ema > 0) average = new WeightAverage(Network, config.Optim.Ema);
        if (config.Resume != "") step = Checkpoint.Restore(config.Resume, Network, optimizer, average, config).Step;

        bool Decays(Parameter parameter) => config.Optim.DecayNorms || parameter.Value.Shape.Rank > 1;
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
            using var batches = Batches(step * config.Optim.Accumulate).GetEnumerator();
            while (step < config.Optim.Steps)
            {
                cancel.ThrowIfCancellationRequested();
                TrainStep(batches, log, observer);
                AfterStep(log, observer, cancel);
            }
        }
        catch (OperationCanceledException)
        {
            ReadLosses(log, observer);
            Save(LastCheckpoint);
            throw;
        }
        Save(LastCheckpoint);
        return log;
    }

    private static HybridLoss Loss(LossConfig config, int classes)
    {
        if (config.ClassWeights.Count > 0 && config.ClassWeights.Count != classes)
            throw new ConfigException($"Setting 'loss.class_weights' holds {config.ClassWeights.Count} weights; the data has {classes} classes.");
        return new HybridLoss
        {
            ContrastWeight = config.Lambda,
            Tau = config.Tau,
            Sampling = new AnchorSampling(config.MaxSamples, config.MaxViews),
            EntropyOptions = new CrossEntropyOptions
            {
                ClassWeights = config.ClassWeights.Count > 0 ? config.ClassWeights : null,
                LabelSmoothing = config.LabelSmoothing,
                HardThreshold = config.OhemThreshold > 0 ? config.OhemThreshold : null,
                HardMinimum = config.OhemMinimum,
                // The data set's labels were checked against its classes when they were read.
                CheckLabels = false,
            },
        };
    }

    /// <summary>The run's batches, epoch after epoch, from a given one on.</summary>
    private IEnumerable<(Batch Batch, int Number)> Batches(int first)
    {
        for (var number = first; ;)
        {
            foreach (var batch in loader.Epoch(number / loader.BatchesPerEpoch, number % loader.BatchesPerEpoch))
                yield return (batch, number++);
        }
    }

    private double LearningRate()
    {
        var stepsPerEpoch = Math.Max(1, loader.BatchesPerEpoch / config.Optim.Accumulate);
        return schedule.At(config.Optim.PolyBy == "epoch" ? step / stepsPerEpoch * stepsPerEpoch : step);
    }

    private void TrainStep(IEnumerator<(Batch Batch, int Number)> batches, RunLog log, ITrainingObserver observer)
    {
        losses.Begin();
        Network.Device.Allocator.ResetPeak();
        using var products = Precisions.Products(config.Precision);
        var lr = LearningRate();
        var (accumulate, images) = (config.Optim.Accumulate, 0);
        Network.Train();
        optimizer.ZeroGrad();
        Tensor? sum = null;
        for (var i = 0; i < accumulate; i++)
        {
            batches.MoveNext();
            var (batch, number) = batches.Current;
            images += batch.Count;
            using var scope = new TensorScope();
            var result = Forward(batch, number);
            var before = sum;
            sum = LossQueue.Add(before, result, 1.0 / accumulate);
            before?.Dispose();
            scope.Keep(sum);
            (accumulate == 1 ? result.Total : Ops.Scale.Apply(result.Total, 1.0 / accumulate)).Backward();
        }
        optimizer.Step(lr);
        optimizer.ZeroGrad();
        average?.Step();
        step++;
        losses.Enqueue(step, lr, images, Network.Device.Allocator.PeakBytes, sum!);
        if (losses.Count >= config.Schedule.LogEvery) ReadLosses(log, observer);
    }

    private HybridLossResult Forward(Batch batch, int number)
    {
        using var precision = Precisions.Scope(config.Precision);
        var output = Network.Forward(Evaluator.Images(batch, Network));
        var labels = Tensor.From(batch.Labels, [batch.Count, batch.Height, batch.Width], Network.Device);
        return loss.Apply(output, labels, Network.Embed, new Philox(config.Seed, AnchorStream + (ulong)number));
    }

    private void ReadLosses(RunLog log, ITrainingObserver observer)
    {
        foreach (var record in losses.Drain())
        {
            if (!double.IsFinite(record.Loss))
            {
                throw new TrainingException(
                    $"Step {record.Step}: the loss is {record.Loss} (CE {record.CrossEntropy}, contrast {record.Contrast}). A lower optim.lr or a warm-up may help; the last checkpoint is unchanged.");
            }
            log.Add(record);
            observer.OnStep(record, config.Optim.Steps);
        }
    }

    private void AfterStep(RunLog log, ITrainingObserver observer, CancellationToken cancel)
    {
        var last = step == config.Optim.Steps;
        var evaluate = last || (config.Schedule.EvalEvery > 0 && step % config.Schedule.EvalEvery == 0);
        var save = !last && config.Schedule.SaveEvery > 0 && step % config.Schedule.SaveEvery == 0;
        if (evaluate || save) ReadLosses(log, observer);
        if (evaluate) Evaluate(log, observer, cancel);
        if (save) Save(LastCheckpoint);
    }

    private void Evaluate(RunLog log, ITrainingObserver observer, CancellationToken cancel)
    {
        var progress = new DirectProgress(done => observer.OnEvaluating(done, validation.Count));
        using (Precisions.Products(config.Precision))
        using (Precisions.Scope(config.Precision))
        using (average?.Apply())
            LastMetrics = Evaluator.Run(Network, validation, progress, cancel);
        var record = new EvalRecord(step, LastMetrics.MeanIoU, LastMetrics.PixelAccuracy);
        log.Add(record);
        observer.OnEvaluated(record, LastMetrics);
        if (Best is not null && record.MeanIoU <= Best.MeanIoU) return;
        Best = record;
        if (step > 0) Save(BestCheckpoint);
    }

    private void Save(string name) =>
        Checkpoint.Save(Path.Combine(config.Output, name), Network, optimizer, average, step, config, classNames);

    private LoadReport LoadWeights(string path)
    {
        using var file = WeightFile.Open(path);
        // A backbone's own file has no other keys; a whole network's file must fit wholly.
        var whole = file.Entries.Any(e => e.Name.Contains("decoder.", StringComparison.Ordinal));
        var prefix = file.Metadata.GetValueOrDefault("format") == Checkpoint.Format ? Checkpoint.WeightsPrefix(file) : "";
        return ModuleState.Load(Network, file, whole ? LoadMode.Strict : LoadMode.Backbone, prefix);
    }
}
