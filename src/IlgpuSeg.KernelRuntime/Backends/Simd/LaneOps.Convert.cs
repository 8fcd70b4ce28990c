using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

// Conversions with C#'s results as .NET 10 defines them on every platform: floating-point numbers beyond an integer type saturate,
// NaN gives 0; integers round to nearest even.
internal static partial class LaneOps
{
    [MethodImpl(Inline)]
    internal static Vector512<long> SignExtend(Vector256<int> value) =>
        Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int64(value)
            : Vector512.Create(Vector256.WidenLower(value), Vector256.WidenUpper(value));

    [MethodImpl(Inline)]
    internal static Vector512<long> ZeroExtend(Vector256<int> value) =>
        Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Int64(value.AsUInt32())
            : Vector512.Create(Vector256.WidenLower(value.AsUInt32()), Vector256.WidenUpper(value.AsUInt32())).AsInt64();

    /// <summary>The low 32 bits of each lane.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> Truncate(Vector512<long> value) =>
        Avx512F.IsSupported ? Avx512F.ConvertToVector256Int32(value) : Vector256.Narrow(value.GetLower(), value.GetUpper());

    [MethodImpl(Inline)]
    internal static Vector256<float> ToFloat(Vector256<int> value) => Vector256.ConvertToSingle(value);

    [MethodImpl(Inline)]
    internal static Vector256<float> UnsignedToFloat(Vector256<int> value) => Vector256.ConvertToSingle(value.AsUInt32());

    [MethodImpl(Inline)]
    internal static Vector512<double> ToDouble(Vector256<int> value) => Vector512.ConvertToDouble(SignExtend(value));

    [MethodImpl(Inline)]
    internal static Vector512<double> UnsignedToDouble(Vector256<int> value) => Vector512.ConvertToDouble(ZeroExtend(value));

    [MethodImpl(Inline)]
    internal static Vector512<double> ToDouble(Vector512<long> value) => Vector512.ConvertToDouble(value);

    [MethodImpl(Inline)]
    internal static Vector512<double> UnsignedToDouble(Vector512<long> value) => Vector512.ConvertToDouble(value.AsUInt64());

    /// <summary>Rounded once; by way of double it would round twice.</summary>
    internal static Vector256<float> ToFloat(Vector512<long> value)
    {
        if (Avx512DQ.IsSupported)
            return Avx512DQ.ConvertToVector256Single(value);
        var result = Vector256<float>.Zero;
        for (var lane = 0; lane < Count; lane++)
            result = result.WithElement(lane, (float)value[lane]);
        return result;
    }

    /// <inheritdoc cref="ToFloat(Vector512{long})"/>
    internal static Vector256<float> UnsignedToFloat(Vector512<long> value)
    {
        if (Avx512DQ.IsSupported)
            return Avx512DQ.ConvertToVector256Single(value.AsUInt64());
        var result = Vector256<float>.Zero;
        for (var lane = 0; lane < Count; lane++)
            result = result.WithElement(lane, (float)(ulong)value[lane]);
        return result;
    }

    [MethodImpl(Inline)]
    internal static Vector512<double> ToDouble(Vector256<float> value) =>
        Avx512F.IsSupported
            ? Avx512F.ConvertToVector512Double(value)
            : Vector512.Create(Vector256.WidenLower(value), Vector256.WidenUpper(value));

    [MethodImpl(Inline)]
    internal static Vector256<float> ToFloat(Vector512<double> value) =>
        Avx512F.IsSupported ? Avx512F.ConvertToVector256Single(value) : Vector256.Narrow(value.GetLower(), value.GetUpper());

    [MethodImpl(Inline)]
    internal static Vector256<int> ToInt(Vector256<float> value) => Vector256.ConvertToInt32(value);

    [MethodImpl(Inline)]
    internal static Vector256<int> ToUnsignedInt(Vector256<float> value) => Vector256.ConvertToUInt32(value).AsInt32();

    [MethodImpl(Inline)]
    internal static Vector256<int> ToInt(Vector512<double> value) =>
        LowHalves(Saturate(value.GetLower(), int.MinValue, int.MaxValue), Saturate(value.GetUpper(), int.MinValue, int.MaxValue));

    [MethodImpl(Inline)]
    internal static Vector256<int> ToUnsignedInt(Vector512<double> value) =>
        LowHalves(Saturate(value.GetLower(), 0, uint.MaxValue), Saturate(value.GetUpper(), 0, uint.MaxValue));

    [MethodImpl(Inline)]
    internal static Vector512<long> ToLong(Vector512<double> value) => Vector512.ConvertToInt64(value);

    [MethodImpl(Inline)]
    internal static Vector512<long> ToUnsignedLong(Vector512<double> value) => Vector512.ConvertToUInt64(value).AsInt64();

    [MethodImpl(Inline)]
    internal static Vector512<long> ToLong(Vector256<float> value) => ToLong(ToDouble(value));

    [MethodImpl(Inline)]
    internal static Vector512<long> ToUnsignedLong(Vector256<float> value) => ToUnsignedLong(ToDouble(value));

    /// <summary>The low 8 bits as a signed number.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> SignExtend8(Vector256<int> value) => (value << 24) >> 24;

    /// <summary>The low 16 bits as a signed number.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> SignExtend16(Vector256<int> value) => (value << 16) >> 16;

    /// <summary>IEEE half precision in the low 16 bits of each lane (the others are ignored) as float; exact.</summary>
    internal static Vector256<float> HalfToFloat(Vector256<int> value)
    {
        var sign = (value & Vector256.Create(0x8000)) << 16;
        var magnitude = (value & Vector256.Create(0x7fff)) << 13;
        // Exponent bias 127 - 15 = 112; the product also normalises subnormals.
        var scaled = (magnitude.AsSingle() * Vector256.Create(5.192296858534828e33f)).AsInt32();
        var special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7c00 << 13));
        return (scaled | (special & Vector256.Create(0x7f800000)) | sign).AsSingle();
    }

    /// <summary>Float as IEEE half precision, to nearest even, in the low 16 bits of each lane; NaN stays NaN.</summary>
    internal static Vector256<int> FloatToHalf(Vector256<float> value)
    {
        var bits = value.AsInt32() & Vector256.Create(0x7fffffff);
        var sign = Vector256.ShiftRightLogical(value.AsInt32(), 16) & Vector256.Create(0x8000);
        // Normal results: rebias, add just under half a unit and the lowest kept bit, drop 13 bits; overflow runs into infinity.
        var odd = Vector256.ShiftRightLogical(bits, 13) & Vector256<int>.One;
        var normal = Vector256.ShiftRightLogical(bits + Vector256.Create(((15 - 127) << 23) + 0xfff) + odd, 13);
        // Subnormal results: adding 1/2 makes the float unit do the rounding at the right bit.
        var small = (bits.AsSingle() + Vector256.Create(0.5f)).AsInt32() - Vector256.Create(0x3f000000);
        var result = Vector256.ConditionalSelect(Vector256.LessThan(bits, Vector256.Create(113 << 23)), small, normal);
        var beyond = Vector256.GreaterThanOrEqual(bits, Vector256.Create(143 << 23));
        result = Vector256.ConditionalSelect(beyond, Vector256.Create(0x7c00), result);
        var nan = Vector256.GreaterThan(bits, Vector256.Create(0x7f800000));
        return (result | (nan & Vector256.Create(0x0200))) | sign;
    }

    /// <summary>x truncated and held to [low, high] (NaN to 0) in the low 32 bits.</summary>
    [MethodImpl(Inline)]
    private static Vector256<long> Saturate(Vector256<double> x, double low, double high)
    {
        x = Vector256.ConditionalSelect(Vector256.Equals(x, x), x, Vector256<double>.Zero);
        x = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(low)), Vector256.Create(low), x);
        x = Vector256.ConditionalSelect(Vector256.GreaterThan(x, Vector256.Create(high)), Vector256.Create(high), x);
        return (Vector256.Truncate(x) + Vector256.Create(IntegerBits)).AsInt64();
    }
}
