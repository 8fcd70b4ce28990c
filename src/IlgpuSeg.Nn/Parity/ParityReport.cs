using IlgpuSeg.Serialization;

namespace IlgpuSeg.Nn.Parity;

/// <summary>The comparison of one tensor or loss.</summary>
/// <param name="Name">Its name in the case.</param>
/// <param name="Difference">The largest absolute difference; infinite where ours is not a number.</param>
/// <param name="Allowed">The largest difference that passes.</param>
public sealed record ParityRow(string Name, double Difference, double Allowed)
{
    /// <summary>Whether the tensor passes.</summary>
    public bool Ok => Difference <= Allowed;

    /// <summary>The difference as a share of what is allowed: the order of the report.</summary>
    public double Share => Difference == 0 ? 0 : Difference / Allowed;
}

/// <summary>What a run of a parity case gave.</summary>
/// <param name="File">The case's file.</param>
/// <param name="Rows">A row per tensor and loss of the reference, worst first.</param>
public sealed record ParityReport(string File, IReadOnlyList<ParityRow> Rows)
{
    /// <summary>Whether every row passes.</summary>
    public bool Ok => Rows.All(row => row.Ok);

    /// <summary>Compares what was computed with a case's results.</summary>
    /// <param name="parity">The case.</param>
    /// <param name="computed">Our tensors under the case's names, in PyTorch's layouts.</param>
    /// <param name="losses">Our losses under the case's names.</param>
    /// <exception cref="WeightFileException">The case has a result that we do not compute, or one of another shape.</exception>
    public static ParityReport Compare(
        ParityCase parity, IReadOnlyDictionary<string, WeightEntry> computed, IReadOnlyDictionary<string, double> losses)
    {
        ArgumentNullException.ThrowIfNull(parity);
        ArgumentNullException.ThrowIfNull(computed);
        ArgumentNullException.ThrowIfNull(losses);
        var rows = new List<ParityRow>();
        foreach (var expected in parity.Results)
        {
            if (!computed.TryGetValue(expected.Name, out var actual))
                throw parity.Error(expected.Name, "is not a result that the network gives");
            if (!expected.Shape.SequenceEqual(actual.Shape))
                throw parity.Error(expected.Name, $"has shape {expected.ShapeText}, the network's is {actual.ShapeText}");
            rows.Add(new ParityRow(expected.Name, LargestDifference(expected, actual), parity.Allowed(expected)));
        }
        foreach (string name in parity.LossNames)
        {
            if (!losses.TryGetValue(name, out double actual))
                throw parity.Error(name, "is not a loss of the case's steps");
            var (value, allowed) = parity.Loss(name);
            rows.Add(new ParityRow(name, Finite(Math.Abs(actual - value)), allowed));
        }
        return new ParityReport(parity.File, [.. rows.OrderByDescending(row => row.Share).ThenBy(row => row.Name, StringComparer.Ordinal)]);
    }

    private static double LargestDifference(WeightEntry expected, WeightEntry actual)
    {
        double[] a = expected.ToDoubles(), b = actual.ToDoubles();
        double largest = 0;
        for (int i = 0; i < a.Length; i++)
            largest = Math.Max(largest, Finite(Math.Abs(a[i] - b[i])));
        return largest;
    }

    private static double Finite(double difference) => double.IsNaN(difference) ? double.PositiveInfinity : difference;
}
