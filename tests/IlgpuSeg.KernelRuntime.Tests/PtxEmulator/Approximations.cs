using static IlgpuSeg.KernelRuntime.Tests.PtxEmulator.PtxType;

namespace IlgpuSeg.KernelRuntime.Tests.PtxEmulator;

/// <summary>
/// The .approx instructions. A device's results lie somewhere within the manual's bounds; here they are the exact ones moved by up to
/// nine tenths of what the final rounding leaves of the bound, by an amount that depends on the argument's bits alone, so that no test
/// passes by being lucky.
/// </summary>
internal static class Approximations
{
    // Largest errors in the manual: relative, but absolute for sine and cosine, and for lg2 near 1.
    private const double Exp2Error = 1.0 / (1 << 22), Lg2Error = 1.0 / (1 << 22), RsqrtError = 1.4e-7, RootError = 1.0 / (1 << 23);
    private const double TanhError = 1.0 / (1 << 11), SineError = 6.8e-7, Ulp = 1.0 / (1 << 23), Rounding = 1.0 / (1 << 24);

    public static ulong Exp2(ulong a) => Relative(a, x => Math.Pow(2, x), Exp2Error);

    public static ulong Lg2(ulong a)
    {
        var x = Value(a);
        return x is > 0.5 and < 2 && x != 1
            ? Bits(Math.Log2(x) + (Lg2Error - Rounding) * Wobble(a))
            : Relative(a, Math.Log2, Lg2Error);
    }

    public static ulong Rsqrt(ulong a) => Relative(a, x => 1 / Math.Sqrt(x), RsqrtError);

    public static ulong Sqrt(ulong a) => Relative(a, Math.Sqrt, RootError);

    public static ulong Rcp(ulong a) => Relative(a, x => 1 / x, Ulp);

    public static ulong Tanh(ulong a) => Relative(a, Math.Tanh, TanhError);

    public static ulong Sin(ulong a) => Absolute(a, Math.Sin);

    public static ulong Cos(ulong a) => Absolute(a, Math.Cos);

    /// <summary>div.approx and div.full: 2 ulp for divisors from 2^-126 to 2^126; div.approx gives 0 for larger ones.</summary>
    public static ulong Divide(ulong a, ulong b, bool full)
    {
        var (x, y) = (Value(a), Value(b));
        if (!full && Math.Abs(y) > Math.ScaleB(1, 126) && double.IsFinite(y))
            return double.IsInfinity(x) ? Floats.CanonicalNaN(F32) : double.IsNegative(x) != double.IsNegative(y) ? 0x80000000 : 0;
        var quotient = x / y;
        return Bits(Plain(quotient) ? quotient * (1 + (2 * Ulp - Rounding) * Wobble(a ^ b << 7)) : quotient);
    }

    private static ulong Relative(ulong a, Func<double, double> function, double error)
    {
        var exact = function(Value(a));
        return Bits(Plain(exact) ? exact * (1 + (error - Rounding) * Wobble(a)) : exact);
    }

    private static ulong Absolute(ulong a, Func<double, double> function)
    {
        var exact = function(Value(a));
        return Bits(Plain(exact) ? exact + (SineError - Rounding) * Wobble(a) : exact);
    }

    private static bool Plain(double value) => double.IsFinite(value) && value != 0;

    /// <summary>A number in [-0.9, 0.9] out of the argument's bits.</summary>
    private static double Wobble(ulong bits)
    {
        var hash = (uint)(bits * 2654435761 ^ bits >> 15) * 2246822519u;
        return ((hash >> 8) / (double)(1 << 24) * 2 - 1) * 0.9;
    }

    private static double Value(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static ulong Bits(double value) => Floats.Round(F32, value);
}
