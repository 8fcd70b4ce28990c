using ILGPU;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>Conversions between all numeric types: wrapping between integers, saturating from floating point, NaN to zero.</summary>
public sealed class ConversionTests : LanguageTest
{
    private const int Results = 10;

    private static readonly double[] Doubles =
    [
        0, -0.0, 1.5, -1.5, 127.9, 128, -129, 255.5, 256, 65_535.9, -32_769, 2_147_483_647, 2_147_483_648, -2_147_483_649, 4_294_967_296,
        9.3e18, -9.3e18, 1.8e19, 2e19, 1e300, -1e300, 1e-300, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 16_777_217, 0.1,
    ];

    private static readonly long[] Longs =
        [0, 1, -1, 127, 128, -129, 255, 256, 65_536, int.MaxValue, int.MinValue, 1L + int.MaxValue, long.MaxValue, long.MinValue, 16_777_217, (1L << 53) + 1];

    [Fact]
    public void FromDouble() => Agree<double, long>(FromDoubleKernel, Doubles, Results);

    [Fact]
    public void FromFloat() => Agree<float, long>(FromFloatKernel, [.. Doubles.Select(d => (float)d)], Results);

    [Fact]
    public void FromLong() => Agree<long, long>(FromLongKernel, Longs, Results);

    [Fact]
    public void FromInt() => Agree<int, long>(FromIntKernel, [.. Longs.Select(l => (int)l)], Results);

    [Fact]
    public void ToFloat() => Agree<long, float>(ToFloatKernel, Longs, Results);

    [Fact]
    public void ToDouble() => Agree<long, double>(ToDoubleKernel, Longs, Results);

    private static void FromDoubleKernel(ArrayView<double> x, ArrayView<long> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (v, o) = (x[i], i * Results);
        y[o] = (int)v;
        y[o + 1] = (uint)v;
        y[o + 2] = (long)v;
        y[o + 3] = (long)(ulong)v;
        y[o + 4] = (sbyte)(int)v;
        y[o + 5] = (ushort)(int)v;
        // Which NaN a conversion makes is the device's business.
        y[o + 6] = double.IsNaN(v) ? 0 : Interop.FloatAsInt((float)v);
    }

    private static void FromFloatKernel(ArrayView<float> x, ArrayView<long> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (v, o) = (x[i], i * Results);
        y[o] = (int)v;
        y[o + 1] = (uint)v;
        y[o + 2] = (long)v;
        y[o + 3] = (long)(ulong)v;
        y[o + 4] = (byte)(int)v;
        y[o + 5] = (short)(int)v;
        y[o + 6] = (int)(v * 2);
    }

    private static void FromLongKernel(ArrayView<long> x, ArrayView<long> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (v, o) = (x[i], i * Results);
        y[o] = (sbyte)v;
        y[o + 1] = (byte)v;
        y[o + 2] = (short)v;
        y[o + 3] = (ushort)v;
        y[o + 4] = (int)v;
        y[o + 5] = (uint)v;
        y[o + 6] = (char)v;
    }

    private static void FromIntKernel(ArrayView<int> x, ArrayView<long> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (v, o) = (x[i], i * Results);
        y[o] = (sbyte)v;
        y[o + 1] = (byte)v;
        y[o + 2] = (short)v;
        y[o + 3] = (ushort)v;
        y[o + 4] = (uint)v;
        y[o + 5] = (long)(ulong)v;
        y[o + 6] = (long)(ulong)(uint)v;
        y[o + 7] = (byte)((sbyte)v >> 1);
    }

    private static void ToFloatKernel(ArrayView<long> x, ArrayView<float> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (v, o) = (x[i], i * Results);
        y[o] = v;
        y[o + 1] = (ulong)v;
        y[o + 2] = (int)v;
        y[o + 3] = (uint)v;
        y[o + 4] = (sbyte)v;
        y[o + 5] = (ushort)v;
        y[o + 6] = (float)(double)v;
    }

    private static void ToDoubleKernel(ArrayView<long> x, ArrayView<double> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (v, o) = (x[i], i * Results);
        y[o] = v;
        y[o + 1] = (ulong)v;
        y[o + 2] = (int)v;
        y[o + 3] = (uint)v;
        y[o + 4] = (byte)v;
        y[o + 5] = (short)v;
        y[o + 6] = (float)v;
    }
}
