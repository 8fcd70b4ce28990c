using System.Globalization;
using System.Text;

namespace IlgpuSeg.Training;

/// <summary>One training step as it is logged.</summary>
/// <param name="Step">1-based.</param>
/// <param name="Loss">CE + lambda * CL.</param>
/// <param name="CrossEntropy">CE.</param>
/// <param name="Contrast">CL.</param>
/// <param name="Lr">The learning rate of the step.</param>
/// <param name="ImagesPerSecond">Of this step, loading included.</param>
public sealed record StepRecord(int Step, double Loss, double CrossEntropy, double Contrast, double Lr, double ImagesPerSecond)
{
    /// <summary>The most memory of the device that tensors used during the step, in MiB.</summary>
    public double PeakMemoryMiB { get; init; }
}

/// <summary>One evaluation as it is logged.</summary>
/// <param name="Step">Steps done before it.</param>
/// <param name="MeanIoU">In [0, 1].</param>
/// <param name="PixelAccuracy">In [0, 1].</param>
public sealed record EvalRecord(int Step, double MeanIoU, double PixelAccuracy);

/// <summary>
/// The run's history, written line by line as CSV so that a run that breaks off leaves all it did: steps.csv and evals.csv in the run's folder.
/// A resumed run goes on in the same files, after dropping what lies beyond its checkpoint.
/// </summary>
public sealed class RunLog : IDisposable
{
    private const string StepHeader = "step,loss,cross_entropy,contrast,lr,images_per_second,peak_memory_mib";
    private const string EvalHeader = "step,mean_iou,pixel_accuracy";

    private readonly StreamWriter stepFile;
    private readonly StreamWriter evalFile;
    private readonly List<StepRecord> steps = [];
    private readonly List<EvalRecord> evals = [];

    /// <summary>Opens the logs of a folder.</summary>
    /// <param name="folder">The run's folder; created where absent.</param>
    /// <param name="resumeAt">Keep records up to this step; 0 starts anew.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public RunLog(string folder, int resumeAt = 0)
    {
        Directory.CreateDirectory(folder);
        string stepPath = Path.Combine(folder, "steps.csv"), evalPath = Path.Combine(folder, "evals.csv");
        if (resumeAt > 0)
        {
            steps.AddRange(Read(stepPath, f => new StepRecord((int)f[0], f[1], f[2], f[3], f[4], f[5]) { PeakMemoryMiB = f[6] }).Where(s => s.Step <= resumeAt));
            evals.AddRange(Read(evalPath, f => new EvalRecord((int)f[0], f[1], f[2])).Where(e => e.Step <= resumeAt));
        }
        stepFile = Open(stepPath, StepHeader, steps.Select(Line));
        evalFile = Open(evalPath, EvalHeader, evals.Select(Line));
    }

    /// <summary>All steps so far.</summary>
    public IReadOnlyList<StepRecord> Steps => steps;

    /// <summary>All evaluations so far.</summary>
    public IReadOnlyList<EvalRecord> Evals => evals;

    /// <summary>Logs a step.</summary>
    public void Add(StepRecord record)
    {
        steps.Add(record);
        stepFile.WriteLine(Line(record));
    }

    /// <summary>Logs an evaluation.</summary>
    public void Add(EvalRecord record)
    {
        evals.Add(record);
        evalFile.WriteLine(Line(record));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stepFile.Dispose();
        evalFile.Dispose();
    }

    private static string Line(StepRecord s) => Line(s.Step, s.Loss, s.CrossEntropy, s.Contrast, s.Lr, s.ImagesPerSecond, s.PeakMemoryMiB);

    private static string Line(EvalRecord e) => Line(e.Step, e.MeanIoU, e.PixelAccuracy);

    private static string Line(params ReadOnlySpan<double> fields)
    {
        var line = new StringBuilder();
        foreach (var field in fields)
        {
            if (line.Length > 0) line.Append(',');
            line.Append(field.ToString("G9", CultureInfo.InvariantCulture));
        }
        return line.ToString();
    }

    private static StreamWriter Open(string path, string header, IEnumerable<string> kept)
    {
        var writer = new StreamWriter(path, append: false) { AutoFlush = true };
        writer.WriteLine(header);
        foreach (var line in kept) writer.WriteLine(line);
        return writer;
    }

    private static List<T> Read<T>(string path, Func<double[], T> parse)
    {
        if (!File.Exists(path)) return [];
        var records = new List<T>();
        foreach (var line in File.ReadAllLines(path).Skip(1))
        {
            try
            {
                records.Add(parse(Array.ConvertAll(line.Split(','), f => double.Parse(f, CultureInfo.InvariantCulture))));
            }
            catch (Exception e) when (e is FormatException or IndexOutOfRangeException)
            {
                // A run that was killed may leave half a line at the end.
                break;
            }
        }
        return records;
    }
}
