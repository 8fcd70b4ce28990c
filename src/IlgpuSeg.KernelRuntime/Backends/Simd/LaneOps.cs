using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>
/// What emitted code calls for operations on eight lanes that no single Vector method gives: masks, lane exchange, reductions (this file),
/// integers, conversions and memory (the other parts).
/// <para>
/// Lanes of 32 bits live in Vector256 (int, float), lanes of 64 bits in Vector512 (long, double), bool lanes as a mask of all ones or
/// zeros in Vector256&lt;int&gt;. Unsigned integers share the signed type; operations whose result depends on the sign come twice.
/// </para>
/// </summary>
internal static partial class LaneOps
{
    /// <summary>Lanes of a warp.</summary>
    internal const int Count = 8;

    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private static Vector256<int> Iota => Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7);

    /// <summary>The mask of the first <paramref name="count"/> lanes (all for 8 and more, none for 0 and less).</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> FirstLanes(int count) => Vector256.LessThan(Iota, Vector256.Create(count));

    /// <summary>The same condition in all lanes.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> MaskOf(bool condition) => Vector256.Create(condition ? -1 : 0);

    [MethodImpl(Inline)]
    internal static bool Any(Vector256<int> mask) => mask != Vector256<int>.Zero;

    [MethodImpl(Inline)]
    internal static bool None(Vector256<int> mask) => mask == Vector256<int>.Zero;

    [MethodImpl(Inline)]
    internal static bool All(Vector256<int> mask) => mask == Vector256<int>.AllBitsSet;

    /// <summary>Bit i is lane i's condition.</summary>
    [MethodImpl(Inline)]
    internal static int Ballot(Vector256<int> mask) => (int)mask.ExtractMostSignificantBits();

    /// <summary>How many lanes hold.</summary>
    [MethodImpl(Inline)]
    internal static int CountLanes(Vector256<int> mask) => BitOperations.PopCount(mask.ExtractMostSignificantBits());

    /// <summary>The lowest lane that holds; 32 if none does.</summary>
    [MethodImpl(Inline)]
    internal static int FirstLane(Vector256<int> mask) => BitOperations.TrailingZeroCount(mask.ExtractMostSignificantBits());

    /// <summary>1 where the mask holds, else 0: a bool as IL sees it.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> ToInt(Vector256<int> mask) => Vector256.ShiftRightLogical(mask, 31);

    /// <summary>A mask of 32-bit lanes as one of 64-bit lanes.</summary>
    [MethodImpl(Inline)]
    internal static Vector512<long> Widen(Vector256<int> mask) => SignExtend(mask);

    /// <summary>A mask of 64-bit lanes as one of 32-bit lanes.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> Narrow(Vector512<long> mask) => Truncate(mask);

    [MethodImpl(Inline)]
    internal static Vector256<int> Select(Vector256<int> mask, Vector256<int> whenTrue, Vector256<int> whenFalse) =>
        Vector256.ConditionalSelect(mask, whenTrue, whenFalse);

    [MethodImpl(Inline)]
    internal static Vector256<float> Select(Vector256<int> mask, Vector256<float> whenTrue, Vector256<float> whenFalse) =>
        Vector256.ConditionalSelect(mask.AsSingle(), whenTrue, whenFalse);

    [MethodImpl(Inline)]
    internal static Vector512<long> Select(Vector256<int> mask, Vector512<long> whenTrue, Vector512<long> whenFalse) =>
        Vector512.ConditionalSelect(Widen(mask), whenTrue, whenFalse);

    [MethodImpl(Inline)]
    internal static Vector512<double> Select(Vector256<int> mask, Vector512<double> whenTrue, Vector512<double> whenFalse) =>
        Vector512.ConditionalSelect(Widen(mask).AsDouble(), whenTrue, whenFalse);

    // Exchange between lanes, as PTX's shfl.sync in a warp of eight: the lane number is taken modulo 8; a source beyond the warp's
    // ends gives the lane its own value. All lanes' values are there, so a source that is masked off gives what it last held.

    /// <summary>The lane each lane reads: <paramref name="lane"/> modulo 8.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> SourceLane(Vector256<int> lane) => lane & Vector256.Create(7);

    /// <summary>The source of a shuffle up: the lane <paramref name="delta"/> (modulo 8) below, or the lane itself.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> SourceUp(Vector256<int> delta)
    {
        var source = Iota - (delta & Vector256.Create(7));
        return Vector256.ConditionalSelect(Vector256.LessThan(source, Vector256<int>.Zero), Iota, source);
    }

    /// <summary>The source of a shuffle down: the lane <paramref name="delta"/> (modulo 8) above, or the lane itself.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> SourceDown(Vector256<int> delta)
    {
        var source = Iota + (delta & Vector256.Create(7));
        return Vector256.ConditionalSelect(Vector256.GreaterThan(source, Vector256.Create(7)), Iota, source);
    }

    /// <summary>The source of a butterfly exchange.</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> SourceXor(Vector256<int> laneMask) => Iota ^ (laneMask & Vector256.Create(7));

    /// <summary>Lane i gets the value of lane source[i]; sources must lie in [0, 8).</summary>
    [MethodImpl(Inline)]
    internal static Vector256<int> Permute(Vector256<int> value, Vector256<int> source) =>
        Avx2.IsSupported ? Avx2.PermuteVar8x32(value, source) : Vector256.Shuffle(value, source);

    /// <inheritdoc cref="Permute(Vector256{int}, Vector256{int})"/>
    [MethodImpl(Inline)]
    internal static Vector256<float> Permute(Vector256<float> value, Vector256<int> source) =>
        Permute(value.AsInt32(), source).AsSingle();

    /// <inheritdoc cref="Permute(Vector256{int}, Vector256{int})"/>
    [MethodImpl(Inline)]
    internal static Vector512<long> Permute(Vector512<long> value, Vector256<int> source)
    {
        if (Avx512F.IsSupported)
            return Avx512F.PermuteVar8x64(value, SignExtend(source));
        // Both halves of the lanes' bits travel as 32-bit lanes.
        var low = Permute(Truncate(value), source);
        var high = Permute(Truncate(Vector512.ShiftRightLogical(value, 32)), source);
        return Vector512.ShiftLeft(SignExtend(high), 32) | ZeroExtend(low);
    }

    /// <inheritdoc cref="Permute(Vector256{int}, Vector256{int})"/>
    [MethodImpl(Inline)]
    internal static Vector512<double> Permute(Vector512<double> value, Vector256<int> source) =>
        Permute(value.AsInt64(), source).AsDouble();

    // Reductions in the order of a butterfly over distances 4, 2, 1: ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)), on every CPU.

    /// <summary>Sum of the lanes in the butterfly's order.</summary>
    [MethodImpl(Inline)]
    internal static float Sum(Vector256<float> value)
    {
        var four = value.GetLower() + value.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    /// <inheritdoc cref="Sum(Vector256{float})"/>
    [MethodImpl(Inline)]
    internal static double Sum(Vector512<double> value)
    {
        var four = value.GetLower() + value.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    /// <summary>Sum of the lanes, wrapping.</summary>
    [MethodImpl(Inline)]
    internal static int Sum(Vector256<int> value) => Vector256.Sum(value);

    /// <summary>Sum of the lanes, wrapping.</summary>
    [MethodImpl(Inline)]
    internal static long Sum(Vector512<long> value) => Vector512.Sum(value);

    /// <summary>Largest lane; NaN if any lane is.</summary>
    [MethodImpl(Inline)]
    internal static float Max(Vector256<float> value)
    {
        var four = Vector128.Max(value.GetLower(), value.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[2]), MathF.Max(four[1], four[3]));
    }

    /// <summary>Smallest lane; NaN if any lane is.</summary>
    [MethodImpl(Inline)]
    internal static float Min(Vector256<float> value)
    {
        var four = Vector128.Min(value.GetLower(), value.GetUpper());
        return MathF.Min(MathF.Min(four[0], four[2]), MathF.Min(four[1], four[3]));
    }
}
