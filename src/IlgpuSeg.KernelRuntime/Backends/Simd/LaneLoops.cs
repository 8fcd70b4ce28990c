using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace IlgpuSeg.KernelRuntime.Backends.Simd;

/// <summary>Operations without a vector instruction worth having, lane by lane. Kept out of line.</summary>
internal static unsafe class LaneLoops
{
    private const int Count = Lanes.Count;

    public static Vector256<int> Shift(Vector256<int> a, Vector256<int> count, int kind)
    {
        int* x = (int*)&a, n = (int*)&count;
        for (var i = 0; i < Count; i++)
        {
            x[i] = kind switch { 0 => x[i] << n[i], 1 => x[i] >> n[i], _ => x[i] >>> n[i] };
        }

        return a;
    }

    public static Vector512<long> Shift(Vector512<long> a, Vector256<int> count, int kind)
    {
        var x = (long*)&a;
        var n = (int*)&count;
        for (var i = 0; i < Count; i++)
        {
            x[i] = kind switch { 0 => x[i] << n[i], 1 => x[i] >> n[i], _ => x[i] >>> n[i] };
        }

        return a;
    }

    // Lanes that are switched off may hold any divisor; they must not fault.
    public static Vector256<int> Div(Vector256<int> a, Vector256<int> b)
    {
        int* x = (int*)&a, y = (int*)&b;
        for (var i = 0; i < Count; i++)
        {
            x[i] = y[i] is 0 or -1 ? -x[i] : x[i] / y[i];
        }

        return a;
    }

    public static Vector256<int> DivUn(Vector256<int> a, Vector256<int> b)
    {
        uint* x = (uint*)&a, y = (uint*)&b;
        for (var i = 0; i < Count; i++)
        {
            x[i] = y[i] == 0 ? 0 : x[i] / y[i];
        }

        return a;
    }

    public static Vector512<long> Div(Vector512<long> a, Vector512<long> b)
    {
        long* x = (long*)&a, y = (long*)&b;
        for (var i = 0; i < Count; i++)
        {
            x[i] = y[i] is 0 or -1 ? -x[i] : x[i] / y[i];
        }

        return a;
    }

    public static Vector512<long> DivUn(Vector512<long> a, Vector512<long> b)
    {
        ulong* x = (ulong*)&a, y = (ulong*)&b;
        for (var i = 0; i < Count; i++)
        {
            x[i] = y[i] == 0 ? 0 : x[i] / y[i];
        }

        return a;
    }

    public static Vector256<float> Rem(Vector256<float> a, Vector256<float> b)
    {
        float* x = (float*)&a, y = (float*)&b;
        for (var i = 0; i < Count; i++)
        {
            x[i] %= y[i];
        }

        return a;
    }

    public static Vector512<double> Rem(Vector512<double> a, Vector512<double> b)
    {
        double* x = (double*)&a, y = (double*)&b;
        for (var i = 0; i < Count; i++)
        {
            x[i] %= y[i];
        }

        return a;
    }

    public static Vector256<float> ToSingle(Vector512<long> a)
    {
        Unsafe.SkipInit(out Vector256<float> result);
        for (var i = 0; i < Count; i++)
        {
            ((float*)&result)[i] = ((long*)&a)[i];
        }

        return result;
    }

    public static Vector256<float> UnsignedToSingle(Vector256<int> a)
    {
        Unsafe.SkipInit(out Vector256<float> result);
        for (var i = 0; i < Count; i++)
        {
            ((float*)&result)[i] = ((uint*)&a)[i];
        }

        return result;
    }

    public static Vector256<float> UnsignedToSingle(Vector512<long> a)
    {
        Unsafe.SkipInit(out Vector256<float> result);
        for (var i = 0; i < Count; i++)
        {
            ((float*)&result)[i] = ((ulong*)&a)[i];
        }

        return result;
    }

    public static Vector512<long> ToLong(Vector256<float> a)
    {
        Unsafe.SkipInit(out Vector512<long> result);
        for (var i = 0; i < Count; i++)
        {
            ((long*)&result)[i] = (long)((float*)&a)[i];
        }

        return result;
    }

    public static Vector512<long> ToULong(Vector256<float> a)
    {
        Unsafe.SkipInit(out Vector512<long> result);
        for (var i = 0; i < Count; i++)
        {
            ((ulong*)&result)[i] = (ulong)((float*)&a)[i];
        }

        return result;
    }

    public static Vector256<int> ToInt(Vector512<double> a)
    {
        Unsafe.SkipInit(out Vector256<int> result);
        for (var i = 0; i < Count; i++)
        {
            ((int*)&result)[i] = (int)((double*)&a)[i];
        }

        return result;
    }

    public static Vector256<int> ToUInt(Vector512<double> a)
    {
        Unsafe.SkipInit(out Vector256<int> result);
        for (var i = 0; i < Count; i++)
        {
            ((uint*)&result)[i] = (uint)((double*)&a)[i];
        }

        return result;
    }

    public static Vector256<float> HalfToFloat(Vector256<int> a)
    {
        Unsafe.SkipInit(out Vector256<float> result);
        for (var i = 0; i < Count; i++)
        {
            ((float*)&result)[i] = Lanes.HalfToFloat(((int*)&a)[i]);
        }

        return result;
    }

    public static Vector256<int> FloatToHalf(Vector256<float> a)
    {
        Unsafe.SkipInit(out Vector256<int> result);
        for (var i = 0; i < Count; i++)
        {
            ((int*)&result)[i] = Lanes.FloatToHalf(((float*)&a)[i]);
        }

        return result;
    }

    public static Vector256<int> PopCount(Vector256<int> a) => Bits(a, static x => System.Numerics.BitOperations.PopCount(x));

    public static Vector256<int> LeadingZeros(Vector256<int> a) => Bits(a, static x => System.Numerics.BitOperations.LeadingZeroCount(x));

    public static Vector256<int> TrailingZeros(Vector256<int> a) => Bits(a, static x => System.Numerics.BitOperations.TrailingZeroCount(x));

    public static Vector256<int> PopCount(Vector512<long> a) => Bits(a, static x => System.Numerics.BitOperations.PopCount(x));

    public static Vector256<int> LeadingZeros(Vector512<long> a) => Bits(a, static x => System.Numerics.BitOperations.LeadingZeroCount(x));

    public static Vector256<int> TrailingZeros(Vector512<long> a) => Bits(a, static x => System.Numerics.BitOperations.TrailingZeroCount(x));

    private static Vector256<int> Bits(Vector256<int> a, Func<uint, int> count)
    {
        for (var i = 0; i < Count; i++)
        {
            ((int*)&a)[i] = count(((uint*)&a)[i]);
        }

        return a;
    }

    private static Vector256<int> Bits(Vector512<long> a, Func<ulong, int> count)
    {
        Unsafe.SkipInit(out Vector256<int> result);
        for (var i = 0; i < Count; i++)
        {
            ((int*)&result)[i] = count(((ulong*)&a)[i]);
        }

        return result;
    }
}
