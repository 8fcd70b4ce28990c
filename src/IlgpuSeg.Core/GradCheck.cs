namespace IlgpuSeg;

/// <summary>A gradient that disagrees with the numerical one.</summary>
public sealed class GradCheckException(string message) : Exception(message);

/// <summary>What a gradient check saw.</summary>
/// <param name="MaxError">The largest difference, relative to the largest gradient of its input (or to 0.01 where all are smaller).</param>
/// <param name="Where">The input and element where it was seen, with both values.</param>
/// <param name="Checked">How many elements were compared.</param>
public sealed record GradCheckResult(double MaxError, string Where, int Checked);

/// <summary>
/// Compares analytic gradients with central differences in double precision, as torch.autograd.gradcheck does: the output is
/// contracted with a fixed random tensor, so one backward pass yields what 2 forward passes per element must reproduce.
/// </summary>
public static class GradCheck
{
    /// <summary>Checks a function and throws where it fails.</summary>
    /// <param name="f">The function; deterministic, any output shape, Float64.</param>
    /// <param name="inputs">Float64 tensors; those that require a gradient are checked.</param>
    /// <param name="eps">The step of the central difference.</param>
    /// <param name="tolerance">The largest allowed <see cref="GradCheckResult.MaxError"/>.</param>
    /// <param name="maxElements">At most so many elements of each input, spread over it; all by default.</param>
    /// <exception cref="GradCheckException">A gradient differs; names the input, the element and both values.</exception>
    /// <exception cref="ArgumentException">Nothing to check, or not Float64.</exception>
    public static GradCheckResult Run(
        Func<Tensor[], Tensor> f, Tensor[] inputs, double eps = 1e-6, double tolerance = 1e-6, int maxElements = int.MaxValue)
    {
        if (!Array.Exists(inputs, t => t.RequiresGrad))
            throw new ArgumentException("GradCheck: no input requires a gradient.");
        if (Array.Find(inputs, t => t.RequiresGrad && t.DType != DType.Float64) is { } narrow)
            throw new ArgumentException($"GradCheck: {narrow.Describe()} is {narrow.DType}; a numerical gradient needs Float64.");
        var (weights, analytic) = Analytic(f, inputs);
        var worst = new GradCheckResult(0, "nowhere", 0);
        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].RequiresGrad)
                worst = Compare(f, inputs, i, weights, analytic[i]!, eps, maxElements, worst);
        }
        // A NaN must fail too, hence the negation.
        if (!(worst.MaxError <= tolerance))
            throw new GradCheckException($"The gradient differs by {worst.MaxError:E2}, allowed {tolerance:E2}: {worst.Where}.");
        return worst;
    }

    private static (double[] Weights, double[]?[] Gradients) Analytic(Func<Tensor[], Tensor> f, Tensor[] inputs)
    {
        using var scope = new TensorScope();
        foreach (var input in inputs) input.ZeroGrad();
        var output = f(inputs);
        var random = new Random(20240607);
        var weights = new double[output.Count];
        for (var i = 0; i < weights.Length; i++) weights[i] = random.NextDouble() * 2 - 1;
        output.Backward(Tensor.From(weights, output.Shape, output.Device));
        var gradients = Array.ConvertAll(inputs, t => t.RequiresGrad ? t.Grad?.ToDoubles() ?? new double[t.Count] : null);
        foreach (var input in inputs) input.ZeroGrad();
        return (weights, gradients);
    }

    private static GradCheckResult Compare(
        Func<Tensor[], Tensor> f, Tensor[] inputs, int which, double[] weights, double[] analytic, double eps, int maxElements,
        GradCheckResult worst)
    {
        var input = inputs[which];
        var values = input.ToDoubles();
        // Below 0.01 the difference quotient's own rounding error, about 1e-10, would count as an error of the gradient.
        var scale = Math.Max(0.01, analytic.Max(Math.Abs));
        var count = Math.Min(maxElements, values.Length);
        var seen = worst.Checked + count;
        for (var s = 0; s < count && !double.IsNaN(worst.MaxError); s++)
        {
            var e = (int)((long)s * values.Length / count);
            var numeric = (At(values[e] + eps) - At(values[e] - eps)) / (2 * eps);
            var error = Math.Abs(numeric - analytic[e]) / scale;
            if (!(error <= worst.MaxError))
            {
                worst = new GradCheckResult(error,
                    $"input {which}{(input.Name is null ? "" : $" '{input.Name}'")} {input.Shape}, element {e}: analytic {analytic[e]:G10}, numeric {numeric:G10}", seen);
            }

            double At(double value)
            {
                var moved = (double[])values.Clone();
                moved[e] = value;
                input.CopyFrom<double>(moved);
                return Evaluate(f, inputs, weights);
            }
        }
        input.CopyFrom<double>(values);
        return worst with { Checked = seen };
    }

    private static double Evaluate(Func<Tensor[], Tensor> f, Tensor[] inputs, double[] weights)
    {
        using var scope = new TensorScope();
        using var noGrad = Autograd.NoGrad();
        var output = f(inputs).ToDoubles();
        double sum = 0;
        for (var i = 0; i < output.Length; i++) sum += output[i] * weights[i];
        return sum;
    }
}
