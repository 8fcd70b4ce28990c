namespace ILGPU.Algorithms;

// Constants and functions of floating-point numbers.
public static partial class XMath
{
    /// <summary>Euler's number.</summary>
    public const float E = 2.718281828459045f;

    /// <summary>Euler's number.</summary>
    public const double ED = 2.718281828459045;

    /// <summary>The binary logarithm of e.</summary>
    public const float Log2E = 1.4426950408889634f;

    /// <summary>The binary logarithm of e.</summary>
    public const double Log2ED = 1.4426950408889634;

    /// <summary>1 / log2(e).</summary>
    public const float OneOverLog2E = 0.6931471805599453f;

    /// <summary>1 / log2(e).</summary>
    public const double OneOverLog2ED = 0.6931471805599453;

    /// <summary>The decimal logarithm of e.</summary>
    public const float Log10E = 0.4342944819032518f;

    /// <summary>The decimal logarithm of e.</summary>
    public const double Log10ED = 0.4342944819032518;

    /// <summary>The natural logarithm of 2.</summary>
    public const float Ln2 = 0.6931471805599453f;

    /// <summary>The natural logarithm of 2.</summary>
    public const double Ln2D = 0.6931471805599453;

    /// <summary>1 / ln(2).</summary>
    public const float OneOverLn2 = 1.4426950408889634f;

    /// <summary>1 / ln(2).</summary>
    public const double OneOverLn2D = 1.4426950408889634;

    /// <summary>The natural logarithm of 10.</summary>
    public const float Ln10 = 2.302585092994046f;

    /// <summary>The natural logarithm of 10.</summary>
    public const double Ln10D = 2.302585092994046;

    /// <summary>1 / ln(10).</summary>
    public const float OneOverLn10 = 0.43429448190325176f;

    /// <summary>1 / ln(10).</summary>
    public const double OneOverLn10D = 0.43429448190325176;

    /// <summary>The circle number.</summary>
    public const float PI = 3.141592653589793f;

    /// <summary>The circle number.</summary>
    public const double PID = 3.141592653589793;

    /// <summary>Pi / 2.</summary>
    public const float PIHalf = 1.5707963267948966f;

    /// <summary>Pi / 2.</summary>
    public const double PIHalfD = 1.5707963267948966;

    /// <summary>Pi / 4.</summary>
    public const float PIFourth = 0.7853981633974483f;

    /// <summary>Pi / 4.</summary>
    public const double PIFourthD = 0.7853981633974483;

    /// <summary>1 / pi.</summary>
    public const float OneOverPI = 0.3183098861837907f;

    /// <summary>2 / pi.</summary>
    public const float TwoOverPI = 0.6366197723675814f;

    /// <summary>The square root of 2.</summary>
    public const float Sqrt2 = 1.4142135623730951f;

    /// <summary>1 / sqrt(2).</summary>
    public const float OneOverSqrt2 = 0.7071067811865475f;

    /// <summary>1 / 3.</summary>
    public const float OneThird = 0.3333333333333333f;

    /// <summary>The arc cosine.</summary>
    public static double Acos(double value) => Math.Acos(value);

    /// <summary>The arc cosine.</summary>
    public static float Acos(float value) => MathF.Acos(value);

    /// <summary>The arc sine.</summary>
    public static double Asin(double value) => Math.Asin(value);

    /// <summary>The arc sine.</summary>
    public static float Asin(float value) => MathF.Asin(value);

    /// <summary>The arc tangent.</summary>
    public static double Atan(double value) => Math.Atan(value);

    /// <summary>The arc tangent.</summary>
    public static float Atan(float value) => MathF.Atan(value);

    /// <summary>The smallest whole number that is not smaller.</summary>
    public static double Ceiling(double value) => Math.Ceiling(value);

    /// <summary>The smallest whole number that is not smaller.</summary>
    public static float Ceiling(float value) => MathF.Ceiling(value);

    /// <summary>The cosine.</summary>
    public static double Cos(double value) => Math.Cos(value);

    /// <summary>The cosine.</summary>
    public static float Cos(float value) => MathF.Cos(value);

    /// <summary>The hyperbolic cosine.</summary>
    public static double Cosh(double value) => Math.Cosh(value);

    /// <summary>The hyperbolic cosine.</summary>
    public static float Cosh(float value) => MathF.Cosh(value);

    /// <summary>E to a power.</summary>
    public static double Exp(double value) => Math.Exp(value);

    /// <summary>E to a power.</summary>
    public static float Exp(float value) => MathF.Exp(value);

    /// <summary>The largest whole number that is not larger.</summary>
    public static double Floor(double value) => Math.Floor(value);

    /// <summary>The largest whole number that is not larger.</summary>
    public static float Floor(float value) => MathF.Floor(value);

    /// <summary>The natural logarithm.</summary>
    public static double Log(double value) => Math.Log(value);

    /// <summary>The natural logarithm.</summary>
    public static float Log(float value) => MathF.Log(value);

    /// <summary>The decimal logarithm.</summary>
    public static double Log10(double value) => Math.Log10(value);

    /// <summary>The decimal logarithm.</summary>
    public static float Log10(float value) => MathF.Log10(value);

    /// <summary>The binary logarithm.</summary>
    public static double Log2(double value) => Math.Log2(value);

    /// <summary>The binary logarithm.</summary>
    public static float Log2(float value) => MathF.Log2(value);

    /// <summary>The sine.</summary>
    public static double Sin(double value) => Math.Sin(value);

    /// <summary>The sine.</summary>
    public static float Sin(float value) => MathF.Sin(value);

    /// <summary>The hyperbolic sine.</summary>
    public static double Sinh(double value) => Math.Sinh(value);

    /// <summary>The hyperbolic sine.</summary>
    public static float Sinh(float value) => MathF.Sinh(value);

    /// <summary>The square root.</summary>
    public static double Sqrt(double value) => Math.Sqrt(value);

    /// <summary>The square root.</summary>
    public static float Sqrt(float value) => MathF.Sqrt(value);

    /// <summary>The tangent.</summary>
    public static double Tan(double value) => Math.Tan(value);

    /// <summary>The tangent.</summary>
    public static float Tan(float value) => MathF.Tan(value);

    /// <summary>The hyperbolic tangent.</summary>
    public static double Tanh(double value) => Math.Tanh(value);

    /// <summary>The hyperbolic tangent.</summary>
    public static float Tanh(float value) => MathF.Tanh(value);

    /// <summary>The whole part.</summary>
    public static double Truncate(double value) => Math.Truncate(value);

    /// <summary>The whole part.</summary>
    public static float Truncate(float value) => MathF.Truncate(value);

    /// <summary>The angle of a point.</summary>
    public static double Atan2(double y, double x) => Math.Atan2(y, x);

    /// <summary>Two to a power.</summary>
    public static double Exp2(double value) => Math.Pow(2.0, value);

    /// <summary>The logarithm to a base.</summary>
    public static double Log(double value, double newBase) => Log(value) / Log(newBase);

    /// <summary>A base to a power.</summary>
    public static double Pow(double @base, double exp) => Math.Pow(@base, exp);

    /// <summary>The reciprocal.</summary>
    public static double Rcp(double value) => 1.0 / value;

    /// <summary>The reciprocal of the square root.</summary>
    public static double Rsqrt(double value) => 1.0 / Math.Sqrt(value);

    /// <summary>The remainder of a division that rounds towards zero.</summary>
    public static double Rem(double x, double y) => x % y;

    /// <summary>The remainder of a division that rounds to nearest.</summary>
    public static double IEEERemainder(double x, double y) => Math.IEEERemainder(x, y);

    /// <summary>-1, 0 or 1 by the sign.</summary>
    public static int Sign(double value) => value < 0 ? -1 : value > 0 ? 1 : 0;

    /// <summary>True if neither infinite nor NaN.</summary>
    public static bool IsFinite(double value) => double.IsFinite(value);

    /// <summary>True if infinite.</summary>
    public static bool IsInfinity(double value) => double.IsInfinity(value);

    /// <summary>True if not a number.</summary>
    public static bool IsNaN(double value) => double.IsNaN(value);

    /// <summary>The nearest whole number, halves to even.</summary>
    public static double Round(double value) => Math.Round(value);

    /// <summary>The nearest whole number.</summary>
    public static double Round(double value, MidpointRounding mode) => Math.Round(value, mode);

    /// <summary>The nearest whole number, halves to even.</summary>
    public static double RoundToEven(double value) => Math.Round(value, MidpointRounding.ToEven);

    /// <summary>The nearest whole number, halves away from zero.</summary>
    public static double RoundAwayFromZero(double value) => Math.Round(value, MidpointRounding.AwayFromZero);

    /// <summary>Degrees to radians.</summary>
    public static double DegToRad(double degrees) => degrees * (PID / 180.0);

    /// <summary>Radians to degrees.</summary>
    public static double RadToDeg(double radians) => radians * (180.0 / PID);

    /// <summary>Sine and cosine.</summary>
    public static void SinCos(double value, out double sin, out double cos) => (sin, cos) = Math.SinCos(value);

    /// <summary>The angle of a point.</summary>
    public static float Atan2(float y, float x) => MathF.Atan2(y, x);

    /// <summary>Two to a power.</summary>
    public static float Exp2(float value) => MathF.Pow(2.0f, value);

    /// <summary>The logarithm to a base.</summary>
    public static float Log(float value, float newBase) => Log(value) / Log(newBase);

    /// <summary>A base to a power.</summary>
    public static float Pow(float @base, float exp) => MathF.Pow(@base, exp);

    /// <summary>The reciprocal.</summary>
    public static float Rcp(float value) => 1.0f / value;

    /// <summary>The reciprocal of the square root.</summary>
    public static float Rsqrt(float value) => 1.0f / MathF.Sqrt(value);

    /// <summary>The remainder of a division that rounds towards zero.</summary>
    public static float Rem(float x, float y) => x % y;

    /// <summary>The remainder of a division that rounds to nearest.</summary>
    public static float IEEERemainder(float x, float y) => MathF.IEEERemainder(x, y);

    /// <summary>-1, 0 or 1 by the sign.</summary>
    public static int Sign(float value) => value < 0 ? -1 : value > 0 ? 1 : 0;

    /// <summary>True if neither infinite nor NaN.</summary>
    public static bool IsFinite(float value) => float.IsFinite(value);

    /// <summary>True if infinite.</summary>
    public static bool IsInfinity(float value) => float.IsInfinity(value);

    /// <summary>True if not a number.</summary>
    public static bool IsNaN(float value) => float.IsNaN(value);

    /// <summary>The nearest whole number, halves to even.</summary>
    public static float Round(float value) => MathF.Round(value);

    /// <summary>The nearest whole number.</summary>
    public static float Round(float value, MidpointRounding mode) => MathF.Round(value, mode);

    /// <summary>The nearest whole number, halves to even.</summary>
    public static float RoundToEven(float value) => MathF.Round(value, MidpointRounding.ToEven);

    /// <summary>The nearest whole number, halves away from zero.</summary>
    public static float RoundAwayFromZero(float value) => MathF.Round(value, MidpointRounding.AwayFromZero);

    /// <summary>Degrees to radians.</summary>
    public static float DegToRad(float degrees) => degrees * (PI / 180.0f);

    /// <summary>Radians to degrees.</summary>
    public static float RadToDeg(float radians) => radians * (180.0f / PI);

    /// <summary>Sine and cosine.</summary>
    public static void SinCos(float value, out float sin, out float cos) => (sin, cos) = MathF.SinCos(value);
}
