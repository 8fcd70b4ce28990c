namespace IlgpuSeg.KernelRuntime.Tests.Simd;

/// <summary>Errors in units in the last place of the exact result's binade (subnormal results: of the smallest subnormal).</summary>
internal static class Ulp
{
    /// <summary>
    /// Distance of a float from its exact value (given in double); 0 where both are the same NaN, infinity or zero of one sign,
    /// infinite where only one of them is special.
    /// </summary>
    public static double Of(float actual, double exact)
    {
        var rounded = (float)exact;
        if (float.IsNaN(rounded) || float.IsNaN(actual))
            return float.IsNaN(rounded) && float.IsNaN(actual) ? 0 : double.PositiveInfinity;
        // An overflow may come a rounding early or late: measured against the value that follows the largest float.
        if (float.IsInfinity(rounded) || float.IsInfinity(actual))
            return actual.Equals(rounded) ? 0 : Math.Abs(Finite(actual) - Math.Clamp(exact, -Beyond, Beyond)) / Math.ScaleB(1, 104);
        if (actual == 0 && exact == 0)
            return float.IsNegative(actual) == double.IsNegative(exact) ? 0 : double.PositiveInfinity;
        var exponent = Math.Max(Math.ILogB(exact), -126);
        return Math.Abs(actual - exact) / Math.ScaleB(1, exponent - 23);
    }

    /// <summary>Distance of a double from the exact value high + low.</summary>
    public static double Of(double actual, double high, double low = 0)
    {
        if (!double.IsFinite(high) || !double.IsFinite(actual))
            return actual.Equals(high) ? 0 : double.PositiveInfinity;
        if (actual == 0 && high == 0)
            return double.IsNegative(actual) == double.IsNegative(high) ? 0 : double.PositiveInfinity;
        var unit = Math.ScaleB(1, Math.Max(high == 0 ? -1022 : Math.ILogB(high), -1022) - 52);
        return Math.Abs(actual - high - low) / unit;
    }

    private const double Beyond = 3.4028236692093846e38;   // 2^128

    private static double Finite(float x) => float.IsInfinity(x) ? Math.CopySign(Beyond, x) : x;
}
