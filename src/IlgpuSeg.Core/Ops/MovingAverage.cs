using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>Exponential moving averages of many tensors.</summary>
public static class MovingAverage
{
    private const string Op = "MovingAverage.Step";

    /// <summary>average = decay * average + (1 - decay) * value, in place.</summary>
    /// <param name="averages">The averages, of one floating-point type and device.</param>
    /// <param name="values">As many values, each of its average's shape.</param>
    /// <param name="decay">What stays of an average, in [0, 1).</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static void Step(Tensor[] averages, Tensor[] values, double decay)
    {
        if (averages.Length == 0) return;
        if (values.Length != averages.Length) throw new ArgumentException($"{Op}: {averages.Length} averages need as many values.");
        if (!(decay >= 0 && decay < 1)) throw new ArgumentOutOfRangeException(nameof(decay), decay, $"{Op}: the decay must lie in [0, 1).");
        OpCheck.SameDevice(Op, [.. averages, .. values]);
        OpCheck.SameDType(Op, [.. averages, .. values]);
        OpCheck.FloatingPoint(Op, "average", averages[0]);
        for (var i = 0; i < averages.Length; i++)
        {
            if (averages[i].Shape != values[i].Shape)
                throw new ShapeException(Op, "average and value must have one shape", ("average", averages[i].Shape), ("value", values[i].Shape));
        }
        if (averages[0].DType == DType.Float64) Run<double, Real64>(averages, values, 1 - decay);
        else Run<float, Real32>(averages, values, 1 - decay);
        foreach (var average in averages) average.MarkChanged();
    }

    private static void Run<T, R>(Tensor[] averages, Tensor[] values, double share)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var entries = new TensorEntry<T>[averages.Length];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = new TensorEntry<T>
            {
                A = averages[i].View<T>(), B = values[i].View<T>(), C = averages[i].View<T>(), Count = averages[i].Count,
            };
        }
        MovingAverageKernels.Step<T, R>(averages[0].Device.Kernels, entries, share);
    }
}
