using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

// erf(x) = x + x p(x^2) near zero, and +-(1 - exp(-t(|x|))) beyond, where the polynomial t fits -log(erfc).
internal static partial class LaneMath
{
    /// <summary>Error function, each lane. Error at most 1.12 ulp.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> Erf(Vector256<float> x)
    {
        var sign = x & Vector256.Create(-0f);
        var a = Below(x ^ sign, 3.95f);   // erfc(3.92) is below half an ulp of 1
        var z = a * a;
        var head = Fma(Vector256.Create(8.38238848e-5f), z, -0.000814559695f);
        var tail = Fma(Vector256.Create(2.10949675e-5f), a, -0.00043446169f);
        head = Fma(head, z, 0.00520128617f);
        tail = Fma(tail, a, 0.004171059f);
        head = Fma(head, z, -0.0268594995f);
        tail = Fma(tail, a, -0.0251194164f);
        head = Fma(head, z, 0.112836972f);
        tail = Fma(tail, a, 0.108280078f);
        head = Fma(head, z, -0.376126349f);
        tail = Fma(tail, a, 0.633346915f);
        head = Fma(head, z, 0.128379166f);
        tail = Fma(tail, a, 1.12951493f);
        head = Fma(a, head, a);
        tail = Fma(tail, a, -0.000174683213f);
        var p = Expm1Reduced(-tail, out var biased);
        var scale = PowerOfTwo(biased);   // 2^-25 at the least: no subnormals here
        tail = Vector256<float>.One - Fma(p, scale, scale);
        return Vector256.ConditionalSelect(Vector256.GreaterThan(a, Vector256.Create(0.92f)), tail, head) ^ sign;
    }

    /// <summary>Error function, each lane. Error at most 1.5 ulp.</summary>
    internal static Vector512<double> Erf(Vector512<double> x) => Vector512.Create(Erf(x.GetLower()), Erf(x.GetUpper()));

    internal static Vector256<double> Erf(Vector256<double> x)
    {
        var sign = x & Vector256.Create(-0.0);
        var a = Below(x ^ sign, 5.95);   // erfc(5.93) is below half an ulp of 1
        var near = Vector256.LessThanOrEqual(a, Vector256<double>.One);
        return Vector256.ConditionalSelect(near, ErfHead(a), ErfTail(a)) ^ sign;
    }

    [MethodImpl(Inline)]
    private static Vector256<double> ErfHead(Vector256<double> a)
    {
        var z = a * a;
        var p = Fma(Vector256.Create(5.9452611246199311e-11), z, -1.1365665641187057e-9);
        p = Fma(p, z, 1.4657879774672424e-8);
        p = Fma(p, z, -1.6350025215375971e-7);
        p = Fma(p, z, 1.6460972816646909e-6);
        p = Fma(p, z, -1.4925593506888752e-5);
        p = Fma(p, z, 0.00012055331036900577);
        p = Fma(p, z, -0.0008548326978742261);
        p = Fma(p, z, 0.005223977624780868);
        p = Fma(p, z, -0.026866170645072896);
        p = Fma(p, z, 0.11283791670954857);
        p = Fma(p, z, -0.37612638903183748);
        p = Fma(p, z, 0.12837916709551259);
        // Beyond its interval (a up to 5.95) the polynomial stays finite and is not selected.
        return Fma(a, p, a);
    }

    [MethodImpl(Inline)]
    private static Vector256<double> ErfTail(Vector256<double> a)
    {
        var u = a - Vector256.Create(2.0);
        var t = Fma(Vector256.Create(-2.252810218282725e-14), u, 3.4609433937735064e-13);
        t = Fma(t, u, -2.4190074823745142e-12);
        t = Fma(t, u, 1.0424144109975385e-11);
        t = Fma(t, u, -2.9944593160946416e-11);
        t = Fma(t, u, 3.591884114207483e-11);
        t = Fma(t, u, 2.5650615122362997e-10);
        t = Fma(t, u, -2.5195492193441284e-9);
        t = Fma(t, u, 1.3976993739072443e-8);
        t = Fma(t, u, -5.7821231432685522e-8);
        t = Fma(t, u, 1.7317919890221815e-7);
        t = Fma(t, u, -2.036280995681434e-7);
        t = Fma(t, u, -1.9521784583094081e-6);
        t = Fma(t, u, 2.0706428960900818e-5);
        t = Fma(t, u, -0.00013530933960371168);
        t = Fma(t, u, 0.00073239938581913684);
        t = Fma(t, u, -0.0035707563454850516);
        t = Fma(t, u, 0.016465118136929181);
        t = Fma(t, u, 0.92375084182377742);
        t = Fma(t, u, 4.4181608059944146);
        t = Fma(t, u, 5.3649412646166379);
        var p = Expm1Reduced(-t, out var biased);
        var scale = PowerOfTwo(biased);
        return Vector256<double>.One - Fma(p, scale, scale);
    }
}
