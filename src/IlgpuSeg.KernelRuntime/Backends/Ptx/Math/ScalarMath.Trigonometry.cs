namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

// x = n pi/2 + r with |r| <= pi/4; pi/2 is subtracted in three parts, of which the first leaves no error. Then Taylor series, whose terms
// after the last one taken are below 1e-19. The arc functions come down to the arc tangent of |t| <= tan(15 degrees).
internal static partial class ScalarMath
{
    private const double HalfPi1 = 1.5707963267948966, HalfPi2 = 6.123233995736766e-17, HalfPi3 = -1.4973849048591833e-33;
    private const double Pi = 3.141592653589793, PiLow = 1.2246467991473532e-16;
    private const double SixthPi = 0.5235987755982989, SixthPiLow = -5.360408832255455e-17;
    private const double Sqrt3 = 1.7320508075688772, TanOf15Degrees = 0.2679491924311227;

    // From here on n does not fit the low bits of a double any more.
    private const double LargestAngle = 1e12;

    /// <summary>Sine of x in radians. Error at most 1 ulp up to 1e12; beyond, x is taken modulo the double nearest to 2 pi.</summary>
    public static double Sin(double x)
    {
        var r = Reduce(x, out var low, out var quadrant);
        var result = (quadrant & 1) == 0 ? SinReduced(r, low) : CosReduced(r, low);
        // Zero keeps its sign.
        return x == 0 ? x : (quadrant & 2) == 0 ? result : -result;
    }

    /// <summary>Sine of x in radians. Error at most 0.51 ulp up to 1e12.</summary>
    public static float Sin(float x) => (float)Sin((double)x);

    /// <summary>Cosine of x in radians. Error at most 1 ulp up to 1e12; beyond, x is taken modulo the double nearest to 2 pi.</summary>
    public static double Cos(double x)
    {
        var r = Reduce(x, out var low, out var quadrant);
        var result = (quadrant & 1) == 0 ? CosReduced(r, low) : SinReduced(r, low);
        return ((quadrant + 1) & 2) == 0 ? result : -result;
    }

    /// <summary>Cosine of x in radians. Error at most 0.51 ulp up to 1e12.</summary>
    public static float Cos(float x) => (float)Cos((double)x);

    /// <summary>Tangent of x in radians. Error at most 3 ulp up to 1e12.</summary>
    public static double Tan(double x)
    {
        var r = Reduce(x, out var low, out var quadrant);
        double sin = SinReduced(r, low), cos = CosReduced(r, low);
        return x == 0 ? x : (quadrant & 1) == 0 ? sin / cos : -cos / sin;
    }

    /// <summary>Tangent of x in radians. Error at most 0.51 ulp up to 1e12.</summary>
    public static float Tan(float x) => (float)Tan((double)x);

    /// <summary>Arc tangent. Error at most 2 ulp.</summary>
    public static double Atan(double x)
    {
        var a = Math.Abs(x);
        var t = a > 1 ? 1 / a : a;
        var isFar = t > TanOf15Degrees;
        t = isFar ? Math.FusedMultiplyAdd(t, Sqrt3, -1.0) / (t + Sqrt3) : t;
        var z = t * t;
        var p = Math.FusedMultiplyAdd(z, 1 / 33.0, -1 / 31.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 29.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 27.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 25.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 23.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 21.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 19.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 17.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 15.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 13.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 11.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 9.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 7.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 5.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 3.0);
        var small = t * z * p;
        var result = isFar ? SixthPi + (t + (small + SixthPiLow)) : t + small;
        result = a > 1 ? HalfPi1 - (result - HalfPi2) : result;
        return Math.CopySign(result, x);
    }

    /// <summary>Arc tangent. Error at most 0.51 ulp.</summary>
    public static float Atan(float x) => (float)Atan((double)x);

    /// <summary>Arc sine. Error at most 4 ulp.</summary>
    public static double Asin(double x) => Atan(x / Math.Sqrt((1 - x) * (1 + x)));

    /// <summary>Arc sine. Error at most 0.51 ulp.</summary>
    public static float Asin(float x) => (float)Asin((double)x);

    /// <summary>Arc cosine. Error at most 4 ulp.</summary>
    public static double Acos(double x) => 2 * Atan(Math.Sqrt((1 - x) / (1 + x)));

    /// <summary>Arc cosine. Error at most 0.51 ulp.</summary>
    public static float Acos(float x) => (float)Acos((double)x);

    /// <summary>Angle of the point (x, y). Error at most 3 ulp.</summary>
    public static double Atan2(double y, double x)
    {
        if (double.IsNaN(x) || double.IsNaN(y))
        {
            return double.NaN;
        }

        double ax = Math.Abs(x), ay = Math.Abs(y);
        // 0 / 0 and infinity / infinity are the angles of (1, 0) and (1, 1).
        var slope = ay == ax ? (ay == 0 ? 0.0 : 1.0) : ay / ax;
        var angle = Atan(slope);
        // The sign of zero counts too.
        angle = BitConverter.DoubleToInt64Bits(x) < 0 ? Pi - (angle - PiLow) : angle;
        return Math.CopySign(angle, y);
    }

    /// <summary>Angle of the point (x, y). Error at most 0.51 ulp.</summary>
    public static float Atan2(float y, float x) => (float)Atan2((double)y, x);

    private static double Reduce(double x, out double low, out int quadrant)
    {
        x = Math.Abs(x) > LargestAngle ? Rem(x, 2 * Pi) : x;
        var n = Math.Round(x * (1 / HalfPi1));
        var head = Math.FusedMultiplyAdd(-n, HalfPi1, x);
        var r = Math.FusedMultiplyAdd(-n, HalfPi2, head);
        low = Math.FusedMultiplyAdd(-n, HalfPi2, head - r) - (n * HalfPi3);
        quadrant = (int)(long)n;
        return r;
    }

    private static double SinReduced(double r, double low)
    {
        var z = r * r;
        var p = Math.FusedMultiplyAdd(z, 1 / 355687428096000.0, -1 / 1307674368000.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 6227020800.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 39916800.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 362880.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 5040.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 120.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 6.0);
        return r + Math.FusedMultiplyAdd(r * z, p, low * (1 - (0.5 * z)));
    }

    private static double CosReduced(double r, double low)
    {
        var z = r * r;
        var p = Math.FusedMultiplyAdd(z, -1 / 6402373705728000.0, 1 / 20922789888000.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 87178291200.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 479001600.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 3628800.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 40320.0);
        p = Math.FusedMultiplyAdd(p, z, -1 / 720.0);
        p = Math.FusedMultiplyAdd(p, z, 1 / 24.0);
        var half = 0.5 * z;
        var head = 1 - half;
        return head + (1 - head - half + Math.FusedMultiplyAdd(z * z, p, -r * low));
    }
}
