using IlgpuSeg.Training;
using Spectre.Console;

namespace IlgpuSeg.Console;

/// <summary>Shows a run: a progress bar on a terminal, a line now and then in a file.</summary>
internal sealed class TrainingDisplay : ITrainingObserver
{
    private const int LinesPerRun = 20;

    private readonly ProgressTask? steps;
    private readonly ProgressTask? images;
    private readonly DateTime start = DateTime.UtcNow;
    private int firstStep = -1;

    private TrainingDisplay(ProgressTask? steps, ProgressTask? images) => (this.steps, this.images) = (steps, images);

    /// <summary>Runs something under a display.</summary>
    public static void Show(Action<ITrainingObserver> run)
    {
        if (!AnsiConsole.Profile.Capabilities.Interactive || System.Console.IsOutputRedirected)
        {
            run(new TrainingDisplay(null, null));
            return;
        }
        AnsiConsole.Progress().HideCompleted(false).Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(),
            new PercentageColumn(), new RemainingTimeColumn()).Start(context =>
            {
                run(new TrainingDisplay(context.AddTask("training"), context.AddTask("evaluating", autoStart: false)));
            });
    }

    public void OnStep(StepRecord step, int totalSteps)
    {
        if (firstStep < 0) firstStep = step.Step - 1;
        var text = $"step {step.Step}/{totalSteps}  loss {step.Loss:F3} (CE {step.CrossEntropy:F3}, contrast {step.Contrast:F3})  "
            + $"lr {step.Lr:G3}  {step.ImagesPerSecond:F2} images/s  {step.PeakMemoryMiB:N0} MiB";
        if (steps is not null)
        {
            steps.MaxValue = totalSteps;
            steps.Value = step.Step;
            steps.Description = text;
        }
        else if (step.Step % Math.Max(1, totalSteps / LinesPerRun) == 0 || step.Step == firstStep + 1 || step.Step == totalSteps)
        {
            var left = (DateTime.UtcNow - start) / (step.Step - firstStep) * (totalSteps - step.Step);
            System.Console.WriteLine($"{text}  {left:h\\:mm\\:ss} left");
        }
    }

    public void OnEvaluating(int done, int total)
    {
        if (images is null) return;
        if (!images.IsStarted) images.StartTask();
        images.MaxValue = total;
        images.Value = done;
    }

    public void OnEvaluated(EvalRecord record, SegmentationMetrics metrics)
    {
        var text = $"after {record.Step} steps: mIoU {record.MeanIoU:P2}, pixel accuracy {record.PixelAccuracy:P2}";
        if (images is not null) images.Description = text;
        else System.Console.WriteLine(text);
    }
}
