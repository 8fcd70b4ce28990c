using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Ir;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>Atomic updates, lane after lane; each yields what was there before.</summary>
internal static unsafe class LaneAtomics
{
    public static Vector256<int> Apply(Vector512<long> addresses, Vector256<int> value, Vector256<int> comparand, Vector256<int> mask, int kind)
    {
        var result = Vector256<int>.Zero;
        for (var bits = Vector256.ExtractMostSignificantBits(mask); bits != 0; bits &= bits - 1)
        {
            var lane = BitOperations.TrailingZeroCount(bits);
            ((int*)&result)[lane] = Update(
                ref *(int*)((long*)&addresses)[lane], ((int*)&value)[lane], ((int*)&comparand)[lane], (AtomicKind)kind);
        }

        return result;
    }

    public static Vector512<long> Apply(Vector512<long> addresses, Vector512<long> value, Vector512<long> comparand, Vector256<int> mask, int kind)
    {
        var result = Vector512<long>.Zero;
        for (var bits = Vector256.ExtractMostSignificantBits(mask); bits != 0; bits &= bits - 1)
        {
            var lane = BitOperations.TrailingZeroCount(bits);
            ((long*)&result)[lane] = Update(
                ref *(long*)((long*)&addresses)[lane], ((long*)&value)[lane], ((long*)&comparand)[lane], (AtomicKind)kind);
        }

        return result;
    }

    public static Vector256<float> Apply(Vector512<long> addresses, Vector256<float> value, Vector256<float> comparand, Vector256<int> mask, int kind)
    {
        var result = Vector256<float>.Zero;
        for (var bits = Vector256.ExtractMostSignificantBits(mask); bits != 0; bits &= bits - 1)
        {
            var lane = BitOperations.TrailingZeroCount(bits);
            ((float*)&result)[lane] = Update(
                ref *(float*)((long*)&addresses)[lane], ((float*)&value)[lane], ((float*)&comparand)[lane], (AtomicKind)kind);
        }

        return result;
    }

    public static Vector512<double> Apply(
        Vector512<long> addresses, Vector512<double> value, Vector512<double> comparand, Vector256<int> mask, int kind)
    {
        var result = Vector512<double>.Zero;
        for (var bits = Vector256.ExtractMostSignificantBits(mask); bits != 0; bits &= bits - 1)
        {
            var lane = BitOperations.TrailingZeroCount(bits);
            ((double*)&result)[lane] = Update(
                ref *(double*)((long*)&addresses)[lane], ((double*)&value)[lane], ((double*)&comparand)[lane], (AtomicKind)kind);
        }

        return result;
    }

    private static int Update(ref int target, int value, int comparand, AtomicKind kind)
    {
        switch (kind)
        {
            case AtomicKind.Add: return Interlocked.Add(ref target, value) - value;
            case AtomicKind.And: return Interlocked.And(ref target, value);
            case AtomicKind.Or: return Interlocked.Or(ref target, value);
            case AtomicKind.Exchange: return Interlocked.Exchange(ref target, value);
            case AtomicKind.CompareExchange: return Interlocked.CompareExchange(ref target, value, comparand);
        }

        while (true)
        {
            var old = Volatile.Read(ref target);
            var next = kind switch
            {
                AtomicKind.Min => System.Math.Min(old, value),
                AtomicKind.Max => System.Math.Max(old, value),
                AtomicKind.MinUn => (int)System.Math.Min((uint)old, (uint)value),
                AtomicKind.MaxUn => (int)System.Math.Max((uint)old, (uint)value),
                _ => old ^ value,
            };
            if (Interlocked.CompareExchange(ref target, next, old) == old)
            {
                return old;
            }
        }
    }

    private static long Update(ref long target, long value, long comparand, AtomicKind kind)
    {
        switch (kind)
        {
            case AtomicKind.Add: return Interlocked.Add(ref target, value) - value;
            case AtomicKind.And: return Interlocked.And(ref target, value);
            case AtomicKind.Or: return Interlocked.Or(ref target, value);
            case AtomicKind.Exchange: return Interlocked.Exchange(ref target, value);
            case AtomicKind.CompareExchange: return Interlocked.CompareExchange(ref target, value, comparand);
        }

        while (true)
        {
            var old = Volatile.Read(ref target);
            var next = kind switch
            {
                AtomicKind.Min => System.Math.Min(old, value),
                AtomicKind.Max => System.Math.Max(old, value),
                AtomicKind.MinUn => (long)System.Math.Min((ulong)old, (ulong)value),
                AtomicKind.MaxUn => (long)System.Math.Max((ulong)old, (ulong)value),
                _ => old ^ value,
            };
            if (Interlocked.CompareExchange(ref target, next, old) == old)
            {
                return old;
            }
        }
    }

    private static float Update(ref float target, float value, float comparand, AtomicKind kind)
    {
        ref var bits = ref Unsafe.As<float, int>(ref target);
        if (kind is AtomicKind.Exchange or AtomicKind.CompareExchange)
        {
            return BitConverter.Int32BitsToSingle(Update(
                ref bits, BitConverter.SingleToInt32Bits(value), BitConverter.SingleToInt32Bits(comparand), kind));
        }

        while (true)
        {
            var old = Volatile.Read(ref bits);
            var current = BitConverter.Int32BitsToSingle(old);
            var next = kind switch
            {
                AtomicKind.Add => current + value,
                AtomicKind.Min => float.MinNumber(current, value),
                _ => float.MaxNumber(current, value),
            };
            if (Interlocked.CompareExchange(ref bits, BitConverter.SingleToInt32Bits(next), old) == old)
            {
                return current;
            }
        }
    }

    private static double Update(ref double target, double value, double comparand, AtomicKind kind)
    {
        ref var bits = ref Unsafe.As<double, long>(ref target);
        if (kind is AtomicKind.Exchange or AtomicKind.CompareExchange)
        {
            return BitConverter.Int64BitsToDouble(Update(
                ref bits, BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(comparand), kind));
        }

        while (true)
        {
            var old = Volatile.Read(ref bits);
            var current = BitConverter.Int64BitsToDouble(old);
            var next = kind switch
            {
                AtomicKind.Add => current + value,
                AtomicKind.Min => double.MinNumber(current, value),
                _ => double.MaxNumber(current, value),
            };
            if (Interlocked.CompareExchange(ref bits, BitConverter.DoubleToInt64Bits(next), old) == old)
            {
                return current;
            }
        }
    }
}
