using IlgpuSeg.Data;
using IlgpuSeg.Nn;

namespace IlgpuSeg.Training;

/// <summary>Pictures of a run for people to open.</summary>
public static class RunReports
{
    /// <summary>The learning curve's file in a run's folder.</summary>
    public const string Curve = "curve.png";

    /// <summary>Draws loss, its parts and mIoU over the steps as <see cref="Curve"/>.</summary>
    /// <param name="log">The run.</param>
    /// <param name="folder">Where to write.</param>
    public static void WriteCurve(RunLog log, string folder)
    {
        var chart = new LineChart
        {
            Title = "Learning curve",
            XLabel = "step",
            LeftLabel = "loss",
            RightLabel = "mIoU",
            Series =
            [
                new ChartSeries("contrast", new Rgb(190, 190, 200), Points(s => s.Contrast)),
                new ChartSeries("cross-entropy", new Rgb(236, 150, 60), Points(s => s.CrossEntropy)),
                new ChartSeries("loss", new Rgb(40, 100, 200), Points(s => s.Loss)),
                new ChartSeries("mIoU", new Rgb(30, 150, 80), [.. log.Evals.Select(e => ((double)e.Step, e.MeanIoU))], RightAxis: true, Markers: true),
            ],
        };
        ImageCodec.Default.WritePng(Path.Combine(folder, Curve), chart.Draw());

        (double, double)[] Points(Func<StepRecord, double> value) => [.. log.Steps.Select(s => ((double)s.Step, value(s)))];
    }

    /// <summary>Writes "image | truth | prediction" pictures.</summary>
    /// <param name="network">Predicts.</param>
    /// <param name="samples">The images.</param>
    /// <param name="folder">Where to write; created where absent.</param>
    /// <param name="count">At most so many, spread over the samples.</param>
    /// <returns>The files.</returns>
    public static IReadOnlyList<string> WriteOverlays(SegmentationNetwork network, ISampleSource samples, string folder, int count)
    {
        Directory.CreateDirectory(folder);
        var chosen = new SampleSubset(samples, count);
        var files = new List<string>();
        for (var i = 0; i < chosen.Count; i++)
        {
            var sample = chosen.Load(i);
            var file = Path.Combine(folder, $"{sample.Name}.png");
            ImageCodec.Default.WritePng(file, Overlay.SideBySide(sample, Evaluator.Predict(network, sample), chosen.Classes));
            files.Add(file);
        }
        return files;
    }
}
