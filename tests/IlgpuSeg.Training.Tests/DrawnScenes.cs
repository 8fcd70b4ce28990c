using IlgpuSeg.Data;
using IlgpuSeg.Training;

namespace IlgpuSeg.Tests;

/// <summary>A folder of drawn scenes and runs, shared by the tests of a class.</summary>
public sealed class DrawnScenes : IDisposable
{
    public DrawnScenes() => SyntheticScenes.Write(Root, train: 6, val: 2, width: 96, height: 64, seed: 3);

    public string Folder { get; } = Directory.CreateTempSubdirectory("ilgpuseg-run").FullName;

    public string Root => Path.Combine(Folder, "scenes");

    /// <summary>The smallest run: VAN-Tiny on 33x33 crops.</summary>
    public TrainConfig Config(string run, params string[] overrides) => ConfigFile.Load(null,
    [
        "model=van-t-frm", "data.kind=cityscapes", $"data.root={Root}", $"output={Path.Combine(Folder, run)}", "augment.crop=[33, 40]",
        "optim.batch=2", "optim.steps=4", "schedule.eval_first=false", "loss.max_views=2", "data.val_limit=1", .. overrides,
    ]);

    public static Trainer Trainer(TrainConfig config) =>
        new(config, DataSets.Open(config.Data, config.Data.Train), DataSets.Validation(config.Data));

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

/// <summary>Keeps what a run reports.</summary>
internal sealed class RecordingObserver(Action<StepRecord>? onStep = null) : ITrainingObserver
{
    public List<StepRecord> Steps { get; } = [];

    public List<EvalRecord> Evals { get; } = [];

    public void OnStep(StepRecord step, int totalSteps)
    {
        Steps.Add(step);
        onStep?.Invoke(step);
    }

    public void OnEvaluating(int done, int total)
    {
    }

    public void OnEvaluated(EvalRecord record, SegmentationMetrics metrics) => Evals.Add(record);
}
