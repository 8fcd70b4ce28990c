// What a kernel needs of a floating-point type beyond INumber<T>'s operators.
//
// Kernels are generic over the precision: T is float or double, R says how T converts and computes. Static abstract
// members of a struct type argument are resolved at compile time by every kernel compiler (ILGPU's and ours), whereas
// INumber<T>'s own conversions (T.CreateChecked and the like) are not.
using System.Numerics;
using ILGPU;
using ILGPU.Algorithms;
using IlgpuSeg.KernelRuntime;

namespace IlgpuSeg.Kernels;

/// <summary>Conversions and elementary functions of a floating-point type, callable inside kernels.</summary>
/// <typeparam name="T">The floating-point type, <see cref="float"/> or <see cref="double"/>.</typeparam>
public interface IReal<T>
    where T : unmanaged, INumber<T>
{
    /// <summary>Converts an integer.</summary>
    static abstract T FromInt(int value);

    /// <summary>Converts a constant; in a kernel the argument should be a literal.</summary>
    static abstract T FromDouble(double value);

    /// <summary>Widens to double, for accumulators that need more than T.</summary>
    static abstract double ToDouble(T value);

    /// <summary>Truncates towards zero.</summary>
    static abstract int ToInt(T value);

    /// <summary>a * b + c with one rounding.</summary>
    static abstract T Fma(T a, T b, T c);

    /// <summary>e to the power of x.</summary>
    static abstract T Exp(T x);

    /// <summary>The natural logarithm.</summary>
    static abstract T Log(T x);

    /// <summary>x to the power of y.</summary>
    static abstract T Pow(T x, T y);

    /// <summary>The square root.</summary>
    static abstract T Sqrt(T x);

    /// <summary>1 / sqrt(x).</summary>
    static abstract T Rsqrt(T x);

    /// <summary>The hyperbolic tangent.</summary>
    static abstract T Tanh(T x);

    /// <summary>The error function.</summary>
    static abstract T Erf(T x);

    /// <summary>The largest integer that is not above x.</summary>
    static abstract T Floor(T x);

    /// <summary>The larger of two numbers.</summary>
    static abstract T Max(T a, T b);

    /// <summary>The smaller of two numbers.</summary>
    static abstract T Min(T a, T b);

    /// <summary>The absolute value.</summary>
    static abstract T Abs(T x);

    /// <summary>The bits; as integers they are ordered as the numbers are, where these are not negative.</summary>
    static abstract long ToBits(T value);

    /// <summary>The number with these bits.</summary>
    static abstract T FromBits(long bits);
}

/// <summary>Single precision.</summary>
public readonly struct Real32 : IReal<float>
{
    /// <inheritdoc/>
    public static float FromInt(int value) => value;

    /// <inheritdoc/>
    public static float FromDouble(double value) => (float)value;

    /// <inheritdoc/>
    public static double ToDouble(float value) => value;

    /// <inheritdoc/>
    public static int ToInt(float value) => (int)value;

    /// <inheritdoc/>
    public static float Fma(float a, float b, float c) => DeviceIntrinsics.Fma(a, b, c);

    /// <inheritdoc/>
    public static float Exp(float x) => XMath.Exp(x);

    /// <inheritdoc/>
    public static float Log(float x) => XMath.Log(x);

    /// <inheritdoc/>
    public static float Pow(float x, float y) => XMath.Pow(x, y);

    /// <inheritdoc/>
    public static float Sqrt(float x) => XMath.Sqrt(x);

    /// <inheritdoc/>
    public static float Rsqrt(float x) => 1f / XMath.Sqrt(x);

    /// <inheritdoc/>
    public static float Tanh(float x) => XMath.Tanh(x);

    /// <inheritdoc/>
    public static float Erf(float x) => DeviceIntrinsics.Erf(x);

    /// <inheritdoc/>
    public static float Floor(float x) => XMath.Floor(x);

    /// <inheritdoc/>
    public static float Max(float a, float b) => XMath.Max(a, b);

    /// <inheritdoc/>
    public static float Min(float a, float b) => XMath.Min(a, b);

    /// <inheritdoc/>
    public static float Abs(float x) => XMath.Abs(x);

    /// <inheritdoc/>
    public static long ToBits(float value) => Interop.FloatAsInt(value);

    /// <inheritdoc/>
    public static float FromBits(long bits) => Interop.IntAsFloat((uint)bits);
}

/// <summary>Double precision.</summary>
public readonly struct Real64 : IReal<double>
{
    /// <inheritdoc/>
    public static double FromInt(int value) => value;

    /// <inheritdoc/>
    public static double FromDouble(double value) => value;

    /// <inheritdoc/>
    public static double ToDouble(double value) => value;

    /// <inheritdoc/>
    public static int ToInt(double value) => (int)value;

    /// <inheritdoc/>
    public static double Fma(double a, double b, double c) => DeviceIntrinsics.Fma(a, b, c);

    /// <inheritdoc/>
    public static double Exp(double x) => XMath.Exp(x);

    /// <inheritdoc/>
    public static double Log(double x) => XMath.Log(x);

    /// <inheritdoc/>
    public static double Pow(double x, double y) => XMath.Pow(x, y);

    /// <inheritdoc/>
    public static double Sqrt(double x) => XMath.Sqrt(x);

    /// <inheritdoc/>
    public static double Rsqrt(double x) => 1.0 / XMath.Sqrt(x);

    /// <inheritdoc/>
    public static double Tanh(double x) => XMath.Tanh(x);

    /// <inheritdoc/>
    public static double Erf(double x) => DeviceIntrinsics.Erf(x);

    /// <inheritdoc/>
    public static double Floor(double x) => XMath.Floor(x);

    /// <inheritdoc/>
    public static double Max(double a, double b) => XMath.Max(a, b);

    /// <inheritdoc/>
    public static double Min(double a, double b) => XMath.Min(a, b);

    /// <inheritdoc/>
    public static double Abs(double x) => XMath.Abs(x);

    /// <inheritdoc/>
    public static long ToBits(double value) => (long)Interop.FloatAsInt(value);

    /// <inheritdoc/>
    public static double FromBits(long bits) => Interop.IntAsFloat((ulong)bits);
}
