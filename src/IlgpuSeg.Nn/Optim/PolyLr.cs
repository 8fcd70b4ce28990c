namespace IlgpuSeg.Nn.Optim;

/// <summary>
/// The learning rate at an iteration: base * (1 - iteration / total)^power, after an optional linear warm-up that starts at
/// base / (warm-up + 1).
/// </summary>
/// <param name="BaseRate">The initial rate, positive.</param>
/// <param name="TotalIterations">The length of the run, at least 1.</param>
/// <param name="Power">The exponent; 0 keeps the rate.</param>
/// <param name="WarmUpIterations">Iterations during which the rate rises linearly up to the decay's curve; 0 for none.</param>
public sealed record PolyLr(double BaseRate, int TotalIterations, double Power = 0.9, int WarmUpIterations = 0)
{
    /// <summary>The rate of an iteration.</summary>
    /// <param name="iteration">From 0; at and after the end of the run the rate is 0 (unless the power is 0).</param>
    /// <exception cref="ArgumentOutOfRangeException">The iteration is negative.</exception>
    public double At(int iteration)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(iteration);
        var remaining = Math.Max(0, 1 - (double)iteration / TotalIterations);
        var rate = BaseRate * Math.Pow(remaining, Power);
        return iteration < WarmUpIterations ? rate * (iteration + 1) / (WarmUpIterations + 1) : rate;
    }

    /// <summary>Checks the settings.</summary>
    /// <returns>This schedule.</returns>
    /// <exception cref="ArgumentException">A setting makes no schedule; the message names it.</exception>
    public PolyLr Validate()
    {
        if (!(BaseRate > 0) || double.IsInfinity(BaseRate))
            throw new ArgumentException($"The learning rate must be positive, but is {BaseRate}.");
        if (TotalIterations < 1)
            throw new ArgumentException($"A run must have at least one iteration, but has {TotalIterations}.");
        if (!(Power >= 0) || double.IsInfinity(Power))
            throw new ArgumentException($"The power of the decay must not be negative, but is {Power}.");
        if (WarmUpIterations < 0)
            throw new ArgumentException($"The warm-up must not be negative, but is {WarmUpIterations} iterations.");
        return this;
    }
}
