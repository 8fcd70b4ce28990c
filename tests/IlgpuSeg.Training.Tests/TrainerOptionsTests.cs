using IlgpuSeg.Kernels;
using IlgpuSeg.Serialization;
using IlgpuSeg.Training;

namespace IlgpuSeg.Tests;

/// <summary>The options of a run that are off by default.</summary>
public sealed class TrainerOptionsTests(DrawnScenes scenes) : IClassFixture<DrawnScenes>
{
    private static readonly string[] Everything =
    [
        "precision=bf16", "optim.ema=0.8", "optim.clip_norm=1", "optim.nesterov=true", "optim.accumulate=2", "optim.decay_norms=false",
        "optim.poly_by=epoch", "loss.label_smoothing=0.1", "loss.ohem_threshold=0.7", "loss.ohem_minimum=300",
        "augment.brightness=0.4", "augment.contrast=0.4", "augment.saturation=0.4", "augment.blur=0.5", "augment.class_uniform=0.5",
    ];

    [TrainingFact]
    public void ARunWithEveryOptionGoesOnFromItsCheckpointBitByBit()
    {
        var whole = scenes.Config("options-whole", Everything);
        var trainer = DrawnScenes.Trainer(whole);
        trainer.Run(new RecordingObserver());

        using var stop = new CancellationTokenSource();
        var broken = scenes.Config("options-broken", Everything);
        Assert.Throws<OperationCanceledException>(() =>
            DrawnScenes.Trainer(broken).Run(new RecordingObserver(s => { if (s.Step == 2) stop.Cancel(); }), stop.Token));
        var last = Path.Combine(broken.Output, Trainer.LastCheckpoint);
        var rest = new RecordingObserver();
        DrawnScenes.Trainer(broken with { Resume = last }).Run(rest);
        Assert.Equal([3, 4], rest.Steps.Select(s => s.Step));

        using var a = SafeTensorsFile.Open(Path.Combine(whole.Output, Trainer.LastCheckpoint));
        using var b = SafeTensorsFile.Open(last);
        Assert.Contains(a.Entries, e => e.Name.StartsWith("ema/", StringComparison.Ordinal));
        Assert.Equal(a.Entries.Select(e => e.Name), b.Entries.Select(e => e.Name));
        foreach (var entry in a.Entries)
            Assert.True(entry.ToBytes().AsSpan().SequenceEqual(b[entry.Name].ToBytes()), $"{entry.Name} differs");

        // What was evaluated is the average, and it is what eval reads.
        var (network, _) = Checkpoint.LoadNetwork(last, Device.Cpu);
        using var mixed = new Autocast();
        Assert.Equal(trainer.LastMetrics!.PixelAccuracy, Evaluator.Run(network, DataSets.Validation(whole.Data)).PixelAccuracy, 12);
    }

    [TrainingFact]
    public void LossesThatAreReadLaterAreTheSame()
    {
        var (each, later) = (new RecordingObserver(), new RecordingObserver());
        DrawnScenes.Trainer(scenes.Config("log-each", "optim.steps=5")).Run(each);
        DrawnScenes.Trainer(scenes.Config("log-later", "optim.steps=5", "schedule.log_every=3")).Run(later);
        Assert.Equal(each.Steps.Select(s => (s.Step, s.Loss, s.CrossEntropy, s.Contrast)), later.Steps.Select(s => (s.Step, s.Loss, s.CrossEntropy, s.Contrast)));
    }

    // Whether both end at the same loss is AutocastTrainingTests' question, on a problem whose path does not depend on the last bits.
    [TrainingFact]
    public void MixedPrecisionStartsWhereSinglePrecisionDoesAndLearns()
    {
        var losses = new List<double[]>();
        foreach (var precision in (string[])[Precisions.Float32, Precisions.BFloat16])
        {
            var observer = new RecordingObserver();
            DrawnScenes.Trainer(scenes.Config($"learn-{precision}", $"precision={precision}", "optim.lr=0.03", "loss.lambda=0.1",
                $"optim.steps={(precision == Precisions.BFloat16 ? 16 : 1)}", "augment.scale=[1, 1]")).Run(observer);
            losses.Add([.. observer.Steps.Select(s => s.CrossEntropy)]);
        }
        // The first loss differs by the rounding of activations alone.
        Assert.Equal(losses[0][0], losses[1][0], 0.02 * losses[0][0]);
        Assert.NotEqual(losses[0][0], losses[1][0]);
        var end = losses[1].TakeLast(4).Average();
        Assert.True(end < 0.9 * losses[1][0], $"mixed precision does not learn: {losses[1][0]:F3} to {end:F3}");
    }

    [Fact]
    public void Tf32ChangesNothingWithoutTensorCores()
    {
        var losses = new List<double>();
        foreach (var precision in (string[])[Precisions.Tf32, Precisions.Float32])
        {
            var observer = new RecordingObserver();
            DrawnScenes.Trainer(scenes.Config($"tf32-{precision}", $"precision={precision}", "optim.steps=1")).Run(observer);
            losses.Add(observer.Steps[0].Loss);
        }
        Assert.Equal(losses[1], losses[0]);
    }

    [Fact]
    public void ThePrecisionReachesForwardAndBackwardOfTheRunAlone()
    {
        var trainer = DrawnScenes.Trainer(scenes.Config("scope", "precision=tf32", "optim.steps=1"));
        var seen = new List<bool?>();
        using var forward = trainer.Network.RegisterForwardHook((_, _, outputs) =>
        {
            seen.Add(KernelHost.Tf32OfThread);
            if (outputs[0].RequiresGrad) outputs[0].RegisterHook(dy => { seen.Add(KernelHost.Tf32OfThread); return null; });
            return null;
        });
        trainer.Run(new RecordingObserver());
        // A step's two directions, and the evaluation.
        Assert.InRange(seen.Count, 3, 4);
        Assert.All(seen, tf32 => Assert.True(tf32));
        Assert.Null(KernelHost.Tf32OfThread);
        Assert.False(Device.Cpu.Kernels.AllowTf32);
    }

    [Fact]
    public void ClassWeightsMustBeAsManyAsTheClasses() => Assert.Contains("loss.class_weights",
        Assert.Throws<ConfigException>(() => DrawnScenes.Trainer(scenes.Config("weights", "loss.class_weights=[1, 2]"))).Message);
}
