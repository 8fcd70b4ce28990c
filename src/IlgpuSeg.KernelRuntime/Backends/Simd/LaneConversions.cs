using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// Conversions that take more than one instruction, with C#'s results as .NET defines them on every platform: floating-point numbers
/// beyond an integer type saturate, NaN gives 0; integers round to nearest even, once.
/// </summary>
internal static unsafe class LaneConversions
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private const int Count = Lanes.Count;

    [MethodImpl(Inline)]
    internal static Vector256<int> DoubleToInt(Vector512<double> a) => Vector256.Narrow(
        Saturate(a.GetLower(), int.MinValue, int.MaxValue), Saturate(a.GetUpper(), int.MinValue, int.MaxValue));

    [MethodImpl(Inline)]
    internal static Vector256<int> DoubleToUInt(Vector512<double> a) =>
        Vector256.Narrow(Saturate(a.GetLower(), 0, uint.MaxValue), Saturate(a.GetUpper(), 0, uint.MaxValue));

    /// <summary>By way of double it would round twice.</summary>
    internal static Vector256<float> SignedToSingle(Vector512<long> a)
    {
        if (Avx512DQ.IsSupported)
            return Avx512DQ.ConvertToVector256Single(a);
        Unsafe.SkipInit(out Vector256<float> result);
        for (var i = 0; i < Count; i++)
            ((float*)&result)[i] = ((long*)&a)[i];
        return result;
    }

    /// <inheritdoc cref="SignedToSingle"/>
    internal static Vector256<float> UnsignedToSingle(Vector512<long> a)
    {
        if (Avx512DQ.IsSupported)
            return Avx512DQ.ConvertToVector256Single(a.AsUInt64());
        Unsafe.SkipInit(out Vector256<float> result);
        for (var i = 0; i < Count; i++)
            ((float*)&result)[i] = ((ulong*)&a)[i];
        return result;
    }

    /// <summary>IEEE half precision in the low 16 bits of each lane (the others are ignored) as float; exact.</summary>
    internal static Vector256<float> HalfToFloat(Vector256<int> a)
    {
        var sign = (a & Vector256.Create(0x8000)) << 16;
        var magnitude = (a & Vector256.Create(0x7fff)) << 13;
        // The exponent's bias grows by 127 - 15 = 112; the product also normalises subnormals.
        var scaled = (magnitude.AsSingle() * Vector256.Create(5.192296858534828e33f)).AsInt32();
        var special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7c00 << 13));
        return (scaled | (special & Vector256.Create(0x7f800000)) | sign).AsSingle();
    }

    /// <summary>Float as IEEE half precision, to nearest even, in the low 16 bits of each lane; NaN stays NaN.</summary>
    internal static Vector256<int> FloatToHalf(Vector256<float> a)
    {
        var bits = a.AsInt32() & Vector256.Create(0x7fffffff);
        var sign = Vector256.ShiftRightLogical(a.AsInt32(), 16) & Vector256.Create(0x8000);
        // Normal results: rebias, add just under half a unit and the lowest kept bit, drop 13 bits; overflow runs into infinity.
        var odd = Vector256.ShiftRightLogical(bits, 13) & Vector256<int>.One;
        var normal = Vector256.ShiftRightLogical(bits + Vector256.Create(((15 - 127) << 23) + 0xfff) + odd, 13);
        // Subnormal results: adding 1/2 makes the float unit do the rounding at the right bit.
        var small = (bits.AsSingle() + Vector256.Create(0.5f)).AsInt32() - Vector256.Create(0x3f000000);
        var result = Vector256.ConditionalSelect(Vector256.LessThan(bits, Vector256.Create(113 << 23)), small, normal);
        var beyond = Vector256.GreaterThanOrEqual(bits, Vector256.Create(143 << 23));
        result = Vector256.ConditionalSelect(beyond, Vector256.Create(0x7c00), result);
        var nan = Vector256.GreaterThan(bits, Vector256.Create(0x7f800000));
        return result | (nan & Vector256.Create(0x0200)) | sign;
    }

    /// <summary>x truncated and held to [low, high] (NaN to 0), in the low 32 bits.</summary>
    [MethodImpl(Inline)]
    private static Vector256<long> Saturate(Vector256<double> x, double low, double high)
    {
        x = Vector256.ConditionalSelect(Vector256.Equals(x, x), x, Vector256<double>.Zero);
        x = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(low)), Vector256.Create(low), x);
        x = Vector256.ConditionalSelect(Vector256.GreaterThan(x, Vector256.Create(high)), Vector256.Create(high), x);
        return (Vector256.Truncate(x) + Vector256.Create(LaneIntegers.LowBits)).AsInt64();
    }
}
