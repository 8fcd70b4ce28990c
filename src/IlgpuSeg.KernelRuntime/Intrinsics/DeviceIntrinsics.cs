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

    /// <summary>The error function.</summary>
    public static float Erf(float x) => (float)Erf((double)x);

    /// <summary>The error function, by the rational approximations of W. J. Cody, Mathematics of Computation 23 (1969).</summary>
    public static double Erf(double x)
    {
        double y = x < 0.0 ? -x : x;
        if (y <= 0.46875)
            return x * NearZero(y * y);
        // NaN fails every comparison and comes out of the last line.
        if (y > 6.0)
            return x < 0.0 ? -1.0 : 1.0;
        double complement = Exp(y) * (y <= 4.0 ? UpToFour(y) : BeyondFour(y));
        double erf = 0.5 - complement + 0.5;
        return x < 0.0 ? -erf : erf;
    }

    /// <summary>exp(-y * y) without the error of squaring y: y is split into a part whose square is exact and a rest.</summary>
    private static double Exp(double y)
    {
        double head = XMath.Floor(y * 16.0) * 0.0625;
        double rest = (y - head) * (y + head);
        return XMath.Exp(-head * head) * XMath.Exp(-rest);
    }

    private static double NearZero(double z)
    {
        double numerator = (((1.85777706184603153e-1 * z + 3.16112374387056560) * z + 1.13864154151050156e2) * z
            + 3.77485237685302021e2) * z + 3.20937758913846947e3;
        double denominator = (((z + 2.36012909523441209e1) * z + 2.44024637934444173e2) * z
            + 1.28261652607737228e3) * z + 2.84423683343917062e3;
        return numerator / denominator;
    }

    private static double UpToFour(double y)
    {
        double numerator = (((((((2.15311535474403846e-8 * y + 5.64188496988670089e-1) * y + 8.88314979438837594) * y
            + 6.61191906371416295e1) * y + 2.98635138197400131e2) * y + 8.81952221241769090e2) * y
            + 1.71204761263407058e3) * y + 2.05107837782607147e3) * y + 1.23033935479799725e3;
        double denominator = (((((((y + 1.57449261107098347e1) * y + 1.17693950891312499e2) * y
            + 5.37181101862009858e2) * y + 1.62138957456669019e3) * y + 3.29079923573345963e3) * y
            + 4.36261909014324716e3) * y + 3.43936767414372164e3) * y + 1.23033935480374942e3;
        return numerator / denominator;
    }

    private static double BeyondFour(double y)
    {
        const double OneOverSqrtPi = 5.6418958354775628695e-1;
        double z = 1.0 / (y * y);
        double numerator = ((((1.63153871373020978e-2 * z + 3.05326634961232344e-1) * z + 3.60344899949804439e-1) * z
            + 1.25781726111229246e-1) * z + 1.60837851487422766e-2) * z + 6.58749161529837803e-4;
        double denominator = ((((z + 2.56852019228982242) * z + 1.87295284992346725) * z
            + 5.27905102951428412e-1) * z + 6.05183413124413191e-2) * z + 2.33520497626869185e-3;
        return (OneOverSqrtPi - (z * numerator / denominator)) / y;
    }
}
