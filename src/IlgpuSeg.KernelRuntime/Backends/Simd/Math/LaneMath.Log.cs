using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); log(1 + f) = f + tail. The exponent's share is added as high + low part.
internal static partial class LaneMath
{
    private const int SqrtHalfBits = 0x3f3504f3;
    private const long SqrtHalfBitsD = 0x3fe6a09e667f3bcd;
    private const long LargePowerBits = 0x4330000000000000;   // 2^52: its low bits hold an integer

    /// <summary>Natural logarithm, each lane. Error at most 1 ulp. log(0) = -infinity, log(x &lt; 0) = NaN.</summary>
    internal static Vector256<float> Log(Vector256<float> x)
    {
        var tail = LogTail(Normalise(x, out var scale), scale, out var e, out var f);
        var small = Fma(e, Vector256.Create(Ln2Low), tail);
        return LogSpecials(x, Fma(e, Vector256.Create(Ln2High), f + small));
    }

    /// <summary>Base-2 logarithm, each lane; exact for powers of two. Error at most 1.1 ulp.</summary>
    internal static Vector256<float> Log2(Vector256<float> x)
    {
        var tail = LogTail(Normalise(x, out var scale), scale, out var e, out var f);
        var small = Fma(f, Vector256.Create(Log2ELow), tail * Vector256.Create(Log2EHigh));
        return LogSpecials(x, e + Fma(f, Vector256.Create(Log2EHigh), small));
    }

    /// <summary>Base-10 logarithm, each lane. Error at most 1.1 ulp.</summary>
    internal static Vector256<float> Log10(Vector256<float> x)
    {
        var tail = LogTail(Normalise(x, out var scale), scale, out var e, out var f);
        var small = Fma(f, Vector256.Create(Log10ELow), tail * Vector256.Create(Log10EHigh));
        small = Fma(e, Vector256.Create(Log10Of2Low), small);
        return LogSpecials(x, Fma(e, Vector256.Create(Log10Of2High), Fma(f, Vector256.Create(Log10EHigh), small)));
    }

    /// <summary>Natural logarithm, each lane. Error at most 1 ulp. log(0) = -infinity, log(x &lt; 0) = NaN.</summary>
    internal static Vector512<double> Log(Vector512<double> x) => Vector512.Create(Log(x.GetLower()), Log(x.GetUpper()));

    /// <summary>Base-2 logarithm, each lane; exact for powers of two. Error at most 1 ulp.</summary>
    internal static Vector512<double> Log2(Vector512<double> x) => Vector512.Create(Log2(x.GetLower()), Log2(x.GetUpper()));

    /// <summary>Base-10 logarithm, each lane. Error at most 1 ulp.</summary>
    internal static Vector512<double> Log10(Vector512<double> x) => Vector512.Create(Log10(x.GetLower()), Log10(x.GetUpper()));

    internal static Vector256<double> Log(Vector256<double> x)
    {
        var tail = LogTail(x, out var e, out var f);
        var small = Fma(e, Vector256.Create(Ln2LowD), tail);
        return LogSpecials(x, Fma(e, Vector256.Create(Ln2HighD), f + small));
    }

    internal static Vector256<double> Log2(Vector256<double> x) =>
        LogSpecials(x, LogInBase(x, Log2EHighD, Log2ELowD, 1.0, 0.0));

    internal static Vector256<double> Log10(Vector256<double> x) =>
        LogSpecials(x, LogInBase(x, Log10EHighD, Log10ELowD, Log10Of2HighD, Log10Of2LowD));

    /// <summary>(f + tail) times a two-part factor plus e times another: sums that round only in their low parts, then once.</summary>
    [MethodImpl(Inline)]
    private static Vector256<double> LogInBase(Vector256<double> x, double factor, double factorLow, double perPower, double perPowerLow)
    {
        var tail = LogTail(x, out var e, out var f);
        var k = Vector256.Create(factor);
        var product = f * k;
        var small = Fma(f, k, -product) + Fma(f, Vector256.Create(factorLow), tail * k);
        var power = e * Vector256.Create(perPower);
        small += Fma(e, Vector256.Create(perPower), -power) + e * Vector256.Create(perPowerLow);
        // |power| >= |product| unless e = 0, where power is zero: the sum's rounding error is exact (fast two-sum).
        var sum = power + product;
        var swapped = Vector256.Equals(e, Vector256<double>.Zero);
        var error = Vector256.ConditionalSelect(swapped, Vector256<double>.Zero, product - (sum - power));
        return sum + (small + error);
    }

    /// <summary>x with subnormals scaled up by 2^23; <paramref name="scale"/> is the exponent to add (0 or -23).</summary>
    [MethodImpl(Inline)]
    private static Vector256<float> Normalise(Vector256<float> x, out Vector256<float> scale)
    {
        var subnormal = Vector256.LessThan(x, Vector256.Create(1.17549435e-38f));
        scale = subnormal & Vector256.Create(-23f);
        return Vector256.ConditionalSelect(subnormal, x * Vector256.Create(8388608f), x);
    }

    [MethodImpl(Inline)]
    private static Vector256<float> LogTail(Vector256<float> x, Vector256<float> scale, out Vector256<float> e, out Vector256<float> f)
    {
        var bits = x.AsInt32() - Vector256.Create(SqrtHalfBits);
        e = Vector256.ConvertToSingle(bits >> 23) + scale;
        f = ((bits & Vector256.Create(0x007fffff)) + Vector256.Create(SqrtHalfBits)).AsSingle() - Vector256<float>.One;
        var q = Fma(Vector256.Create(-0.0763450116f), f, 0.127615765f);
        q = Fma(q, f, -0.131601796f);
        q = Fma(q, f, 0.142017573f);
        q = Fma(q, f, -0.166233569f);
        q = Fma(q, f, 0.200012267f);
        q = Fma(q, f, -0.250008196f);
        q = Fma(q, f, 0.333333313f);
        return f * f * Fma(q, f, -0.5f);
    }

    /// <summary>
    /// log(1 + f) - f through s = f / (2 + f): log(1 + f) = 2 s + s z q(z), z = s^2, where 2 s = f - f^2/2 + s f^2/2 exactly, so that
    /// the large term f is kept out of the rounding.
    /// </summary>
    [MethodImpl(Inline)]
    private static Vector256<double> LogTail(Vector256<double> x, out Vector256<double> e, out Vector256<double> f)
    {
        var subnormal = Vector256.LessThan(x, Vector256.Create(2.2250738585072014e-308));
        x = Vector256.ConditionalSelect(subnormal, x * Vector256.Create(4503599627370496.0), x);
        // A logical shift of a positive number (AVX2 lacks the arithmetic one): the exponent comes out with 1024 added.
        var bits = x.AsInt64() - Vector256.Create(SqrtHalfBitsD - (1024L << 52));
        var exponent = Vector256.ShiftRightLogical(bits, 52) | Vector256.Create(LargePowerBits);
        e = exponent.AsDouble() - Vector256.Create(4503599627370496.0 + 1024.0) + (subnormal & Vector256.Create(-52.0));
        f = ((bits & Vector256.Create(0x000fffffffffffff)) + Vector256.Create(SqrtHalfBitsD)).AsDouble() - Vector256<double>.One;
        var s = f / (f + Vector256.Create(2.0));
        var z = s * s;
        var q = Fma(Vector256.Create(0.14810366324040511), z, 0.15313181315043539);
        q = Fma(q, z, 0.18183570800453766);
        q = Fma(q, z, 0.22222199107105431);
        q = Fma(q, z, 0.28571428729101239);
        q = Fma(q, z, 0.39999999999520824);
        q = Fma(q, z, 0.66666666666667096);
        var halfSquare = Vector256.Create(0.5) * f * f;
        return Fma(s, Fma(q, z, halfSquare), -halfSquare);
    }

    /// <summary>0 to -infinity, negative to NaN, infinity and NaN to themselves.</summary>
    [MethodImpl(Inline)]
    private static Vector256<float> LogSpecials(Vector256<float> x, Vector256<float> result)
    {
        result = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(float.PositiveInfinity)), result, x);
        var zero = Vector256.Equals(x, Vector256<float>.Zero);
        result = Vector256.ConditionalSelect(zero, Vector256.Create(float.NegativeInfinity), result);
        return Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256<float>.Zero), Vector256.Create(float.NaN), result);
    }

    [MethodImpl(Inline)]
    private static Vector256<double> LogSpecials(Vector256<double> x, Vector256<double> result)
    {
        result = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(double.PositiveInfinity)), result, x);
        var zero = Vector256.Equals(x, Vector256<double>.Zero);
        result = Vector256.ConditionalSelect(zero, Vector256.Create(double.NegativeInfinity), result);
        return Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256<double>.Zero), Vector256.Create(double.NaN), result);
    }
}
