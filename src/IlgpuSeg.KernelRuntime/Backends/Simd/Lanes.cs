using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// Vector operations that emitted code calls (and the JIT inlines): masks, comparisons, selections, division, conversion, exchange.
/// A warp's 32-bit values are a 256-bit vector, its 64-bit values a 512-bit one, truth values a 256-bit mask of 0 and -1.
/// </summary>
internal static unsafe class Lanes
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public const int Count = 8;

    /// <summary>A bit per lane, the first lane's lowest.</summary>
    [MethodImpl(Inline)]
    public static uint Bits(Vector256<int> mask) => Vector256.ExtractMostSignificantBits(mask);

    [MethodImpl(Inline)]
    public static bool Any(Vector256<int> mask) => Vector256.ExtractMostSignificantBits(mask) != 0;

    [MethodImpl(Inline)]
    public static bool All(Vector256<int> mask) => Vector256.ExtractMostSignificantBits(mask) == 0xff;

    [MethodImpl(Inline)]
    public static Vector256<int> MaskOf(int truth) => Vector256.Create(-truth);

    /// <summary>The first <paramref name="count"/> lanes.</summary>
    [MethodImpl(Inline)]
    public static Vector256<int> FirstLanes(int count) => Vector256.GreaterThan(Vector256.Create(count), Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7));

    [MethodImpl(Inline)]
    public static Vector256<int> AndNot(Vector256<int> mask, Vector256<int> without) => Vector256.AndNot(mask, without);

    [MethodImpl(Inline)]
    public static Vector256<int> Steps(int first, int stride) => Vector256.Create(first) + (Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7) * stride);

    [MethodImpl(Inline)]
    public static Vector256<int> BoolToInt(Vector256<int> mask) => mask & Vector256<int>.One;

    [MethodImpl(Inline)]
    public static Vector256<T> Select<T>(Vector256<int> mask, Vector256<T> a, Vector256<T> b) => Vector256.ConditionalSelect(mask.As<int, T>(), a, b);

    [MethodImpl(Inline)]
    public static Vector512<T> Select<T>(Vector256<int> mask, Vector512<T> a, Vector512<T> b) =>
        Vector512.ConditionalSelect(SignExtend32(mask).As<long, T>(), a, b);

    [MethodImpl(Inline)]
    public static Vector256<int> Equal<T>(Vector256<T> a, Vector256<T> b) => Vector256.Equals(a, b).As<T, int>();

    [MethodImpl(Inline)]
    public static Vector256<int> Less<T>(Vector256<T> a, Vector256<T> b) => Vector256.LessThan(a, b).As<T, int>();

    [MethodImpl(Inline)]
    public static Vector256<int> LessOrEqual<T>(Vector256<T> a, Vector256<T> b) => Vector256.LessThanOrEqual(a, b).As<T, int>();

    [MethodImpl(Inline)]
    public static Vector256<int> LessUn(Vector256<int> a, Vector256<int> b) => Vector256.LessThan(a.AsUInt32(), b.AsUInt32()).AsInt32();

    [MethodImpl(Inline)]
    public static Vector256<int> LessOrEqualUn(Vector256<int> a, Vector256<int> b) => Vector256.LessThanOrEqual(a.AsUInt32(), b.AsUInt32()).AsInt32();

    [MethodImpl(Inline)]
    public static Vector256<int> Equal<T>(Vector512<T> a, Vector512<T> b) => Truncate(Vector512.Equals(a, b).As<T, long>());

    [MethodImpl(Inline)]
    public static Vector256<int> Less<T>(Vector512<T> a, Vector512<T> b) => Truncate(Vector512.LessThan(a, b).As<T, long>());

    [MethodImpl(Inline)]
    public static Vector256<int> LessOrEqual<T>(Vector512<T> a, Vector512<T> b) => Truncate(Vector512.LessThanOrEqual(a, b).As<T, long>());

    [MethodImpl(Inline)]
    public static Vector256<int> LessUn(Vector512<long> a, Vector512<long> b) => Truncate(Vector512.LessThan(a.AsUInt64(), b.AsUInt64()).AsInt64());

    [MethodImpl(Inline)]
    public static Vector256<int> LessOrEqualUn(Vector512<long> a, Vector512<long> b) =>
        Truncate(Vector512.LessThanOrEqual(a.AsUInt64(), b.AsUInt64()).AsInt64());

    [MethodImpl(Inline)]
    public static Vector256<int> MinUn(Vector256<int> a, Vector256<int> b) => Vector256.Min(a.AsUInt32(), b.AsUInt32()).AsInt32();

    [MethodImpl(Inline)]
    public static Vector256<int> MaxUn(Vector256<int> a, Vector256<int> b) => Vector256.Max(a.AsUInt32(), b.AsUInt32()).AsInt32();

    [MethodImpl(Inline)]
    public static Vector512<long> MinUn(Vector512<long> a, Vector512<long> b) => Vector512.Min(a.AsUInt64(), b.AsUInt64()).AsInt64();

    [MethodImpl(Inline)]
    public static Vector512<long> MaxUn(Vector512<long> a, Vector512<long> b) => Vector512.Max(a.AsUInt64(), b.AsUInt64()).AsInt64();

    // Negation of a float flips the sign, also of zero and NaN.
    [MethodImpl(Inline)]
    public static Vector256<float> Negate(Vector256<float> a) => a ^ Vector256.Create(-0f);

    [MethodImpl(Inline)]
    public static Vector512<double> Negate(Vector512<double> a) => a ^ Vector512.Create(-0.0);

    [MethodImpl(Inline)]
    public static Vector256<int> Shl(Vector256<int> a, Vector256<int> count) => Avx2.IsSupported
        ? Avx2.ShiftLeftLogicalVariable(a, (count & Vector256.Create(31)).AsUInt32()) : LaneLoops.Shift(a, count, 0);

    [MethodImpl(Inline)]
    public static Vector256<int> Shr(Vector256<int> a, Vector256<int> count) => Avx2.IsSupported
        ? Avx2.ShiftRightArithmeticVariable(a, (count & Vector256.Create(31)).AsUInt32()) : LaneLoops.Shift(a, count, 1);

    [MethodImpl(Inline)]
    public static Vector256<int> ShrUn(Vector256<int> a, Vector256<int> count) => Avx2.IsSupported
        ? Avx2.ShiftRightLogicalVariable(a, (count & Vector256.Create(31)).AsUInt32()) : LaneLoops.Shift(a, count, 2);

    [MethodImpl(Inline)]
    public static Vector512<long> Shl(Vector512<long> a, Vector256<int> count) => LaneIntegers.Shl(a, count);

    [MethodImpl(Inline)]
    public static Vector512<long> Shr(Vector512<long> a, Vector256<int> count) => LaneIntegers.Shr(a, count);

    [MethodImpl(Inline)]
    public static Vector512<long> ShrUn(Vector512<long> a, Vector256<int> count) => LaneIntegers.ShrUn(a, count);

    [MethodImpl(Inline)]
    public static Vector256<int> Div(Vector256<int> a, Vector256<int> b) => LaneIntegers.Div(a, b);

    [MethodImpl(Inline)]
    public static Vector256<int> Rem(Vector256<int> a, Vector256<int> b) => a - (Div(a, b) * b);

    [MethodImpl(Inline)]
    public static Vector256<int> DivUn(Vector256<int> a, Vector256<int> b) => LaneIntegers.DivUn(a, b);

    [MethodImpl(Inline)]
    public static Vector256<int> RemUn(Vector256<int> a, Vector256<int> b) => a - (DivUn(a, b) * b);

    public static Vector512<long> Div(Vector512<long> a, Vector512<long> b) => LaneIntegers.Div(a, b);

    public static Vector512<long> DivUn(Vector512<long> a, Vector512<long> b) => LaneIntegers.DivUn(a, b);

    public static Vector512<long> Rem(Vector512<long> a, Vector512<long> b) => a - (LaneIntegers.Div(a, b) * b);

    public static Vector512<long> RemUn(Vector512<long> a, Vector512<long> b) => a - (LaneIntegers.DivUn(a, b) * b);

    [MethodImpl(Inline)]
    public static Vector256<int> SignExtend8(Vector256<int> a) => (a << 24) >> 24;

    [MethodImpl(Inline)]
    public static Vector256<int> ZeroExtend8(Vector256<int> a) => a & Vector256.Create(0xff);

    [MethodImpl(Inline)]
    public static Vector256<int> SignExtend16(Vector256<int> a) => (a << 16) >> 16;

    [MethodImpl(Inline)]
    public static Vector256<int> ZeroExtend16(Vector256<int> a) => a & Vector256.Create(0xffff);

    [MethodImpl(Inline)]
    public static Vector512<long> SignExtend32(Vector256<int> a) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int64(a) : Vector512.Create(Vector256.WidenLower(a), Vector256.WidenUpper(a));

    [MethodImpl(Inline)]
    public static Vector512<long> ZeroExtend32(Vector256<int> a) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int64(a.AsUInt32())
        : Vector512.Create(Vector256.WidenLower(a.AsUInt32()).AsInt64(), Vector256.WidenUpper(a.AsUInt32()).AsInt64());

    [MethodImpl(Inline)]
    public static Vector256<int> Truncate(Vector512<long> a) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector256Int32(a) : Vector256.Narrow(a.GetLower(), a.GetUpper());

    [MethodImpl(Inline)]
    public static Vector256<float> SignedToSingle(Vector256<int> a) => Vector256.ConvertToSingle(a);

    [MethodImpl(Inline)]
    public static Vector512<double> SignedToDouble(Vector256<int> a) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Double(a) : Vector512.ConvertToDouble(SignExtend32(a));

    public static Vector256<float> SignedToSingle(Vector512<long> a) => LaneConversions.SignedToSingle(a);

    [MethodImpl(Inline)]
    public static Vector512<double> SignedToDouble(Vector512<long> a) => Vector512.ConvertToDouble(a);

    [MethodImpl(Inline)]
    public static Vector256<float> UnsignedToSingle(Vector256<int> a) => Vector256.ConvertToSingle(a.AsUInt32());

    [MethodImpl(Inline)]
    public static Vector512<double> UnsignedToDouble(Vector256<int> a) => Vector512.ConvertToDouble(ZeroExtend32(a));

    public static Vector256<float> UnsignedToSingle(Vector512<long> a) => LaneConversions.UnsignedToSingle(a);

    [MethodImpl(Inline)]
    public static Vector512<double> UnsignedToDouble(Vector512<long> a) => Vector512.ConvertToDouble(a.AsUInt64());

    [MethodImpl(Inline)]
    public static Vector256<int> SingleToInt(Vector256<float> a) => Vector256.ConvertToInt32(a);

    [MethodImpl(Inline)]
    public static Vector256<int> SingleToUInt(Vector256<float> a) => Vector256.ConvertToUInt32(a).AsInt32();

    public static Vector512<long> SingleToLong(Vector256<float> a) => Vector512.ConvertToInt64(Widen(a));

    public static Vector512<long> SingleToULong(Vector256<float> a) => Vector512.ConvertToUInt64(Widen(a)).AsInt64();

    public static Vector256<int> DoubleToInt(Vector512<double> a) => LaneConversions.DoubleToInt(a);

    public static Vector256<int> DoubleToUInt(Vector512<double> a) => LaneConversions.DoubleToUInt(a);

    [MethodImpl(Inline)]
    public static Vector512<long> DoubleToLong(Vector512<double> a) => Vector512.ConvertToInt64(a);

    [MethodImpl(Inline)]
    public static Vector512<long> DoubleToULong(Vector512<double> a) => Vector512.ConvertToUInt64(a).AsInt64();

    [MethodImpl(Inline)]
    public static Vector512<double> Widen(Vector256<float> a) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Double(a) : Vector512.Create(Vector256.WidenLower(a), Vector256.WidenUpper(a));

    [MethodImpl(Inline)]
    public static Vector256<float> Narrow(Vector512<double> a) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector256Single(a) : Vector256.Narrow(a.GetLower(), a.GetUpper());

    public static Vector256<float> HalfToFloat(Vector256<int> a) => LaneConversions.HalfToFloat(a);

    public static Vector256<int> FloatToHalf(Vector256<float> a) => LaneConversions.FloatToHalf(a);

    /// <summary>Every lane takes the value of another one; a lane beyond <paramref name="count"/> means its own.</summary>
    [MethodImpl(Inline)]
    public static Vector256<T> Shuffle<T>(Vector256<T> value, Vector256<int> lane, int count) =>
        Select(LessUn(lane, Vector256.Create(count)), Vector256.Shuffle(value.As<T, int>(), lane).As<int, T>(), value);

    [MethodImpl(Inline)]
    public static Vector512<T> Shuffle<T>(Vector512<T> value, Vector256<int> lane, int count) =>
        Select(LessUn(lane, Vector256.Create(count)), Vector512.Shuffle(value.As<T, long>(), SignExtend32(lane)).As<long, T>(), value);

    /// <summary>The active lanes that do not hold true.</summary>
    [MethodImpl(Inline)]
    public static Vector256<int> Lacking(Vector256<int> truth, Vector256<int> active) => Vector256.AndNot(active, truth);

    /// <summary>How many of the active lanes hold true.</summary>
    [MethodImpl(Inline)]
    public static int CountTrue(Vector256<int> truth) => System.Numerics.BitOperations.PopCount(Vector256.ExtractMostSignificantBits(truth));

    [MethodImpl(Inline)]
    public static int Abs(int value) => value < 0 ? -value : value;

    [MethodImpl(Inline)]
    public static long Abs(long value) => value < 0 ? -value : value;

    [MethodImpl(Inline)]
    public static float HalfToFloat(int bits) => (float)BitConverter.UInt16BitsToHalf((ushort)bits);

    [MethodImpl(Inline)]
    public static int FloatToHalf(float value) => BitConverter.HalfToUInt16Bits((Half)value);
}
