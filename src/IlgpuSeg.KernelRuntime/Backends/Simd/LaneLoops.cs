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
}
