using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// Vectorised math of the SIMD back end: eight lanes as Vector256&lt;float&gt; or Vector512&lt;double&gt;.
/// <para>
/// What every member promises, and the tests enforce: the stated largest error in units in the last place of the exact result (half an
/// ulp would be correct rounding; subnormal results count in units of the smallest subnormal), IEEE 754 / C99 results for NaN,
/// infinities, zeros and subnormals, and a lane's result depends on that lane's argument alone (never on its neighbours, on the number
/// of threads or on what the CPU supports, since every multiply-add is fused on every path).
/// </para>
/// <para>
/// Why not System.Numerics' vector functions: measured over all floats their Exp is off by 2.3 ulp, Log by 1.9, Log2 by 3.5; Exp2, Tanh
/// and Erf do not exist there (speeds are alike). Sin and Cos are theirs. Coefficients: docs/lane-math/minimax.py.
/// </para>
/// <para>
/// Double precision works on the two 256-bit halves on every CPU: it serves parity and gradient checks, so one code path is worth more
/// than the last factor of speed on AVX-512.
/// </para>
/// </summary>
internal static partial class LaneMath
{
    // Adding 1.5 * 2^23 (2^52) to a small number rounds it to an integer that then stands in the low bits of the sum.
    private const float RoundingFloat = 12582912f;
    private const double RoundingDouble = 6755399441055744.0;

    private const float Ln2High = 0.693147182f, Ln2Low = -1.9046543e-9f;
    private const double Ln2HighD = 0.693147180559945286, Ln2LowD = 2.31904681384629962e-17;
    private const float Log2EHigh = 1.442695022f, Log2ELow = 1.925962991e-8f;
    private const double Log2EHighD = 1.44269504088896339, Log2ELowD = 2.0355273740931032e-17;
    private const float Log10EHigh = 0.434294492f, Log10ELow = -1.010305005e-8f;
    private const double Log10EHighD = 0.434294481903251817, Log10ELowD = 1.09831965021676511e-17;
    private const float Log10Of2High = 0.30103001f, Log10Of2Low = -1.43209889e-8f;
    private const double Log10Of2HighD = 0.301029995663981198, Log10Of2LowD = -2.80372812778517034e-18;

    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    [MethodImpl(Inline)]
    private static Vector256<float> Fma(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(Inline)]
    private static Vector256<double> Fma(Vector256<double> a, Vector256<double> b, Vector256<double> c) =>
        Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(Inline)]
    private static Vector256<float> Fma(Vector256<float> a, Vector256<float> b, float c) =>
        Vector256.FusedMultiplyAdd(a, b, Vector256.Create(c));

    [MethodImpl(Inline)]
    private static Vector256<double> Fma(Vector256<double> a, Vector256<double> b, double c) =>
        Vector256.FusedMultiplyAdd(a, b, Vector256.Create(c));

    /// <summary>x held to [low, high]; a NaN stays (the hardware's own minimum would drop or keep it by operand order).</summary>
    [MethodImpl(Inline)]
    private static Vector256<float> Clamp(Vector256<float> x, float low, float high)
    {
        var (l, h) = (Vector256.Create(low), Vector256.Create(high));
        x = Vector256.ConditionalSelect(Vector256.LessThan(x, l), l, x);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(x, h), h, x);
    }

    [MethodImpl(Inline)]
    private static Vector256<double> Clamp(Vector256<double> x, double low, double high)
    {
        var (l, h) = (Vector256.Create(low), Vector256.Create(high));
        x = Vector256.ConditionalSelect(Vector256.LessThan(x, l), l, x);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(x, h), h, x);
    }

    [MethodImpl(Inline)]
    private static Vector256<float> Below(Vector256<float> x, float high)
    {
        var h = Vector256.Create(high);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(x, h), h, x);
    }

    [MethodImpl(Inline)]
    private static Vector256<double> Below(Vector256<double> x, double high)
    {
        var h = Vector256.Create(high);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(x, h), h, x);
    }
}
