namespace IlgpuSeg.SelfTest;

/// <summary>
/// Runs the engine's operations on a device: results and gradients in Float32, and away from the CPU in Float64 too, against the
/// CPU's in Float64, and gradients in Float64 against numerical ones.
/// </summary>
public static class SelfTestRunner
{
    /// <summary>Runs the cases one after the other; a row is yielded as soon as it is there.</summary>
    /// <param name="device">The device to test.</param>
    /// <param name="options">What to run; the default if null.</param>
    public static IEnumerable<SelfTestRow> Run(Device device, SelfTestOptions? options = null)
    {
        options ??= new SelfTestOptions();
        foreach (var opCase in OpCases.Matching(options.Filter))
        {
            foreach (var sample in Samples(opCase, options))
            {
                foreach (var row in Check(sample, device, options)) yield return row;
            }
        }
    }

    /// <summary>The cases of one operation that a self-test runs.</summary>
    public static IEnumerable<OpSample> Samples(OpCase opCase, SelfTestOptions options)
    {
        yield return opCase.Draw(options.Seed, CaseSize.One);
        for (var i = 0; i < options.SmallCases; i++) yield return opCase.Draw(options.Seed + (ulong)i, CaseSize.Small);
        for (var i = 0; i < options.LargeCases; i++) yield return opCase.Draw(options.Seed + (ulong)i, CaseSize.Large);
    }

    /// <summary>All rows of one case.</summary>
    public static IReadOnlyList<SelfTestRow> Check(OpSample sample, Device device, SelfTestOptions options)
    {
        OpOutcome exact;
        try
        {
            exact = sample.Run(DType.Float64, Device.Cpu);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return [Failed(sample, "forward", DType.Float64, sample.Case.DoubleTolerance, e)];
        }
        var rows = new List<SelfTestRow>(Compare(sample, exact, DType.Float32, device));
        if (device != Device.Cpu) rows.AddRange(Compare(sample, exact, DType.Float64, device));
        if (options.GradientChecks && sample.IsDifferentiable && sample.Size != CaseSize.Large)
            rows.Add(CheckGradients(sample, device, options.GradientElements));
        return rows;
    }

    /// <summary>The results and gradients of a case on a device against exact ones: a row for forward and one for backward.</summary>
    public static IReadOnlyList<SelfTestRow> Compare(OpSample sample, OpOutcome exact, DType dtype, Device device)
    {
        var opCase = sample.Case;
        var (forward, backward) = dtype == DType.Float64
            ? (opCase.DoubleTolerance, opCase.DoubleTolerance)
            : (opCase.FloatTolerance, opCase.FloatGradientTolerance);
        try
        {
            var actual = sample.Run(dtype, device);
            var rows = new List<SelfTestRow> { Row("forward", WorstError(exact.Results, actual.Results, i => $"result {i}"), forward) };
            if (sample.IsDifferentiable)
            {
                var worst = WorstError(exact.Gradients, actual.Gradients, i => $"gradient of {sample.Inputs[i].Name}");
                rows.Add(Row("backward", worst, backward));
            }
            return rows;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return [Failed(sample, "forward", dtype, forward, e)];
        }

        SelfTestRow Row(string pass, (double Error, string Where) worst, double allowed) =>
            new(opCase.Name, pass, dtype, Describe(sample), worst.Error, allowed, worst.Where);
    }

    private static SelfTestRow CheckGradients(OpSample sample, Device device, int elements)
    {
        var allowed = sample.Case.GradCheckTolerance;
        try
        {
            var seen = sample.CheckGradients(device, elements);
            return new SelfTestRow(sample.Case.Name, "gradcheck", DType.Float64, Describe(sample), seen.MaxError, allowed, seen.Where);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Failed(sample, "gradcheck", DType.Float64, allowed, e);
        }
    }

    /// <summary>
    /// The largest difference between tensors, relative to the largest exact element of its tensor, or to 1 where all are smaller. NaN
    /// where a number is not one, or a tensor has another size.
    /// </summary>
    /// <param name="exact">The exact tensors; null where there is nothing to compare.</param>
    /// <param name="actual">The tensors to compare.</param>
    /// <param name="name">A tensor's name by its place.</param>
    public static (double Error, string Where) WorstError(double[]?[] exact, double[]?[] actual, Func<int, string> name)
    {
        var worst = (Error: 0.0, Where: "");
        for (var i = 0; i < exact.Length && !double.IsNaN(worst.Error); i++)
        {
            if (exact[i] is not { } expected) continue;
            var seen = ErrorBetween(expected, actual[i] ?? [], name(i));
            if (!(seen.Error <= worst.Error)) worst = seen;
        }
        return worst;
    }

    /// <summary>An exception for a row's <see cref="SelfTestRow.Detail"/>.</summary>
    public static string OneLine(Exception e) => $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}";

    private static (double Error, string Where) ErrorBetween(double[] exact, double[] actual, string what)
    {
        if (exact.Length != actual.Length) return (double.NaN, $"{what}: {actual.Length} elements, expected {exact.Length}");
        var largest = exact.Select(Math.Abs).Append(1).Max();
        var worst = (Error: 0.0, Where: what);
        for (var i = 0; i < exact.Length && !double.IsNaN(worst.Error); i++)
        {
            var error = Math.Abs(actual[i] - exact[i]) / largest;
            // Negated, so that a NaN counts as the worst.
            if (!(error <= worst.Error))
                worst = (error, $"{what}, element {i}: {actual[i]:G9}, expected {exact[i]:G9}");
        }
        return worst;
    }

    private static SelfTestRow Failed(OpSample sample, string pass, DType dtype, double allowed, Exception e) =>
        new(sample.Case.Name, pass, dtype, Describe(sample), double.NaN, allowed, OneLine(e));

    private static string Describe(OpSample sample) => $"{sample.Description} ({sample.Size.ToString().ToLowerInvariant()}, seed {sample.Seed})";
}
