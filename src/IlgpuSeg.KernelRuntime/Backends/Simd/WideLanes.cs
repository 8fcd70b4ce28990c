using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>What <see cref="Lanes"/> does, for sixteen lanes: 32-bit values and masks are 512-bit vectors.</summary>
internal static class WideLanes
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    [MethodImpl(Inline)]
    public static uint Bits(Vector512<int> mask) => (uint)Vector512.ExtractMostSignificantBits(mask);

    [MethodImpl(Inline)]
    public static bool Any(Vector512<int> mask) => Vector512.ExtractMostSignificantBits(mask) != 0;

    [MethodImpl(Inline)]
    public static Vector512<int> MaskOf(int truth) => Vector512.Create(-truth);

    [MethodImpl(Inline)]
    public static Vector512<int> FirstLanes(int count) => Vector512.GreaterThan(Vector512.Create(count), Vector512<int>.Indices);

    [MethodImpl(Inline)]
    public static Vector512<int> AndNot(Vector512<int> mask, Vector512<int> without) => Vector512.AndNot(mask, without);

    [MethodImpl(Inline)]
    public static Vector512<int> Steps(int first, int stride) => Vector512.Create(first) + (Vector512<int>.Indices * stride);

    [MethodImpl(Inline)]
    public static Vector512<int> BoolToInt(Vector512<int> mask) => mask & Vector512<int>.One;

    [MethodImpl(Inline)]
    public static Vector512<T> Select<T>(Vector512<int> mask, Vector512<T> a, Vector512<T> b) => Vector512.ConditionalSelect(mask.As<int, T>(), a, b);

    [MethodImpl(Inline)]
    public static Vector512<int> Equal<T>(Vector512<T> a, Vector512<T> b) => Vector512.Equals(a, b).As<T, int>();

    [MethodImpl(Inline)]
    public static Vector512<int> Less<T>(Vector512<T> a, Vector512<T> b) => Vector512.LessThan(a, b).As<T, int>();

    [MethodImpl(Inline)]
    public static Vector512<int> LessOrEqual<T>(Vector512<T> a, Vector512<T> b) => Vector512.LessThanOrEqual(a, b).As<T, int>();

    [MethodImpl(Inline)]
    public static Vector512<int> LessUn(Vector512<int> a, Vector512<int> b) => Vector512.LessThan(a.AsUInt32(), b.AsUInt32()).AsInt32();

    [MethodImpl(Inline)]
    public static Vector512<int> LessOrEqualUn(Vector512<int> a, Vector512<int> b) => Vector512.LessThanOrEqual(a.AsUInt32(), b.AsUInt32()).AsInt32();

    [MethodImpl(Inline)]
    public static Vector512<int> MinUn(Vector512<int> a, Vector512<int> b) => Vector512.Min(a.AsUInt32(), b.AsUInt32()).AsInt32();

    [MethodImpl(Inline)]
    public static Vector512<int> MaxUn(Vector512<int> a, Vector512<int> b) => Vector512.Max(a.AsUInt32(), b.AsUInt32()).AsInt32();

    [MethodImpl(Inline)]
    public static Vector512<float> Negate(Vector512<float> a) => a ^ Vector512.Create(-0f);

    [MethodImpl(Inline)]
    public static Vector512<int> Shl(Vector512<int> a, Vector512<int> count) =>
        Both(Lanes.Shl(a.GetLower(), count.GetLower()), Lanes.Shl(a.GetUpper(), count.GetUpper()));

    [MethodImpl(Inline)]
    public static Vector512<int> Shr(Vector512<int> a, Vector512<int> count) =>
        Both(Lanes.Shr(a.GetLower(), count.GetLower()), Lanes.Shr(a.GetUpper(), count.GetUpper()));

    [MethodImpl(Inline)]
    public static Vector512<int> ShrUn(Vector512<int> a, Vector512<int> count) =>
        Both(Lanes.ShrUn(a.GetLower(), count.GetLower()), Lanes.ShrUn(a.GetUpper(), count.GetUpper()));

    [MethodImpl(Inline)]
    public static Vector512<int> Div(Vector512<int> a, Vector512<int> b) =>
        Both(Lanes.Div(a.GetLower(), b.GetLower()), Lanes.Div(a.GetUpper(), b.GetUpper()));

    [MethodImpl(Inline)]
    public static Vector512<int> Rem(Vector512<int> a, Vector512<int> b) => a - (Div(a, b) * b);

    [MethodImpl(Inline)]
    public static Vector512<int> DivUn(Vector512<int> a, Vector512<int> b) =>
        Both(Lanes.DivUn(a.GetLower(), b.GetLower()), Lanes.DivUn(a.GetUpper(), b.GetUpper()));

    [MethodImpl(Inline)]
    public static Vector512<int> RemUn(Vector512<int> a, Vector512<int> b) => a - (DivUn(a, b) * b);

    [MethodImpl(Inline)]
    public static Vector512<int> SignExtend8(Vector512<int> a) => (a << 24) >> 24;

    [MethodImpl(Inline)]
    public static Vector512<int> ZeroExtend8(Vector512<int> a) => a & Vector512.Create(0xff);

    [MethodImpl(Inline)]
    public static Vector512<int> SignExtend16(Vector512<int> a) => (a << 16) >> 16;

    [MethodImpl(Inline)]
    public static Vector512<int> ZeroExtend16(Vector512<int> a) => a & Vector512.Create(0xffff);

    [MethodImpl(Inline)]
    public static Vector512<float> SignedToSingle(Vector512<int> a) => Vector512.ConvertToSingle(a);

    [MethodImpl(Inline)]
    public static Vector512<float> UnsignedToSingle(Vector512<int> a) => Vector512.ConvertToSingle(a.AsUInt32());

    [MethodImpl(Inline)]
    public static Vector512<int> SingleToInt(Vector512<float> a) => Vector512.ConvertToInt32(a);

    [MethodImpl(Inline)]
    public static Vector512<int> SingleToUInt(Vector512<float> a) => Vector512.ConvertToUInt32(a).AsInt32();

    public static Vector512<float> HalfToFloat(Vector512<int> a) =>
        Both(LaneConversions.HalfToFloat(a.GetLower()), LaneConversions.HalfToFloat(a.GetUpper()));

    public static Vector512<int> FloatToHalf(Vector512<float> a) =>
        Both(LaneConversions.FloatToHalf(a.GetLower()), LaneConversions.FloatToHalf(a.GetUpper()));

    [MethodImpl(Inline)]
    private static Vector512<T> Both<T>(Vector256<T> lower, Vector256<T> upper) => Vector512.Create(lower, upper);
}
