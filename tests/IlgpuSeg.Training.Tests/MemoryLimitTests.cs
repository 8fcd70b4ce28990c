using IlgpuSeg.Memory;
using IlgpuSeg.Training;

namespace IlgpuSeg.Tests;

/// <summary>A limit is the device's, which other tests share: nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(MemoryLimitTests), DisableParallelization = true)]
[Collection(nameof(MemoryLimitTests))]
public sealed class MemoryLimitTests(DrawnScenes scenes) : IClassFixture<DrawnScenes>
{
    [TrainingFact]
    public void ALimitStopsARunThatNeedsMoreAndAnotherCanFollow()
    {
        var allocator = Device.Cpu.Allocator;
        try
        {
            var tight = scenes.Config("tight", $"memory.limit_mib={allocator.LiveBytes / 1048576 + 60}", "augment.crop=[192, 192]", "optim.batch=6");
            var e = Assert.Throws<OutOfDeviceMemoryException>(() => DrawnScenes.Trainer(tight).Run(new RecordingObserver()));
            Assert.StartsWith("cpu is out of memory", e.Message);
            Assert.False(File.Exists(Path.Combine(tight.Output, Trainer.LastCheckpoint)));
        }
        finally
        {
            allocator.Limit = null;
        }
        var observer = new RecordingObserver();
        DrawnScenes.Trainer(scenes.Config("after", "optim.steps=1")).Run(observer);
        Assert.Single(observer.Steps);
    }
}
