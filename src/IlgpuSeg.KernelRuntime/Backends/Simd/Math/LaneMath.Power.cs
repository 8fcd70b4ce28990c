using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

internal static partial class LaneMath
{
    /// <summary>The first operand's magnitude with the second one's sign, each lane.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> CopySign(Vector256<float> x, Vector256<float> sign) =>
        Vector256.ConditionalSelect(Vector256.Create(-0f), sign, x);

    /// <inheritdoc cref="CopySign(Vector256{float}, Vector256{float})"/>
    [MethodImpl(Inline)]
    internal static Vector512<double> CopySign(Vector512<double> x, Vector512<double> sign) =>
        Vector512.ConditionalSelect(Vector512.Create(-0.0), sign, x);

    /// <summary>1 / x, each lane; correctly rounded.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> Rcp(Vector256<float> x) => Vector256<float>.One / x;

    /// <inheritdoc cref="Rcp(Vector256{float})"/>
    [MethodImpl(Inline)]
    internal static Vector512<double> Rcp(Vector512<double> x) => Vector512<double>.One / x;

    /// <summary>1 / sqrt(x), each lane. Error at most 1.5 ulp (float and double); Rsqrt(+-0) = +-infinity.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<float> Rsqrt(Vector256<float> x) => Vector256<float>.One / Vector256.Sqrt(x);

    /// <inheritdoc cref="Rsqrt(Vector256{float})"/>
    [MethodImpl(Inline)]
    internal static Vector512<double> Rsqrt(Vector512<double> x) => Vector512<double>.One / Vector512.Sqrt(x);

    /// <summary>x to the power y, each lane, through double precision. Error at most 1 ulp; C99's special cases.</summary>
    internal static Vector256<float> Pow(Vector256<float> x, Vector256<float> y)
    {
        var result = Vector256.Narrow(
            PowPositive(Vector256.WidenLower(x), Vector256.WidenLower(y)),
            PowPositive(Vector256.WidenUpper(x), Vector256.WidenUpper(y)));
        var infinity = Vector256.Create(float.PositiveInfinity);
        var plain = Vector256.GreaterThan(x, Vector256<float>.Zero) & Vector256.LessThan(x, infinity)
            & Vector256.LessThan(Vector256.Abs(y), infinity);
        return Vector256.EqualsAll(plain.AsInt32(), Vector256<int>.AllBitsSet) ? result : PatchPow(x, y, plain, result);
    }

    /// <summary>x to the power y, each lane through Math.Pow (no vector version: a double-double logarithm is not worth it here).</summary>
    internal static Vector512<double> Pow(Vector512<double> x, Vector512<double> y)
    {
        var result = Vector512<double>.Zero;
        for (var lane = 0; lane < Vector512<double>.Count; lane++)
            result = result.WithElement(lane, Math.Pow(x[lane], y[lane]));
        return result;
    }

    [MethodImpl(Inline)]
    private static Vector256<double> PowPositive(Vector256<double> x, Vector256<double> y) =>
        Exp2(y * LogInBase(x, Log2EHighD, Log2ELowD, 1.0, 0.0));

    private static Vector256<float> PatchPow(Vector256<float> x, Vector256<float> y, Vector256<float> plain, Vector256<float> result)
    {
        var (bases, exponents, keep) = (x, y, plain.AsInt32());
        for (var lane = 0; lane < Vector256<float>.Count; lane++)
        {
            if (keep[lane] == 0)
                result = result.WithElement(lane, MathF.Pow(bases[lane], exponents[lane]));
        }
        return result;
    }
}
