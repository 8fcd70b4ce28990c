using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// Integer operations that take more than one instruction, the same on every CPU.
/// <para>
/// Division never faults, for masked-off lanes divide too: x / 0 = 0 (so that x % 0 = x), and the most negative number divided by -1 wraps
/// to itself. A kernel whose active lanes divide by zero is wrong, and has no defined result on a GPU either.
/// </para>
/// <para>
/// 32-bit division goes through double: the quotient of two 32-bit integers lies at least 2^-32 (relatively) away from the next integer
/// unless it is one, far more than the rounding of 2^-53, so truncation is exact.
/// </para>
/// </summary>
internal static unsafe class LaneIntegers
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private const int Count = Lanes.Count;

    /// <summary>Added to a whole number of magnitude below 2^51 this leaves its low bits in the low bits of the sum: 1.5 * 2^52.</summary>
    internal const double LowBits = 6755399441055744.0;

    /// <summary>Quotient towards zero of signed lanes.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> Div(Vector256<int> a, Vector256<int> b) =>
        Vector256.Narrow(
            Quotient(Vector256.ConvertToDouble(Vector256.WidenLower(a)), Vector256.ConvertToDouble(Vector256.WidenLower(b))),
            Quotient(Vector256.ConvertToDouble(Vector256.WidenUpper(a)), Vector256.ConvertToDouble(Vector256.WidenUpper(b))));

    /// <summary>Quotient of unsigned lanes.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> DivUn(Vector256<int> a, Vector256<int> b) =>
        Vector256.Narrow(
            Quotient(ToDouble(Vector256.WidenLower(a.AsUInt32())), ToDouble(Vector256.WidenLower(b.AsUInt32()))),
            Quotient(ToDouble(Vector256.WidenUpper(a.AsUInt32())), ToDouble(Vector256.WidenUpper(b.AsUInt32()))));

    /// <summary>Quotient towards zero, lane by lane.</summary>
    internal static Vector512<long> Div(Vector512<long> a, Vector512<long> b)
    {
        long* x = (long*)&a, y = (long*)&b;
        for (var i = 0; i < Count; i++)
            x[i] = y[i] == 0 ? 0 : y[i] == -1 ? -x[i] : x[i] / y[i];
        return a;
    }

    /// <summary>Unsigned quotient, lane by lane.</summary>
    internal static Vector512<long> DivUn(Vector512<long> a, Vector512<long> b)
    {
        ulong* x = (ulong*)&a, y = (ulong*)&b;
        for (var i = 0; i < Count; i++)
            x[i] = y[i] == 0 ? 0 : x[i] / y[i];
        return a;
    }

    // Shifts take the count modulo the width, as C# does.

    [MethodImpl(Inline)]
    internal static Vector512<long> Shl(Vector512<long> a, Vector256<int> count) => Avx512F.IsSupported
        ? Avx512F.ShiftLeftLogicalVariable(a, Modulo64(count)) : ShiftLanes(a, count, 0);

    [MethodImpl(Inline)]
    internal static Vector512<long> Shr(Vector512<long> a, Vector256<int> count) => Avx512F.IsSupported
        ? Avx512F.ShiftRightArithmeticVariable(a, Modulo64(count)) : ShiftLanes(a, count, 1);

    [MethodImpl(Inline)]
    internal static Vector512<long> ShrUn(Vector512<long> a, Vector256<int> count) => Avx512F.IsSupported
        ? Avx512F.ShiftRightLogicalVariable(a, Modulo64(count)) : ShiftLanes(a, count, 2);

    /// <summary>Number of one bits, each lane.</summary>
    internal static Vector256<int> PopCount(Vector256<int> a)
    {
        a -= Vector256.ShiftRightLogical(a, 1) & Vector256.Create(0x55555555);
        var pairs = Vector256.Create(0x33333333);
        a = (a & pairs) + (Vector256.ShiftRightLogical(a, 2) & pairs);
        a = (a + Vector256.ShiftRightLogical(a, 4)) & Vector256.Create(0x0f0f0f0f);
        return Vector256.ShiftRightLogical(a * Vector256.Create(0x01010101), 24);
    }

    /// <summary>Number of zero bits above the highest one, each lane; 32 for 0.</summary>
    internal static Vector256<int> LeadingZeros(Vector256<int> a)
    {
        // Ones below the highest one, then count.
        a |= Vector256.ShiftRightLogical(a, 1);
        a |= Vector256.ShiftRightLogical(a, 2);
        a |= Vector256.ShiftRightLogical(a, 4);
        a |= Vector256.ShiftRightLogical(a, 8);
        a |= Vector256.ShiftRightLogical(a, 16);
        return Vector256.Create(32) - PopCount(a);
    }

    /// <summary>Number of zero bits below the lowest one, each lane; 32 for 0.</summary>
    internal static Vector256<int> TrailingZeros(Vector256<int> a) => PopCount(~a & (a - Vector256<int>.One));

    /// <summary>Number of one bits, each 64-bit lane.</summary>
    internal static Vector256<int> PopCount(Vector512<long> a) => CountBits(a, static x => BitOperations.PopCount(x));

    /// <summary>Number of zero bits above the highest one, each 64-bit lane; 64 for 0.</summary>
    internal static Vector256<int> LeadingZeros(Vector512<long> a) => CountBits(a, static x => BitOperations.LeadingZeroCount(x));

    /// <summary>Number of zero bits below the lowest one, each 64-bit lane; 64 for 0.</summary>
    internal static Vector256<int> TrailingZeros(Vector512<long> a) => CountBits(a, static x => BitOperations.TrailingZeroCount(x));

    /// <summary>The quotient in the low half. Infinity and NaN (division by zero) leave zeros there, which is what is promised.</summary>
    [MethodImpl(Inline)]
    private static Vector256<long> Quotient(Vector256<double> a, Vector256<double> b) =>
        (Vector256.Truncate(a / b) + Vector256.Create(LowBits)).AsInt64();

    /// <summary>Exact for integers below 2^32: they become the low bits of 2^52 and something.</summary>
    [MethodImpl(Inline)]
    private static Vector256<double> ToDouble(Vector256<ulong> a) =>
        (a | Vector256.Create(0x4330000000000000UL)).AsDouble() - Vector256.Create(4503599627370496.0);

    [MethodImpl(Inline)]
    private static Vector512<ulong> Modulo64(Vector256<int> count) => Lanes.SignExtend32(count & Vector256.Create(63)).AsUInt64();

    private static Vector512<long> ShiftLanes(Vector512<long> a, Vector256<int> count, int kind)
    {
        var x = (long*)&a;
        var n = (int*)&count;
        for (var i = 0; i < Count; i++)
            x[i] = kind switch { 0 => x[i] << n[i], 1 => x[i] >> n[i], _ => x[i] >>> n[i] };
        return a;
    }

    private static Vector256<int> CountBits(Vector512<long> a, Func<ulong, int> count)
    {
        Unsafe.SkipInit(out Vector256<int> result);
        for (var i = 0; i < Count; i++)
            ((int*)&result)[i] = count(((ulong*)&a)[i]);
        return result;
    }
}
