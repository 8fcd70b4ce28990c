using IlgpuSeg.Training;

namespace IlgpuSeg.Tests;

public sealed class RunLogTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ilgpuseg-log").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AResumedLogDropsWhatLiesBeyondItsCheckpointAndABrokenLine()
    {
        using (var log = new RunLog(folder))
        {
            for (var step = 1; step <= 5; step++) log.Add(new StepRecord(step, 2.5, 2, 0.5, 0.01, 3.25) { PeakMemoryMiB = 512.5 });
            log.Add(new EvalRecord(2, 0.25, 0.5));
            log.Add(new EvalRecord(5, 0.3, 0.6));
        }
        File.AppendAllText(Path.Combine(folder, "steps.csv"), "6,1.0,0.");
        using (var log = new RunLog(folder, resumeAt: 3))
        {
            Assert.Equal([1, 2, 3], log.Steps.Select(s => s.Step));
            Assert.Equal(new StepRecord(3, 2.5, 2, 0.5, 0.01, 3.25) { PeakMemoryMiB = 512.5 }, log.Steps[^1]);
            Assert.Equal([new EvalRecord(2, 0.25, 0.5)], log.Evals);
            log.Add(new StepRecord(4, 1, 1, 0, 0.01, 3));
        }
        Assert.Equal(5, File.ReadAllLines(Path.Combine(folder, "steps.csv")).Length);
        using var anew = new RunLog(folder);
        Assert.Empty(anew.Steps);
    }
}
