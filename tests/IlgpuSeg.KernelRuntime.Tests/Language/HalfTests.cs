using ILGPU;
using Half = ILGPU.Half;

namespace IlgpuSeg.KernelRuntime.Tests.Language;

/// <summary>Half: storage, conversions from all sides, arithmetic by way of float.</summary>
public sealed class HalfTests : LanguageTest
{
    private const int Results = 8;

    /// <summary>Every half, and every number half-way between two of them, exactly and just beside.</summary>
    private static double[] Doubles
    {
        get
        {
            var numbers = new List<double> { double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e300, -1e300, 1e-300, 65_519.999, 65_520, 3e-8, -2.9e-8 };
            for (var bits = 0; bits < 0x7c00; bits += bits < 64 ? 1 : 97)
            {
                var (low, high) = ((double)BitConverter.UInt16BitsToHalf((ushort)bits), (double)BitConverter.UInt16BitsToHalf((ushort)(bits + 1)));
                var middle = double.IsInfinity(high) ? low * 1.0002 : (low + high) / 2;
                numbers.AddRange([low, middle, Math.BitIncrement(middle), -Math.BitDecrement(middle), middle * (1 + 1e-9), -middle * (1 - 1e-9)]);
            }

            return [.. numbers];
        }
    }

    [Fact]
    public void FromDoubleInOneRounding()
    {
        var numbers = Doubles;
        // The reference itself: .NET's conversion is rounded correctly.
        Assert.All(numbers, d => Assert.Equal((System.Half)d, BitConverter.UInt16BitsToHalf(Interop.FloatAsInt((Half)d))));
        var config = new KernelConfig((numbers.Length + 31) / 32, 32);
        AgreeGrouped<double, int>(FromDoubleKernel, numbers, numbers.Length, config, numbers.Length);
    }

    [Fact]
    public void FromFloat() => Agree<float, int>(FromFloatKernel, [.. Doubles.Select(d => (float)d).Where(f => !float.IsNaN(f))]);

    [Fact]
    public void FromIntegers() => Agree<long, int>(
        FromIntegersKernel, [0, 1, -1, 2047, 2048, 2049, 2051, -4098, -4099, 65_519, 65_520, 1 << 20, int.MaxValue, long.MinValue, (1L << 40) + 1], Results);

    [Fact]
    public void ToOthers() => Agree<ushort, long>(ToOthersKernel, [0, 0x8000, 1, 0x3c00, 0xc500, 0x5640, 0x7bff, 0xfbff, 0x03ff, 0x0400, 0x5bff], Results);

    [Fact]
    public void Arithmetic() => Agree<ushort, int>(ArithmeticKernel, [0x3c00, 0xc500, 0x5640, 0x7bff, 1, 0x03ff, 0x3555, 0x2e66, 0x6400], Results);

    [Fact]
    public void InStructsAndArrays() => Agree<Half, Half>(ArrayKernel, [Half.One, (Half)(-2.5f), (Half)0.1f, Half.MaxValue, Half.Epsilon]);

    private static void FromDoubleKernel(ArrayView<double> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        // Which NaN a conversion makes is the device's business.
        if (i < n)
            y[i] = double.IsNaN(x[i]) ? 0 : Interop.FloatAsInt((Half)x[i]);
    }

    private static void FromFloatKernel(ArrayView<float> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i < n)
            y[i] = Interop.FloatAsInt((Half)x[i]);
    }

    private static void FromIntegersKernel(ArrayView<long> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (v, o) = (x[i], i * Results);
        y[o] = Interop.FloatAsInt((Half)v);
        y[o + 1] = Interop.FloatAsInt((Half)(int)v);
        y[o + 2] = Interop.FloatAsInt((Half)(uint)v);
        y[o + 3] = Interop.FloatAsInt((Half)(ulong)v);
        y[o + 4] = Interop.FloatAsInt((Half)(short)v);
        y[o + 5] = Interop.FloatAsInt((Half)(ushort)v);
        y[o + 6] = Interop.FloatAsInt((Half)(sbyte)v);
        y[o + 7] = Interop.FloatAsInt((Half)(byte)v);
    }

    private static void ToOthersKernel(ArrayView<ushort> x, ArrayView<long> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (h, o) = (Interop.IntAsFloat(x[i]), i * Results);
        y[o] = (int)h;
        y[o + 1] = (long)h;
        y[o + 2] = (short)(int)h;
        y[o + 3] = Interop.FloatAsInt((float)h);
        y[o + 4] = (long)Interop.FloatAsInt((double)h);
        y[o + 5] = Interop.FloatAsInt(-h);
        y[o + 6] = Interop.FloatAsInt(Half.Abs(h));
        y[o + 7] = (Half.IsFinite(h) ? 1 : 0) + (Half.IsZero(h) ? 2 : 0);
    }

    private static void ArithmeticKernel(ArrayView<ushort> x, ArrayView<int> y, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
            return;
        var (a, b, o) = (Interop.IntAsFloat(x[i]), Interop.IntAsFloat(x[(i + 1) % n]), i * Results);
        y[o] = Interop.FloatAsInt(a + b);
        y[o + 1] = Interop.FloatAsInt(a - b);
        y[o + 2] = Interop.FloatAsInt(a * b);
        y[o + 3] = Interop.FloatAsInt(a / b);
        y[o + 4] = (a < b ? 1 : 0) + (a <= b ? 2 : 0) + (a == b ? 4 : 0) + (a != b ? 8 : 0);
    }

    private static void ArrayKernel(ArrayView<Half> x, ArrayView<Half> y, int n)
    {
        var shared = SharedMemory.Allocate<Half>(64);
        var local = LocalMemory.Allocate1D<Half>(3);
        var i = Grid.GlobalIndex.X;
        var value = i < n ? x[i] : Half.Zero;
        shared[Group.IdxX] = value;
        local[0] = value;
        local[1] = Half.One;
        local[2] = -value;
        Group.Barrier();
        if (i < n)
            y[i] = shared[Group.DimX - 1 - Group.IdxX] + local[i % 3];
    }
}
