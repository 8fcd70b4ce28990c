using System.Diagnostics;
using IlgpuSeg.Nn.Losses;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Training;

/// <summary>
/// The losses of steps that were started and whose numbers nobody has read yet: reading makes the host wait for the device, so it is done for
/// several steps at once.
/// </summary>
internal sealed class LossQueue
{
    private readonly List<Pending> pending = [];
    private readonly Stopwatch watch = new();

    /// <summary>Steps that wait to be read.</summary>
    public int Count => pending.Count;

    /// <summary>The sum of a step's losses, as one tensor on the device: total, cross-entropy and contrast, weighted by the batch's share.</summary>
    /// <param name="sum">The sum so far, or null; it is given up.</param>
    /// <param name="result">A batch's loss.</param>
    /// <param name="share">The batch's share of the step.</param>
    /// <returns>[3], of the caller's scope.</returns>
    public static Tensor Add(Tensor? sum, HybridLossResult result, double share)
    {
        using var noGrad = Autograd.NoGrad();
        using var scope = new TensorScope();
        var contrast = result.Contrast ?? Tensor.Zeros([1], result.Total.DType, result.Total.Device);
        var losses = Scale.Apply(Concat.Apply(result.Total, result.CrossEntropy, contrast), share);
        return scope.Keep(sum is null ? losses : Ops.Add.Apply(sum, losses));
    }

    /// <summary>A step begins: the clock runs from the first that will wait here.</summary>
    public void Begin()
    {
        if (pending.Count == 0) watch.Restart();
    }

    /// <summary>Takes over a step's losses.</summary>
    /// <param name="step">The step's number, from 1.</param>
    /// <param name="lr">Its learning rate.</param>
    /// <param name="images">Images of the step.</param>
    /// <param name="peakBytes">The most memory that the step had in use.</param>
    /// <param name="losses">[3], owned by the queue from here on.</param>
    public void Enqueue(int step, double lr, int images, long peakBytes, Tensor losses) =>
        pending.Add(new Pending(step, lr, images, peakBytes, losses));

    /// <summary>Reads what waits, in order. The device's pace is that of all these steps together.</summary>
    public IReadOnlyList<StepRecord> Drain()
    {
        var values = pending.ConvertAll(p => p.Losses.ToDoubles());
        var pace = pending.Sum(p => p.Images) / watch.Elapsed.TotalSeconds;
        var records = pending.Select((p, i) => new StepRecord(p.Step, values[i][0], values[i][1], values[i][2], p.Lr, pace)
        {
            PeakMemoryMiB = p.PeakBytes / 1048576.0,
        }).ToArray();
        foreach (var waiting in pending) waiting.Losses.Dispose();
        pending.Clear();
        return records;
    }

    private sealed record Pending(int Step, double Lr, int Images, long PeakBytes, Tensor Losses);
}
