using IlgpuSeg.Data;
using IlgpuSeg.Nn;

namespace IlgpuSeg.Training;

/// <summary>Everything a training run depends on, as its YAML file holds it (keys in snake_case).</summary>
public sealed record TrainConfig
{
    /// <summary>The network's name (see <see cref="Models.Names"/>).</summary>
    public string Model { get; init; } = "van-s-frm";

    /// <summary>Where to run: "cpu", "cuda:0".</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>
    /// float32; tf32: the same with products on tensor cores where the device has them; or bf16: mixed precision with bfloat16 activations and
    /// products, float accumulation and float32 weights. Also when evaluating.
    /// </summary>
    public string Precision { get; init; } = Precisions.Float32;

    /// <summary>The seed of weights, order, augmentation, sampling and drop-path.</summary>
    public ulong Seed { get; init; }

    /// <summary>The folder of checkpoints, log and curve.</summary>
    public string Output { get; init; } = "runs/train";

    /// <summary>A checkpoint to go on from; empty: start anew.</summary>
    public string Resume { get; init; } = "";

    /// <summary>A weight file (.safetensors, .pth, .pth.tar) whose matching tensors start the network; empty: random weights.</summary>
    public string Weights { get; init; } = "";

    /// <summary>The images.</summary>
    public DataConfig Data { get; init; } = new();

    /// <summary>The random changes of training images.</summary>
    public AugmentConfig Augment { get; init; } = new();

    /// <summary>Optimiser and schedule.</summary>
    public OptimConfig Optim { get; init; } = new();

    /// <summary>The hybrid loss.</summary>
    public LossConfig Loss { get; init; } = new();

    /// <summary>How often to evaluate, save and log.</summary>
    public ScheduleConfig Schedule { get; init; } = new();

    /// <summary>What limits the memory of a run.</summary>
    public MemoryConfig Memory { get; init; } = new();

    /// <summary>Throws where a value makes no run.</summary>
    /// <returns>This.</returns>
    /// <exception cref="ConfigException">Names the key and its value.</exception>
    public TrainConfig Validate()
    {
        Check(Models.Names.Contains(Model), "model", Model, $"one of {string.Join(", ", Models.Names)}");
        Check(Precisions.Names.Contains(Precision), "precision", Precision, $"one of {string.Join(", ", Precisions.Names)}");
        Check(Output != "", "output", "''", "a folder");
        Check(DataConfig.Kinds.Contains(Data.Kind), "data.kind", Data.Kind, $"one of {string.Join(", ", DataConfig.Kinds)}");
        Check(Data.Root != "", "data.root", "''", "the data set's folder");
        Check(Data.ValLimit >= 0, "data.val_limit", Data.ValLimit, "0 (all) or more");
        Check(Data.CacheMib >= 0, "data.cache_mib", Data.CacheMib, "0 (keep nothing) or more");
        Check(Augment.Crop.Count == 2 && Augment.Crop.All(c => c >= 33), "augment.crop", $"[{string.Join(", ", Augment.Crop)}]",
            "[height, width], both 33 or more (the network's stride is 32 and its context needs two rows and columns)");
        Check(Augment.Flip is >= 0 and <= 1, "augment.flip", Augment.Flip, "a probability");
        Check(Augment.Scale.Count == 2 && Augment.Scale[0] > 0 && Augment.Scale[0] <= Augment.Scale[1], "augment.scale",
            $"[{string.Join(", ", Augment.Scale)}]", "[smallest, largest], positive and in order");
        Check(Augment.Brightness is >= 0 and <= 1, "augment.brightness", Augment.Brightness, "0 (no change) to 1");
        Check(Augment.Contrast is >= 0 and <= 1, "augment.contrast", Augment.Contrast, "0 (no change) to 1");
        Check(Augment.Saturation is >= 0 and <= 1, "augment.saturation", Augment.Saturation, "0 (no change) to 1");
        Check(Augment.Blur is >= 0 and <= 1, "augment.blur", Augment.Blur, "a probability");
        Check(Augment.BlurSigma.Count == 2 && Augment.BlurSigma[0] > 0 && Augment.BlurSigma[0] <= Augment.BlurSigma[1] && Augment.BlurSigma[1] <= 100,
            "augment.blur_sigma", $"[{string.Join(", ", Augment.BlurSigma)}]", "[smallest, largest] in pixels, positive, in order and at most 100");
        Check(Augment.ClassUniform is >= 0 and <= 1, "augment.class_uniform", Augment.ClassUniform, "a share of 0 to 1");
        Check(Optim.Batch >= 1, "optim.batch", Optim.Batch, "1 or more");
        Check(Optim.Steps >= 1, "optim.steps", Optim.Steps, "1 or more");
        Check(Optim.Lr > 0, "optim.lr", Optim.Lr, "positive");
        Check(Optim.Momentum is >= 0 and < 1, "optim.momentum", Optim.Momentum, "in [0, 1)");
        Check(Optim.WeightDecay >= 0, "optim.weight_decay", Optim.WeightDecay, "0 or more");
        Check(Optim.Power >= 0, "optim.power", Optim.Power, "0 or more");
        Check(Optim.PolyBy is "step" or "epoch", "optim.poly_by", Optim.PolyBy, "step or epoch");
        Check(Optim.Accumulate >= 1, "optim.accumulate", Optim.Accumulate, "1 or more");
        Check(Optim.ClipNorm >= 0, "optim.clip_norm", Optim.ClipNorm, "0 (no clipping) or more");
        Check(Optim.Ema is >= 0 and < 1, "optim.ema", Optim.Ema, "0 (no average) or more, and below 1");
        Check(!Optim.Nesterov || Optim.Momentum > 0, "optim.nesterov", Optim.Nesterov, "false where optim.momentum is 0");
        Check(Optim.Warmup >= 0 && Optim.Warmup < Optim.Steps, "optim.warmup", Optim.Warmup, "0 or more, and fewer than optim.steps");
        Check(Loss.Lambda >= 0, "loss.lambda", Loss.Lambda, "0 or more");
        Check(Loss.Tau > 0, "loss.tau", Loss.Tau, "positive");
        Check(Loss.MaxSamples >= 2, "loss.max_samples", Loss.MaxSamples, "2 or more");
        Check(Loss.MaxViews >= 1, "loss.max_views", Loss.MaxViews, "1 or more");
        Check(Loss.ClassWeights.All(w => w >= 0) && (Loss.ClassWeights.Count == 0 || Loss.ClassWeights.Any(w => w > 0)), "loss.class_weights",
            $"[{string.Join(", ", Loss.ClassWeights)}]", "empty, or a weight per class, none negative and not all 0");
        Check(Loss.LabelSmoothing is >= 0 and < 1, "loss.label_smoothing", Loss.LabelSmoothing, "0 or more, and below 1");
        Check(Loss.OhemThreshold is >= 0 and <= 1, "loss.ohem_threshold", Loss.OhemThreshold, "0 (all pixels) or a probability");
        Check(Loss.OhemMinimum >= 0, "loss.ohem_minimum", Loss.OhemMinimum, "0 or more");
        Check(Schedule.LogEvery >= 1, "schedule.log_every", Schedule.LogEvery, "1 or more");
        Check(Schedule.EvalEvery >= 0, "schedule.eval_every", Schedule.EvalEvery, "0 (only at the end) or more");
        Check(Schedule.SaveEvery >= 0, "schedule.save_every", Schedule.SaveEvery, "0 (only at the end) or more");
        Check(Memory.LimitMib >= 0, "memory.limit_mib", Memory.LimitMib, "0 (no limit) or more");
        Check(Memory.Checkpoint.All(SegmentationNetwork.Parts.Contains), "memory.checkpoint", $"[{string.Join(", ", Memory.Checkpoint)}]",
            $"a list of {string.Join(", ", SegmentationNetwork.Parts)}");
        return this;
    }

    private static void Check(bool condition, string key, object value, string rule)
    {
        if (!condition)
            throw new ConfigException($"Setting '{key}' is {value}; it must be {rule}.");
    }
}

/// <summary>The images of a run.</summary>
public sealed record DataConfig
{
    /// <summary>The known folder layouts.</summary>
    public static IReadOnlyList<string> Kinds => DatasetFormats.Names;

    /// <summary>The folder layout; synthetic scenes use Cityscapes'.</summary>
    public string Kind { get; init; } = "camvid";

    /// <summary>The data set's folder.</summary>
    public string Root { get; init; } = "";

    /// <summary>The split to learn from.</summary>
    public string Train { get; init; } = "train";

    /// <summary>The split to evaluate on.</summary>
    public string Val { get; init; } = "val";

    /// <summary>Evaluate on at most so many images, spread evenly over the split; 0: all.</summary>
    public int ValLimit { get; init; }

    /// <summary>Decoded training images to keep in host memory, in MiB; those beyond it are decoded anew in each epoch.</summary>
    public int CacheMib { get; init; } = 4096;

    /// <summary>Names of frames to leave out, for example because their labels are wrong.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];
}

/// <summary>The random changes of training images (paper: flip, resizing in [0.5, 2], crop; the rest is off by default).</summary>
public sealed record AugmentConfig
{
    /// <summary>The crop's height and width.</summary>
    public IReadOnlyList<int> Crop { get; init; } = [1024, 1024];

    /// <summary>The probability of a horizontal flip.</summary>
    public double Flip { get; init; } = 0.5;

    /// <summary>The smallest and largest resizing factor.</summary>
    public IReadOnlyList<double> Scale { get; init; } = [0.5, 2.0];

    /// <summary>The brightness is multiplied by 1 - this to 1 + this; 0: unchanged.</summary>
    public double Brightness { get; init; }

    /// <summary>The contrast is multiplied by 1 - this to 1 + this; 0: unchanged.</summary>
    public double Contrast { get; init; }

    /// <summary>The saturation is multiplied by 1 - this to 1 + this; 0: unchanged.</summary>
    public double Saturation { get; init; }

    /// <summary>The probability of a Gaussian blur.</summary>
    public double Blur { get; init; }

    /// <summary>The blur's smallest and largest standard deviation, in pixels.</summary>
    public IReadOnlyList<double> BlurSigma { get; init; } = [0.1, 2.0];

    /// <summary>The share of crops that are drawn evenly over the classes, each around a pixel of its class.</summary>
    public double ClassUniform { get; init; }
}

/// <summary>Optimiser and schedule (paper: SGD, momentum 0.9, weight decay 1e-4, lr 0.01, poly decay).</summary>
public sealed record OptimConfig
{
    /// <summary>Images of a step.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Steps of the run.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>The initial learning rate.</summary>
    public double Lr { get; init; } = 0.01;

    /// <summary>SGD's momentum.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>SGD's weight decay.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>The poly schedule's power.</summary>
    public double Power { get; init; } = 0.9;

    /// <summary>Whether the poly schedule moves with every step, or with every epoch.</summary>
    public string PolyBy { get; init; } = "step";

    /// <summary>Steps of linear warm-up.</summary>
    public int Warmup { get; init; }

    /// <summary>Whether steps look ahead along the velocity.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Whether weight decay also applies to norms, biases and layer scales (all that has one axis).</summary>
    public bool DecayNorms { get; init; } = true;

    /// <summary>Batches whose gradients are averaged for a step.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>The norm of all gradients that a step is scaled down to; 0: no clipping.</summary>
    public double ClipNorm { get; init; }

    /// <summary>The decay of the weights' moving average, which is then evaluated; 0: none.</summary>
    public double Ema { get; init; }
}

/// <summary>The hybrid loss CE + lambda * CL (paper, equations 4-6).</summary>
public sealed record LossConfig
{
    /// <summary>The weight of the contrast term; 0 leaves it out.</summary>
    public double Lambda { get; init; } = 1;

    /// <summary>The contrast's temperature.</summary>
    public double Tau { get; init; } = 0.1;

    /// <summary>At most so many anchors in a batch.</summary>
    public int MaxSamples { get; init; } = 1024;

    /// <summary>At most so many anchors of a class in an image.</summary>
    public int MaxViews { get; init; } = 100;

    /// <summary>The cross-entropy's weight of each class; empty: all 1.</summary>
    public IReadOnlyList<double> ClassWeights { get; init; } = [];

    /// <summary>The share of the cross-entropy's target that is spread over all classes.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Only pixels whose own class has a lower probability count in the cross-entropy (0.7 is usual); 0: all.</summary>
    public double OhemThreshold { get; init; }

    /// <summary>With ohem_threshold, at least so many of the hardest pixels of a batch count.</summary>
    public int OhemMinimum { get; init; } = 100_000;
}

/// <summary>How often to evaluate and save.</summary>
public sealed record ScheduleConfig
{
    /// <summary>Steps between evaluations; 0: before and after the run only.</summary>
    public int EvalEvery { get; init; }

    /// <summary>Steps whose losses are read from the device at once: more than 1 keeps a GPU from waiting for the host.</summary>
    public int LogEvery { get; init; } = 1;

    /// <summary>Steps between checkpoints; 0: after the run only.</summary>
    public int SaveEvery { get; init; }

    /// <summary>Whether to evaluate before the first step, so that the curve shows the start.</summary>
    public bool EvalFirst { get; init; } = true;
}

/// <summary>What limits the memory of a run.</summary>
public sealed record MemoryConfig
{
    /// <summary>The most device memory that tensors may take, in MiB; 0: as much as there is.</summary>
    public int LimitMib { get; init; }

    /// <summary>
    /// Parts of the network whose activations are computed anew in backward instead of being kept (see
    /// <see cref="SegmentationNetwork.Parts"/>): less memory, more time, the same result.
    /// </summary>
    public IReadOnlyList<string> Checkpoint { get; init; } = [];
}
