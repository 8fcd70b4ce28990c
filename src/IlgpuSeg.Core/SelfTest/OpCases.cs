namespace IlgpuSeg.SelfTest;

/// <summary>
/// Every operation of the engine, once or in several variants: the one list behind the gradient checks, the comparison of single with
/// double precision, the self-test of a device and the table in the documentation. A test fails for an operation that is not in it.
/// </summary>
public static class OpCases
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<OpCase> All { get; } =
    [
        .. ElementwiseCases.All,
        .. AxisCases.All,
        .. MatrixCases.All,
        .. ConvolutionCases.All,
        .. FusedCases.All,
        .. SpatialCases.All,
        .. NormalizationCases.All,
        .. AttentionCases.All,
        .. LossCases.All,
        .. DiscreteCases.All,
    ];

    /// <summary>Those whose name contains a text, in upper or lower case; all if it is null.</summary>
    public static IEnumerable<OpCase> Matching(string? filter) =>
        All.Where(c => filter is null || c.Name.Contains(filter, StringComparison.OrdinalIgnoreCase));
}
