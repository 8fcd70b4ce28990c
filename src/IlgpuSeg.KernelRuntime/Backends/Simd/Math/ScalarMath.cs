using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// <see cref="LaneMath"/> for one number, with the same bits as a lane of it: a value that is the same in all lanes may be
/// computed once without changing any result. Functions that a Vector lacks altogether are System.MathF's and System.Math's.
/// </summary>
internal static class ScalarMath
{
    /// <inheritdoc cref="LaneMath.Exp(Vector256{float})"/>
    internal static float Exp(float x) => LaneMath.Exp(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Exp2(Vector256{float})"/>
    internal static float Exp2(float x) => LaneMath.Exp2(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Log(Vector256{float})"/>
    internal static float Log(float x) => LaneMath.Log(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Log2(Vector256{float})"/>
    internal static float Log2(float x) => LaneMath.Log2(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Log10(Vector256{float})"/>
    internal static float Log10(float x) => LaneMath.Log10(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Tanh(Vector256{float})"/>
    internal static float Tanh(float x) => LaneMath.Tanh(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Erf(Vector256{float})"/>
    internal static float Erf(float x) => LaneMath.Erf(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Sin(Vector256{float})"/>
    internal static float Sin(float x) => LaneMath.Sin(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Cos(Vector256{float})"/>
    internal static float Cos(float x) => LaneMath.Cos(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Pow(Vector256{float}, Vector256{float})"/>
    internal static float Pow(float x, float y) => LaneMath.Pow(Vector256.CreateScalar(x), Vector256.CreateScalar(y)).ToScalar();

    /// <inheritdoc cref="LaneMath.Exp(Vector512{double})"/>
    internal static double Exp(double x) => LaneMath.Exp(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Exp2(Vector512{double})"/>
    internal static double Exp2(double x) => LaneMath.Exp2(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Log(Vector512{double})"/>
    internal static double Log(double x) => LaneMath.Log(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Log2(Vector512{double})"/>
    internal static double Log2(double x) => LaneMath.Log2(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Log10(Vector512{double})"/>
    internal static double Log10(double x) => LaneMath.Log10(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Tanh(Vector512{double})"/>
    internal static double Tanh(double x) => LaneMath.Tanh(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Erf(Vector512{double})"/>
    internal static double Erf(double x) => LaneMath.Erf(Vector256.CreateScalar(x)).ToScalar();

    /// <inheritdoc cref="LaneMath.Sin(Vector512{double})"/>
    internal static double Sin(double x) => Math.Sin(x);

    /// <inheritdoc cref="LaneMath.Cos(Vector512{double})"/>
    internal static double Cos(double x) => Math.Cos(x);

    /// <inheritdoc cref="LaneMath.Pow(Vector512{double}, Vector512{double})"/>
    internal static double Pow(double x, double y) => Math.Pow(x, y);
}
