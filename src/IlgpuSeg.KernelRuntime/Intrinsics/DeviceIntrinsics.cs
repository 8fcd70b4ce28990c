using ILGPU.Algorithms;
using ILGPU.IR.Intrinsics;

namespace IlgpuSeg.KernelRuntime;

/// <summary>What kernels need beyond ILGPU's own functions. The bodies here are portable; devices may know better ones.</summary>
public static class DeviceIntrinsics
{
    /// <summary>The product of two numbers plus a third, rounded once.</summary>
    [IntrinsicImplementation]
    public static float Fma(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>The product of two numbers plus a third, rounded once.</summary>
    [IntrinsicImplementation]
    public static double Fma(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);

    /// <summary>The error function, within 2 units in the last place where <see cref="XMath.Exp(float)"/> is within one.</summary>
    /// <remarks>Two polynomials of our own: erf(x) / x - 1 in x * x near zero, and the logarithm of 1 - erf(x) beyond.</remarks>
    public static float Erf(float x)
    {
        float y = x < 0.0f ? -x : x;
        if (y <= 0.921875f)
            return Fma(x, NearZero(y * y), x);
        // Beyond, erf rounds to one. NaN fails both comparisons and comes out of the last line.
        if (y > 3.925f)
            return x < 0.0f ? -1.0f : 1.0f;
        float erf = 1.0f - XMath.Exp(LogComplement(y));
        return x < 0.0f ? -erf : erf;
    }

    /// <summary>The error function within 2 units in the last place.</summary>
    /// <remarks>By the rational approximations of W. J. Cody, Mathematics of Computation 23 (1969).</remarks>
    public static double Erf(double x)
    {
        double y = x < 0.0 ? -x : x;
        if (y <= 0.46875)
            return Fma(x, NearZero(y * y), x);
        // NaN fails every comparison and comes out of the last line.
        if (y > 6.0)
            return x < 0.0 ? -1.0 : 1.0;
        double complement = Exp(y) * (y <= 4.0 ? UpToFour(y) : BeyondFour(y));
        double erf = 0.5 - complement + 0.5;
        return x < 0.0 ? -erf : erf;
    }

    private static float NearZero(float z)
    {
        float p = Fma(8.3700892e-5f, z, -8.1427017e-4f);
        p = Fma(p, z, 5.2010319e-3f);
        p = Fma(p, z, -2.6859399e-2f);
        p = Fma(p, z, 1.12836957e-1f);
        p = Fma(p, z, -3.76126349e-1f);
        return Fma(p, z, 1.28379166e-1f);
    }

    private static float LogComplement(float y)
    {
        float p = Fma(-2.11845218e-5f, y, 4.35480906e-4f);
        p = Fma(p, y, -4.1759154e-3f);
        p = Fma(p, y, 2.51319837e-2f);
        p = Fma(p, y, -1.08299159e-1f);
        p = Fma(p, y, -6.33329928e-1f);
        p = Fma(p, y, -1.12952316f);
        return Fma(p, y, 1.76365924e-4f);
    }

    /// <summary>exp(-y * y) without the error of squaring y: y is split into a part whose square is exact and a rest.</summary>
    private static double Exp(double y)
    {
        double head = XMath.Floor(y * 16.0) * 0.0625;
        double rest = (y - head) * (y + head);
        return XMath.Exp(-head * head) * XMath.Exp(-rest);
    }

    /// <summary>erf(x) / x - 1: the numerator is that of the paper less its denominator, so that no digit of x is lost.</summary>
    private static double NearZero(double z)
    {
        double numerator = Fma(-0.814222293815396847, z, -20.44016720847355530);
        numerator = Fma(numerator, z, -130.160483783394017);
        numerator = Fma(numerator, z, -905.131288392070259);
        numerator = Fma(numerator, z, 365.14075569929885);
        double denominator = z + 2.36012909523441209e1;
        denominator = Fma(denominator, z, 2.44024637934444173e2);
        denominator = Fma(denominator, z, 1.28261652607737228e3);
        denominator = Fma(denominator, z, 2.84423683343917062e3);
        return numerator / denominator;
    }

    private static double UpToFour(double y)
    {
        double numerator = Fma(2.15311535474403846e-8, y, 5.64188496988670089e-1);
        numerator = Fma(numerator, y, 8.88314979438837594);
        numerator = Fma(numerator, y, 6.61191906371416295e1);
        numerator = Fma(numerator, y, 2.98635138197400131e2);
        numerator = Fma(numerator, y, 8.81952221241769090e2);
        numerator = Fma(numerator, y, 1.71204761263407058e3);
        numerator = Fma(numerator, y, 2.05107837782607147e3);
        numerator = Fma(numerator, y, 1.23033935479799725e3);
        double denominator = y + 1.57449261107098347e1;
        denominator = Fma(denominator, y, 1.17693950891312499e2);
        denominator = Fma(denominator, y, 5.37181101862009858e2);
        denominator = Fma(denominator, y, 1.62138957456669019e3);
        denominator = Fma(denominator, y, 3.29079923573345963e3);
        denominator = Fma(denominator, y, 4.36261909014324716e3);
        denominator = Fma(denominator, y, 3.43936767414372164e3);
        denominator = Fma(denominator, y, 1.23033935480374942e3);
        return numerator / denominator;
    }

    private static double BeyondFour(double y)
    {
        const double OneOverSqrtPi = 5.6418958354775628695e-1;
        double z = 1.0 / (y * y);
        double numerator = Fma(1.63153871373020978e-2, z, 3.05326634961232344e-1);
        numerator = Fma(numerator, z, 3.60344899949804439e-1);
        numerator = Fma(numerator, z, 1.25781726111229246e-1);
        numerator = Fma(numerator, z, 1.60837851487422766e-2);
        numerator = Fma(numerator, z, 6.58749161529837803e-4);
        double denominator = z + 2.56852019228982242;
        denominator = Fma(denominator, z, 1.87295284992346725);
        denominator = Fma(denominator, z, 5.27905102951428412e-1);
        denominator = Fma(denominator, z, 6.05183413124413191e-2);
        denominator = Fma(denominator, z, 2.33520497626869185e-3);
        return (OneOverSqrtPi - (z * numerator / denominator)) / y;
    }
}
