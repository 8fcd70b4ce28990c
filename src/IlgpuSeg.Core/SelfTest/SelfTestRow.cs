namespace IlgpuSeg.SelfTest;

/// <summary>One check of a self-test.</summary>
/// <param name="Op">The operation, or the network.</param>
/// <param name="Pass">"forward", "backward" or "gradcheck".</param>
/// <param name="DType">The type it was computed in.</param>
/// <param name="Case">Extents and options, with the seed.</param>
/// <param name="Error">The largest error seen; NaN where the operation failed.</param>
/// <param name="Allowed">The largest error allowed.</param>
/// <param name="Detail">Where the largest error was seen, or what went wrong.</param>
public sealed record SelfTestRow(string Op, string Pass, DType DType, string Case, double Error, double Allowed, string Detail)
{
    /// <summary>Whether the check passed.</summary>
    public bool Ok => Error <= Allowed;
}

/// <summary>What a self-test runs.</summary>
public sealed record SelfTestOptions
{
    /// <summary>Only operations whose name contains this, in upper or lower case; all if null.</summary>
    public string? Filter { get; init; }

    /// <summary>The first seed; cases are numbered from it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How many small cases of each operation.</summary>
    public int SmallCases { get; init; } = 2;

    /// <summary>How many large cases of each operation.</summary>
    public int LargeCases { get; init; } = 3;

    /// <summary>Whether gradients in Float64 are compared with numerical ones.</summary>
    public bool GradientChecks { get; init; } = true;

    /// <summary>At most so many elements of each input are compared with a numerical gradient.</summary>
    public int GradientElements { get; init; } = 12;
}
