using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

// exp(x) = 2^n exp(r) with n = round(x / ln 2) and r = x - n ln 2 in [-ln 2 / 2, ln 2 / 2]; exp(r) - 1 = r + r^2 q(r) by a polynomial q.
// ln 2 is subtracted as high + low part: the first fused step is exact, the second rounds once.
internal static partial class LaneMath
{
    /// <summary>e to the power x, each lane. Error at most 1.02 ulp. Overflows to infinity above 88.7228, reaches 0 below
    /// -103.98.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> Exp(Vector256<float> x)
    {
        // The bounds lie just outside the range of results, so that clamping changes none and 2^n needs only two factors.
        x = Clamp(x, -104.5f, 89f);
        var p = Expm1Reduced(x, out var biased);
        return ScaleInTwoSteps(Vector256<float>.One + p, biased);
    }

    /// <summary>2 to the power x, each lane. Error at most 1 ulp.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> Exp2(Vector256<float> x)
    {
        x = Clamp(x, -151f, 129f);
        var biased = x + Vector256.Create(RoundingFloat);
        var r = x - (biased - Vector256.Create(RoundingFloat));
        var q = Fma(Vector256.Create(0.000154697322f), r, 0.00134100008f);
        q = Fma(q, r, 0.00961803086f);
        q = Fma(q, r, 0.0555029735f);
        q = Fma(q, r, 0.240226507f);
        q = Fma(q, r, 0.693147242f);
        return ScaleInTwoSteps(Fma(q, r, Vector256<float>.One), biased);
    }

    /// <summary>e to the power x, each lane. Error at most 1 ulp. Overflows to infinity above 709.78, reaches 0 below -745.13.</summary>
    internal static Vector512<double> Exp(Vector512<double> x) => Vector512.Create(Exp(x.GetLower()), Exp(x.GetUpper()));

    /// <summary>2 to the power x, each lane. Error at most 1 ulp.</summary>
    internal static Vector512<double> Exp2(Vector512<double> x) => Vector512.Create(Exp2(x.GetLower()), Exp2(x.GetUpper()));

    [MethodImpl(Inline)]
    internal static Vector256<double> Exp(Vector256<double> x)
    {
        x = Clamp(x, -746.0, 710.0);
        var p = Expm1Reduced(x, out var biased);
        return ScaleInTwoSteps(Vector256<double>.One + p, biased);
    }

    [MethodImpl(Inline)]
    internal static Vector256<double> Exp2(Vector256<double> x)
    {
        x = Clamp(x, -1076.0, 1025.0);
        var biased = x + Vector256.Create(RoundingDouble);
        var r = x - (biased - Vector256.Create(RoundingDouble));
        var q = Fma(Vector256.Create(4.4347696081821367e-10), r, 7.0737833429904332e-9);
        q = Fma(q, r, 1.0178199584933599e-7);
        q = Fma(q, r, 1.3215435281778349e-6);
        q = Fma(q, r, 1.5252733493090477e-5);
        q = Fma(q, r, 0.00015403530457113102);
        q = Fma(q, r, 0.0013333558146774666);
        q = Fma(q, r, 0.0096181291075941189);
        q = Fma(q, r, 0.055504108664820084);
        q = Fma(q, r, 0.2402265069591013);
        q = Fma(q, r, 0.69314718055994529);
        return ScaleInTwoSteps(Fma(q, r, Vector256<double>.One), biased);
    }

    /// <summary>exp(r) - 1 for the reduced argument r; <paramref name="biased"/> is n + <see cref="RoundingFloat"/>.</summary>
    [MethodImpl(Inline)]
    private static Vector256<float> Expm1Reduced(Vector256<float> x, out Vector256<float> biased)
    {
        biased = Fma(x, Vector256.Create(Log2EHigh), RoundingFloat);
        var n = biased - Vector256.Create(RoundingFloat);
        var r = Fma(n, Vector256.Create(-Ln2High), x);
        r = Fma(n, Vector256.Create(-Ln2Low), r);
        var q = Fma(Vector256.Create(0.00138146139f), r, 0.00836871006f);
        q = Fma(q, r, 0.041668389f);
        q = Fma(q, r, 0.166665211f);
        q = Fma(q, r, 0.49999994f);
        return Fma(r * r, q, r);
    }

    [MethodImpl(Inline)]
    private static Vector256<double> Expm1Reduced(Vector256<double> x, out Vector256<double> biased)
    {
        biased = Fma(x, Vector256.Create(Log2EHighD), RoundingDouble);
        var n = biased - Vector256.Create(RoundingDouble);
        var r = Fma(n, Vector256.Create(-Ln2HighD), x);
        r = Fma(n, Vector256.Create(-Ln2LowD), r);
        var q = Fma(Vector256.Create(2.511003840733968e-8), r, 2.7632640819274376e-7);
        q = Fma(q, r, 2.7557242367156263e-6);
        q = Fma(q, r, 2.4801487365644137e-5);
        q = Fma(q, r, 0.00019841269886564062);
        q = Fma(q, r, 0.0013888888947785861);
        q = Fma(q, r, 0.0083333333333222154);
        q = Fma(q, r, 0.041666666666522106);
        q = Fma(q, r, 0.16666666666666674);
        q = Fma(q, r, 0.500000000000001);
        return Fma(r * r, q, r);
    }

    /// <summary>2^n for a biased n whose power is a normal number.</summary>
    [MethodImpl(Inline)]
    private static Vector256<float> PowerOfTwo(Vector256<float> biased) =>
        ((biased.AsInt32() << 23) + Vector256.Create(0x3f800000)).AsSingle();

    [MethodImpl(Inline)]
    private static Vector256<double> PowerOfTwo(Vector256<double> biased) =>
        ((biased.AsInt64() << 52) + Vector256.Create(0x3ff0000000000000)).AsDouble();

    /// <summary>value * 2^n, as two products of which only the last can round, overflow or become subnormal.</summary>
    [MethodImpl(Inline)]
    private static Vector256<float> ScaleInTwoSteps(Vector256<float> value, Vector256<float> biased)
    {
        var n = biased.AsInt32() - Vector256.Create(0x4b400000);
        var half = n >> 1;
        var first = ((half << 23) + Vector256.Create(0x3f800000)).AsSingle();
        var second = (((n - half) << 23) + Vector256.Create(0x3f800000)).AsSingle();
        return value * first * second;
    }

    [MethodImpl(Inline)]
    private static Vector256<double> ScaleInTwoSteps(Vector256<double> value, Vector256<double> biased)
    {
        // AVX2 has no arithmetic shift of 64-bit integers: n is halved as a floating-point number.
        var rounding = Vector256.Create(RoundingDouble);
        var n = biased - rounding;
        var half = Fma(n, Vector256.Create(0.5), rounding);
        var rest = n - (half - rounding) + rounding;
        return value * PowerOfTwo(half) * PowerOfTwo(rest);
    }
}
