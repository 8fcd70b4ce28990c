using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

// Division never faults, for masked-off lanes divide too: x / 0 = 0 and x % 0 = x, and the most negative number divided by -1 wraps to
// itself with remainder 0. A kernel whose active lanes divide by zero is wrong, and has no defined result on a GPU either.
// 32-bit division goes through double: the quotient of two 32-bit integers lies at least 2^-32 (relatively) away from the next integer
// unless it is one, far more than the rounding of 2^-53, so truncation is exact.
internal static partial class LaneOps
{
    // Added to an integer of magnitude below 2^51 this leaves the integer's low bits in the low bits of the sum.
    private const double IntegerBits = 6755399441055744.0;   // 1.5 * 2^52

    /// <summary>Quotient towards zero of signed lanes; division by zero gives 0.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> Divide(Vector256<int> a, Vector256<int> b) =>
        LowHalves(
            QuotientBits(Vector256.ConvertToDouble(Vector256.WidenLower(a)), Vector256.ConvertToDouble(Vector256.WidenLower(b))),
            QuotientBits(Vector256.ConvertToDouble(Vector256.WidenUpper(a)), Vector256.ConvertToDouble(Vector256.WidenUpper(b))));

    /// <summary>Quotient of unsigned lanes; division by zero gives 0.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> DivideUnsigned(Vector256<int> a, Vector256<int> b) =>
        LowHalves(
            QuotientBits(UnsignedToDouble(Vector256.WidenLower(a.AsUInt32())), UnsignedToDouble(Vector256.WidenLower(b.AsUInt32()))),
            QuotientBits(UnsignedToDouble(Vector256.WidenUpper(a.AsUInt32())), UnsignedToDouble(Vector256.WidenUpper(b.AsUInt32()))));

    /// <summary>C#'s a % b (the sign of a); a where b is 0.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> Remainder(Vector256<int> a, Vector256<int> b) => a - Divide(a, b) * b;

    /// <summary>Unsigned a % b; a where b is 0.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> RemainderUnsigned(Vector256<int> a, Vector256<int> b) => a - DivideUnsigned(a, b) * b;

    /// <summary>Quotient towards zero, lane by lane; division by zero gives 0.</summary>
    internal static Vector512<long> Divide(Vector512<long> a, Vector512<long> b)
    {
        var result = Vector512<long>.Zero;
        for (var lane = 0; lane < Count; lane++)
            result = result.WithElement(lane, Divide(a[lane], b[lane]));
        return result;
    }

    /// <summary>Unsigned quotient, lane by lane; division by zero gives 0.</summary>
    internal static Vector512<long> DivideUnsigned(Vector512<long> a, Vector512<long> b)
    {
        var result = Vector512<long>.Zero;
        for (var lane = 0; lane < Count; lane++)
            result = result.WithElement(lane, DivideUnsigned(a[lane], b[lane]));
        return result;
    }

    /// <summary>C#'s a % b; a where b is 0.</summary>
    internal static Vector512<long> Remainder(Vector512<long> a, Vector512<long> b) => a - Divide(a, b) * b;

    /// <summary>Unsigned a % b; a where b is 0.</summary>
    internal static Vector512<long> RemainderUnsigned(Vector512<long> a, Vector512<long> b) => a - DivideUnsigned(a, b) * b;

    /// <summary>a / b without faults: 0 for b = 0, wrapping for the most negative number by -1.</summary>
    [MethodImpl(Inline)]
    internal static int Divide(int a, int b) => b == 0 ? 0 : b == -1 ? -a : a / b;

    /// <inheritdoc cref="Divide(int, int)"/>
    [MethodImpl(Inline)]
    internal static long Divide(long a, long b) => b == 0 ? 0 : b == -1 ? -a : a / b;

    /// <summary>Unsigned a / b; 0 for b = 0.</summary>
    [MethodImpl(Inline)]
    internal static int DivideUnsigned(int a, int b) => b == 0 ? 0 : (int)((uint)a / (uint)b);

    /// <inheritdoc cref="DivideUnsigned(int, int)"/>
    [MethodImpl(Inline)]
    internal static long DivideUnsigned(long a, long b) => b == 0 ? 0 : (long)((ulong)a / (ulong)b);

    /// <summary>a % b without faults: a for b = 0.</summary>
    [MethodImpl(Inline)]
    internal static int Remainder(int a, int b) => a - Divide(a, b) * b;

    /// <inheritdoc cref="Remainder(int, int)"/>
    [MethodImpl(Inline)]
    internal static long Remainder(long a, long b) => a - Divide(a, b) * b;

    /// <summary>Unsigned a % b; a for b = 0.</summary>
    [MethodImpl(Inline)]
    internal static int RemainderUnsigned(int a, int b) => a - DivideUnsigned(a, b) * b;

    /// <inheritdoc cref="RemainderUnsigned(int, int)"/>
    [MethodImpl(Inline)]
    internal static long RemainderUnsigned(long a, long b) => a - DivideUnsigned(a, b) * b;

    // Shifts take the count modulo the width, as C# does.

    [MethodImpl(Inline)]
    internal static Vector256<int> ShiftLeft(Vector256<int> value, Vector256<int> count)
    {
        count &= Vector256.Create(31);
        return Avx2.IsSupported
            ? Avx2.ShiftLeftLogicalVariable(value, count.AsUInt32())
            : PerLane(value, count, static (v, c) => v << c);
    }

    [MethodImpl(Inline)]
    internal static Vector256<int> ShiftRight(Vector256<int> value, Vector256<int> count)
    {
        count &= Vector256.Create(31);
        return Avx2.IsSupported
            ? Avx2.ShiftRightArithmeticVariable(value, count.AsUInt32())
            : PerLane(value, count, static (v, c) => v >> c);
    }

    [MethodImpl(Inline)]
    internal static Vector256<int> ShiftRightUnsigned(Vector256<int> value, Vector256<int> count)
    {
        count &= Vector256.Create(31);
        return Avx2.IsSupported
            ? Avx2.ShiftRightLogicalVariable(value, count.AsUInt32())
            : PerLane(value, count, static (v, c) => v >>> c);
    }

    [MethodImpl(Inline)]
    internal static Vector512<long> ShiftLeft(Vector512<long> value, Vector256<int> count) =>
        Avx512F.IsSupported
            ? Avx512F.ShiftLeftLogicalVariable(value, SignExtend(count & Vector256.Create(63)).AsUInt64())
            : PerLane(value, count, static (v, c) => v << (int)c);

    [MethodImpl(Inline)]
    internal static Vector512<long> ShiftRight(Vector512<long> value, Vector256<int> count) =>
        Avx512F.IsSupported
            ? Avx512F.ShiftRightArithmeticVariable(value, SignExtend(count & Vector256.Create(63)).AsUInt64())
            : PerLane(value, count, static (v, c) => v >> (int)c);

    [MethodImpl(Inline)]
    internal static Vector512<long> ShiftRightUnsigned(Vector512<long> value, Vector256<int> count) =>
        Avx512F.IsSupported
            ? Avx512F.ShiftRightLogicalVariable(value, SignExtend(count & Vector256.Create(63)).AsUInt64())
            : PerLane(value, count, static (v, c) => v >>> (int)c);

    /// <summary>Low 64 bits of the product (AVX2 has no such instruction; .NET composes it).</summary>
    [MethodImpl(Inline)]
    internal static Vector512<long> Multiply(Vector512<long> a, Vector512<long> b) => a * b;

    [MethodImpl(Inline)]
    internal static Vector256<int> MinUnsigned(Vector256<int> a, Vector256<int> b) => Vector256.Min(a.AsUInt32(), b.AsUInt32()).AsInt32();

    [MethodImpl(Inline)]
    internal static Vector256<int> MaxUnsigned(Vector256<int> a, Vector256<int> b) => Vector256.Max(a.AsUInt32(), b.AsUInt32()).AsInt32();

    [MethodImpl(Inline)]
    internal static Vector512<long> MinUnsigned(Vector512<long> a, Vector512<long> b) =>
        Vector512.Min(a.AsUInt64(), b.AsUInt64()).AsInt64();

    [MethodImpl(Inline)]
    internal static Vector512<long> MaxUnsigned(Vector512<long> a, Vector512<long> b) =>
        Vector512.Max(a.AsUInt64(), b.AsUInt64()).AsInt64();

    /// <summary>Number of one bits, each lane.</summary>
    internal static Vector256<int> PopCount(Vector256<int> value)
    {
        value -= Vector256.ShiftRightLogical(value, 1) & Vector256.Create(0x55555555);
        var pairs = Vector256.Create(0x33333333);
        value = (value & pairs) + (Vector256.ShiftRightLogical(value, 2) & pairs);
        value = (value + Vector256.ShiftRightLogical(value, 4)) & Vector256.Create(0x0f0f0f0f);
        return Vector256.ShiftRightLogical(value * Vector256.Create(0x01010101), 24);
    }

    /// <summary>Number of zero bits above the highest one, each lane; 32 for 0.</summary>
    internal static Vector256<int> LeadingZeroCount(Vector256<int> value)
    {
        // Ones below the highest one, then count.
        value |= Vector256.ShiftRightLogical(value, 1);
        value |= Vector256.ShiftRightLogical(value, 2);
        value |= Vector256.ShiftRightLogical(value, 4);
        value |= Vector256.ShiftRightLogical(value, 8);
        value |= Vector256.ShiftRightLogical(value, 16);
        return Vector256.Create(32) - PopCount(value);
    }

    /// <summary>Number of zero bits below the lowest one, each lane; 32 for 0.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> TrailingZeroCount(Vector256<int> value) => PopCount(~value & (value - Vector256<int>.One));

    /// <summary>Number of one bits, each 64-bit lane.</summary>
    internal static Vector256<int> PopCount(Vector512<long> value) => Count64(value, static v => BitOperations.PopCount((ulong)v));

    /// <summary>Number of zero bits above the highest one, each 64-bit lane; 64 for 0.</summary>
    internal static Vector256<int> LeadingZeroCount(Vector512<long> value) =>
        Count64(value, static v => BitOperations.LeadingZeroCount((ulong)v));

    /// <summary>Number of zero bits below the lowest one, each 64-bit lane; 64 for 0.</summary>
    internal static Vector256<int> TrailingZeroCount(Vector512<long> value) =>
        Count64(value, static v => BitOperations.TrailingZeroCount(v));

    [MethodImpl(Inline)]
    private static Vector256<long> QuotientBits(Vector256<double> a, Vector256<double> b) =>
        // Infinity and NaN (division by zero) leave zeros in the low half, which is the quotient promised for it.
        (Vector256.Truncate(a / b) + Vector256.Create(IntegerBits)).AsInt64();

    [MethodImpl(Inline)]
    private static Vector256<int> LowHalves(Vector256<long> lower, Vector256<long> upper) => Vector256.Narrow(lower, upper);

    /// <summary>Exact for integers below 2^32.</summary>
    [MethodImpl(Inline)]
    private static Vector256<double> UnsignedToDouble(Vector256<ulong> value) =>
        (value | Vector256.Create(0x4330000000000000UL)).AsDouble() - Vector256.Create(4503599627370496.0);

    private static Vector256<int> PerLane(Vector256<int> value, Vector256<int> count, Func<int, int, int> operation)
    {
        var result = Vector256<int>.Zero;
        for (var lane = 0; lane < Count; lane++)
            result = result.WithElement(lane, operation(value[lane], count[lane]));
        return result;
    }

    private static Vector512<long> PerLane(Vector512<long> value, Vector256<int> count, Func<long, long, long> operation)
    {
        var result = Vector512<long>.Zero;
        for (var lane = 0; lane < Count; lane++)
            result = result.WithElement(lane, operation(value[lane], count[lane]));
        return result;
    }

    private static Vector256<int> Count64(Vector512<long> value, Func<long, int> operation)
    {
        var result = Vector256<int>.Zero;
        for (var lane = 0; lane < Count; lane++)
            result = result.WithElement(lane, operation(value[lane]));
        return result;
    }
}
