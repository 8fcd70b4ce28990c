using System.Numerics;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Backends.Simd;

namespace IlgpuSeg.KernelRuntime.Backends.Ptx;

/// <summary>
/// The rarer functions for devices, which have no instructions for them, as C# that the front end inlines: remainder, trigonometry,
/// hyperbolic functions and powers. Exponentials, logarithms, tanh and erf are LaneMath's. Single precision goes through double, which is
/// slow on a GPU and within 0.51 ulp. Special cases are those of C99, as in .NET; the tests hold the stated errors.
/// </summary>
internal static partial class ScalarMath
{
    private const long SignBit = long.MinValue;
    private const long InfinityBits = 0x7ff0000000000000;
    private const long ImplicitOne = 1L << 52;

    /// <summary>The remainder of x / y with x's sign, as C#'s %; exact.</summary>
    public static double Rem(double x, double y)
    {
        var xBits = BitConverter.DoubleToInt64Bits(x);
        var yBits = BitConverter.DoubleToInt64Bits(y) & ~SignBit;
        var sign = xBits & SignBit;
        xBits &= ~SignBit;
        if (yBits == 0 || xBits >= InfinityBits || yBits > InfinityBits)
        {
            return double.NaN;
        }

        if (xBits < yBits)
        {
            return x;
        }

        var rest = Mantissa(xBits, out var exponent);
        var divisor = Mantissa(yBits, out var last);
        // Long division, a bit a round.
        for (; exponent > last; exponent--)
        {
            rest = rest >= divisor ? rest - divisor : rest;
            rest <<= 1;
        }

        rest = rest >= divisor ? rest - divisor : rest;
        if (rest == 0)
        {
            return BitConverter.Int64BitsToDouble(sign);
        }

        var shift = BitOperations.LeadingZeroCount((ulong)rest) - 11;
        rest <<= shift;
        exponent -= shift;
        var bits = exponent > 0 ? rest - ImplicitOne | (long)exponent << 52 : rest >> (1 - exponent);
        return BitConverter.Int64BitsToDouble(bits | sign);
    }

    /// <summary>The remainder of x / y with x's sign, as C#'s %; exact.</summary>
    public static float Rem(float x, float y) => (float)Rem((double)x, y);

    /// <summary>Hyperbolic sine. Error at most 2 ulp.</summary>
    public static double Sinh(double x)
    {
        var a = Math.Abs(x);
        if (a < 1)
        {
            var z = x * x;
            var p = Math.FusedMultiplyAdd(z, 1 / 121645100408832000.0, 1 / 355687428096000.0);
            p = Math.FusedMultiplyAdd(p, z, 1 / 1307674368000.0);
            p = Math.FusedMultiplyAdd(p, z, 1 / 6227020800.0);
            p = Math.FusedMultiplyAdd(p, z, 1 / 39916800.0);
            p = Math.FusedMultiplyAdd(p, z, 1 / 362880.0);
            p = Math.FusedMultiplyAdd(p, z, 1 / 5040.0);
            p = Math.FusedMultiplyAdd(p, z, 1 / 120.0);
            p = Math.FusedMultiplyAdd(p, z, 1 / 6.0);
            return Math.FusedMultiplyAdd(x * z, p, x);
        }

        var half = Exp(a > 700 ? a * 0.5 : a) * 0.5;
        // Beyond 700 the square of exp(a / 2) reaches results whose exponential would overflow.
        var result = a > 700 ? half * 2 * half : half - (0.25 / half);
        return x < 0 ? -result : result;
    }

    /// <summary>Hyperbolic sine. Error at most 0.51 ulp.</summary>
    public static float Sinh(float x) => (float)Sinh((double)x);

    /// <summary>Hyperbolic cosine. Error at most 2 ulp.</summary>
    public static double Cosh(double x)
    {
        var a = Math.Abs(x);
        var half = Exp(a > 700 ? a * 0.5 : a) * 0.5;
        return a > 700 ? half * 2 * half : half + (0.25 / half);
    }

    /// <summary>Hyperbolic cosine. Error at most 0.51 ulp.</summary>
    public static float Cosh(float x) => (float)Cosh((double)x);

    private static double Exp(double x) => LaneMath.Exp(Vector256.Create(x)).ToScalar();

    private static double Exp2(double x) => LaneMath.Exp2(Vector256.Create(x)).ToScalar();

    private static long Mantissa(long bits, out int exponent)
    {
        exponent = (int)(bits >> 52);
        if (exponent > 0)
        {
            return (bits & (ImplicitOne - 1)) | ImplicitOne;
        }

        var shift = BitOperations.LeadingZeroCount((ulong)bits) - 11;
        exponent = 1 - shift;
        return bits << shift;
    }
}
