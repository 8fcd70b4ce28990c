namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

// x^y = 2^(y log2 x) with the logarithm in two doubles: its error is multiplied by up to 1075, so one would cost ten bits.
internal static partial class ScalarMath
{
    private const double TwoLog2E = 2.8853900817779268, TwoLog2ELow = 4.0710547481862066e-17;
    private const double Third = 0.3333333333333333, ThirdLow = 1.850371707708594e-17;
    private const long SqrtHalfBits = 0x3fe6a09e667f3bcd;

    /// <summary>x to the power y. Error at most 1.5 ulp.</summary>
    public static double Pow(double x, double y)
    {
        if (y == 0 || x == 1)
        {
            return 1;
        }

        if (double.IsNaN(x) || double.IsNaN(y))
        {
            return double.NaN;
        }

        double ax = Math.Abs(x), ay = Math.Abs(y);
        if (ay == double.PositiveInfinity)
        {
            return ax == 1 ? 1 : ax > 1 == y > 0 ? double.PositiveInfinity : 0;
        }

        var isOdd = ay < 9007199254740992 && Math.Floor(y) == y && Math.Floor(y * 0.5) != y * 0.5;
        var isNegative = BitConverter.DoubleToInt64Bits(x) < 0;
        var result = ax == 0 || ax == double.PositiveInfinity
            ? (ax == 0 == y > 0 ? 0 : double.PositiveInfinity)
            : isNegative && Math.Floor(y) != y ? double.NaN : PowPositive(ax, y);
        return isNegative && isOdd ? -result : result;
    }

    /// <summary>x to the power y. Error at most 0.51 ulp.</summary>
    public static float Pow(float x, float y) => (float)Pow((double)x, y);

    private static double PowPositive(double x, double y)
    {
        var log = Log2(x, out var logLow);
        var power = y * log;
        var powerLow = Math.FusedMultiplyAdd(y, log, -power) + (y * logLow);
        if (Math.Abs(power) > 1100)
        {
            return power > 0 ? double.PositiveInfinity : 0;
        }

        var n = Math.Round(power);
        var fraction = Exp2(power - n + powerLow);
        // 2^n as two factors that are normal numbers.
        var half = (int)n >> 1;
        return fraction * PowerOfTwo(half) * PowerOfTwo((int)n - half);
    }

    private static double PowerOfTwo(int n) => BitConverter.Int64BitsToDouble((long)(n + 1023) << 52);

    // log(m) = 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1): the first two terms in two doubles, the rest in one.
    private static double Log2(double x, out double low)
    {
        var isSubnormal = x < 2.2250738585072014e-308;
        var bits = BitConverter.DoubleToInt64Bits(isSubnormal ? x * 4503599627370496 : x) - SqrtHalfBits;
        var e = (double)(bits >> 52) - (isSubnormal ? 52 : 0);
        var f = BitConverter.Int64BitsToDouble((bits & (ImplicitOne - 1)) + SqrtHalfBits) - 1;
        var d = 2 + f;
        var s = f / d;
        var sLow = (Math.FusedMultiplyAdd(-s, d, f) - (s * (2 - d + f))) / d;
        var z = s * s;
        var zLow = Math.FusedMultiplyAdd(s, s, -z) + (2 * s * sLow);
        var q = Math.FusedMultiplyAdd(z, 1 / 25.0, 1 / 23.0);
        q = Math.FusedMultiplyAdd(q, z, 1 / 21.0);
        q = Math.FusedMultiplyAdd(q, z, 1 / 19.0);
        q = Math.FusedMultiplyAdd(q, z, 1 / 17.0);
        q = Math.FusedMultiplyAdd(q, z, 1 / 15.0);
        q = Math.FusedMultiplyAdd(q, z, 1 / 13.0);
        q = Math.FusedMultiplyAdd(q, z, 1 / 11.0);
        q = Math.FusedMultiplyAdd(q, z, 1 / 9.0);
        q = Math.FusedMultiplyAdd(q, z, 1 / 7.0);
        q = Math.FusedMultiplyAdd(q, z, 1 / 5.0);
        var third = z * Third;
        var thirdLow = Math.FusedMultiplyAdd(z, Third, -third) + (z * ThirdLow) + (zLow * Third);
        var series = 1 + third;
        var seriesLow = 1 - series + third + (thirdLow + (z * z * q));
        var product = s * series;
        var productLow = Math.FusedMultiplyAdd(s, series, -product) + ((s * seriesLow) + (sLow * series));
        var scaled = product * TwoLog2E;
        var scaledLow = Math.FusedMultiplyAdd(product, TwoLog2E, -scaled) + ((product * TwoLog2ELow) + (productLow * TwoLog2E));
        var sum = e + scaled;
        low = e - sum + scaled + scaledLow;
        return sum;
    }
}
