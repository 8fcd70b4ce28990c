using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

// tanh(a) = 1 - 2 / (exp(2a) + 1) for a = |x|, which is precise once the result passes 1/2. Below that, floats take a polynomial in
// x^2; doubles take m / (m + 2) with m = exp(2a) - 1 = 2^n (exp(r) - 1) + (2^n - 1), which keeps its precision down to zero.
internal static partial class LaneMath
{
    /// <summary>Hyperbolic tangent, each lane. Error at most 1.5 ulp.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> Tanh(Vector256<float> x)
    {
        var sign = x & Vector256.Create(-0f);
        var a = Below(x ^ sign, 10f);   // tanh(9.02) rounds to 1
        var z = a * a;
        var head = Fma(Vector256.Create(-0.00627355371f), z, 0.0210712235f);
        head = Fma(head, z, -0.053852208f);
        head = Fma(head, z, 0.133325845f);
        head = Fma(head, z, -0.333333164f);
        head = Fma(head, a * z, a);
        var p = Expm1Reduced(a + a, out var biased);
        var scale = PowerOfTwo(biased);
        var beyond = Vector256<float>.One - Vector256.Create(2f) / (Fma(p, scale, scale) + Vector256<float>.One);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(a, Vector256.Create(0.55f)), beyond, head) ^ sign;
    }

    /// <summary>Hyperbolic tangent, each lane. Error at most 2.5 ulp.</summary>
    internal static Vector512<double> Tanh(Vector512<double> x) => Vector512.Create(Tanh(x.GetLower()), Tanh(x.GetUpper()));

    internal static Vector256<double> Tanh(Vector256<double> x)
    {
        var sign = x & Vector256.Create(-0.0);
        var a = Below(x ^ sign, 20.0);   // tanh(19.07) rounds to 1
        var p = Expm1Reduced(a + a, out var biased);
        var scale = PowerOfTwo(biased);
        var m = Fma(p, scale, scale - Vector256<double>.One);
        return (m / (m + Vector256.Create(2.0))) ^ sign;
    }
}
