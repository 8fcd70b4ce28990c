using IlgpuSeg.Data;
using IlgpuSeg.Nn;
using IlgpuSeg.Serialization;
using IlgpuSeg.Training;

namespace IlgpuSeg.Tests;

public sealed class TrainerTests(DrawnScenes scenes) : IClassFixture<DrawnScenes>
{
    [TrainingFact]
    public void AStoppedAndResumedRunEndsLikeOneThatWasNot()
    {
        var whole = scenes.Config("whole");
        var observer = new RecordingObserver();
        DrawnScenes.Trainer(whole).Run(observer);

        using var stop = new CancellationTokenSource();
        var first = scenes.Config("broken");
        Assert.Throws<OperationCanceledException>(() =>
            DrawnScenes.Trainer(first).Run(new RecordingObserver(s => { if (s.Step == 2) stop.Cancel(); }), stop.Token));
        var last = Path.Combine(first.Output, Trainer.LastCheckpoint);
        var rest = new RecordingObserver();
        var log = DrawnScenes.Trainer(first with { Resume = last }).Run(rest);

        Assert.Equal([3, 4], rest.Steps.Select(s => s.Step));
        Assert.Equal([1, 2, 3, 4], log.Steps.Select(s => s.Step));
        Assert.Equal(observer.Steps.Select(s => s.Loss), log.Steps.Select(s => s.Loss), new NineDigits());
        AssertSameTensors(Path.Combine(whole.Output, Trainer.LastCheckpoint), last);
    }

    [TrainingFact]
    public void OverfittingAFewScenesLowersTheLossAndRaisesMeanIoU()
    {
        var config = scenes.Config("overfit", "optim.steps=30", "optim.lr=0.05", "schedule.eval_first=true", "loss.lambda=0.1",
            "augment.scale=[1, 1]", "augment.crop=[64, 64]");
        var train = DataSets.Open(config.Data, "train");
        var observer = new RecordingObserver();
        var trainer = new Trainer(config, train, new SampleSubset(train, 2));
        var log = trainer.Run(observer);

        var start = observer.Steps.Take(5).Average(s => s.CrossEntropy);
        var end = observer.Steps.TakeLast(5).Average(s => s.CrossEntropy);
        Assert.True(end < 0.7 * start, $"cross-entropy went from {start:F3} to {end:F3}");
        Assert.True(log.Evals[^1].MeanIoU > 2 * log.Evals[0].MeanIoU,
            $"mIoU went from {log.Evals[0].MeanIoU:P2} to {log.Evals[^1].MeanIoU:P2}");
        Assert.All(observer.Steps, s => Assert.True(s.Contrast > 0, "the contrast term is missing"));

        // What eval reads back scores the same.
        var (network, info) = Checkpoint.LoadNetwork(Path.Combine(config.Output, Trainer.LastCheckpoint), Device.Cpu);
        Assert.Equal((30, "van-t-frm", 19), (info.Step, info.Model, info.ClassNames.Count));
        Assert.Equal(trainer.LastMetrics!.MeanIoU, Evaluator.Run(network, new SampleSubset(train, 2)).MeanIoU, 12);
        RunReports.WriteCurve(log, config.Output);
        Assert.Equal(1000, ImageCodec.Default.Identify(Path.Combine(config.Output, RunReports.Curve)).Width);
    }

    [TrainingFact]
    public void ALossThatIsNoNumberStopsTheRunAndLeavesTheCheckpoint()
    {
        var config = scenes.Config("diverge", "optim.lr=1e30", "schedule.save_every=1");
        var e = Assert.Throws<TrainingException>(() => DrawnScenes.Trainer(config).Run(new RecordingObserver()));
        Assert.Contains("optim.lr", e.Message);
        using var left = SafeTensorsFile.Open(Path.Combine(config.Output, Trainer.LastCheckpoint));
        Assert.True(Checkpoint.ReadInfo(left).Step >= 1);
    }

    [TrainingFact]
    public void ARunWithCheckpointedPartsEndsWithTheSameWeights()
    {
        var plain = scenes.Config("plain", "optim.steps=2");
        var saving = scenes.Config("saving", "optim.steps=2", "memory.checkpoint=[stage1, stage3, context, decoder]");
        var savingSteps = new RecordingObserver();
        DrawnScenes.Trainer(plain).Run(new RecordingObserver());
        DrawnScenes.Trainer(saving).Run(savingSteps);
        AssertSameTensors(Path.Combine(plain.Output, Trainer.LastCheckpoint), Path.Combine(saving.Output, Trainer.LastCheckpoint));
        Assert.All(savingSteps.Steps, s => Assert.True(s.PeakMemoryMiB > 1));
        Assert.Equal(savingSteps.Steps.Select(s => s.PeakMemoryMiB), new RunLog(saving.Output, resumeAt: 2).Steps.Select(s => s.PeakMemoryMiB), new NineDigits());
    }

    [Fact]
    public void ACheckpointOfAnotherNetworkIsRefused()
    {
        var config = scenes.Config("other", "optim.steps=1");
        DrawnScenes.Trainer(config).Run(new RecordingObserver());
        var last = Path.Combine(config.Output, Trainer.LastCheckpoint);
        var e = Assert.Throws<WeightFileException>(() => DrawnScenes.Trainer(config with { Model = "van-t-ppm", Resume = last }));
        Assert.Contains("van-t-frm", e.Message);
        Assert.Contains("van-t-ppm", e.Message);

        var plain = Path.Combine(scenes.Folder, "plain.safetensors");
        SafeTensorsWriter.Write(plain, [WeightEntry.From<float>("a", [1], [1f])]);
        Assert.Contains("no checkpoint", Assert.Throws<WeightFileException>(() => Checkpoint.LoadNetwork(plain, Device.Cpu)).Message);
    }

    [Fact]
    public void AnotherNumberOfClassesIsRefusedByEvaluation()
    {
        var network = new SegmentationNetwork(Models.Config("van-t-frm", classes: 11));
        var config = scenes.Config("classes");
        Assert.Contains("11 classes", Assert.Throws<ArgumentException>(() => Evaluator.Run(network, DataSets.Validation(config.Data))).Message);
    }

    private static void AssertSameTensors(string expected, string actual)
    {
        using var a = SafeTensorsFile.Open(expected);
        using var b = SafeTensorsFile.Open(actual);
        Assert.Equal(a.Entries.Select(e => e.Name), b.Entries.Select(e => e.Name));
        foreach (var entry in a.Entries)
            Assert.True(entry.ToBytes().AsSpan().SequenceEqual(b[entry.Name].ToBytes()), $"{entry.Name} differs");
    }

    /// <summary>The log keeps nine digits.</summary>
    private sealed class NineDigits : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) <= 1e-8 * Math.Abs(x);

        public int GetHashCode(double obj) => 0;
    }
}
