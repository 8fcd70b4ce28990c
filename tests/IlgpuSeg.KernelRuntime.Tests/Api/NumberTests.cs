using ILGPU;
using ILGPU.Algorithms;
using Half = ILGPU.Half;

namespace IlgpuSeg.KernelRuntime.Tests.Api;

/// <summary>Half precision, bit patterns, and the mathematical functions of kernels.</summary>
public sealed class NumberTests
{
    [Fact]
    public void EveryHalfConvertsAsSystemHalfDoes()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            System.Half expected = BitConverter.UInt16BitsToHalf((ushort)bits);
            Half half = Interop.IntAsFloat((ushort)bits);
            Assert.Equal((float)expected, (float)half);
            Assert.Equal(System.Half.IsNaN(expected), Half.IsNaN(half));
            Assert.Equal(System.Half.IsFinite(expected), Half.IsFinite(half));
            Assert.Equal(System.Half.IsInfinity(expected), Half.IsInfinity(half));
            if (!Half.IsNaN(half))
            {
                Assert.Equal((ushort)bits, Interop.FloatAsInt((Half)(float)half));
                Assert.Equal((ushort)bits, Interop.FloatAsInt((Half)(double)half));
                Assert.Equal((float)-expected, (float)-half);
            }
        }
    }

    [Fact]
    public void HalfRoundsToNearestEven()
    {
        var random = new Random(3);
        for (int i = 0; i < 20_000; i++)
        {
            float value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            if (float.IsNaN(value))
                continue;
            Assert.Equal(BitConverter.HalfToUInt16Bits((System.Half)value), Interop.FloatAsInt((Half)value));
            double wide = value * (1 + 1e-12);
            Assert.Equal(BitConverter.HalfToUInt16Bits((System.Half)wide), Interop.FloatAsInt((Half)wide));
        }
        // A tie in float that is none in double: rounding twice would go down to even.
        const double AlmostTie = 1 + (1 / 2048.0) + 1e-12;
        Assert.Equal(BitConverter.HalfToUInt16Bits((System.Half)AlmostTie), Interop.FloatAsInt((Half)AlmostTie));
    }

    [Fact]
    public void HalfArithmeticComparisonAndIntegers()
    {
        var a = (Half)1.5f;
        var b = (Half)(-2.25f);
        Assert.Equal((-0.75f, 3.75f, -3.375f), ((float)(a + b), (float)(a - b), (float)(a * b)));
        Assert.Equal((float)((System.Half)1.5f / (System.Half)(-2.25f)), (float)(a / b));
        Assert.True(b < a && a > b && a >= (Half)1.5f && b <= a && a != b && a == (Half)1.5);
        Half nan = Half.NaN;
        Assert.False(nan == Half.NaN || nan < a || nan >= a);
        Assert.True(nan != Half.NaN && !nan.Equals(a) && a.CompareTo(b) > 0);
        Assert.Equal((2, (short)-2, 1L, (byte)1), ((int)(Half)2.9f, (short)b, (long)a, (byte)a));
        Assert.Equal((float)System.Half.MaxValue, (float)(Half)65504);
        Assert.True(Half.IsPositiveInfinity((Half)65536) && Half.IsNegativeInfinity((Half)(-1e9f)));
        Assert.Equal(2.25f, (float)Half.Abs(b));
        Assert.Equal((1f, 0f, 65504f, -65504f), ((float)Half.One, (float)Half.Zero, (float)Half.MaxValue, (float)Half.MinValue));
        Assert.Equal(MathF.ScaleB(1, -24), (float)Half.Epsilon);
        Assert.True(Half.IsZero((Half)(-0.0f)) && Half.IsNaN(Half.NaN) && Half.Zero.GetHashCode() == ((Half)(-0.0f)).GetHashCode());
    }

    [Fact]
    public void BitPatternsAndSizes()
    {
        Assert.Equal(0x3F800000u, Interop.FloatAsInt(1.0f));
        Assert.Equal(1.0f, Interop.IntAsFloat(0x3F800000u));
        Assert.Equal(0x3FF0000000000000UL, Interop.FloatAsInt(1.0));
        Assert.Equal(1.0, Interop.IntAsFloat(0x3FF0000000000000UL));
        Assert.Equal((8, 2, 4), (Interop.SizeOf<double>(), Interop.SizeOf<Half>(), Interop.SizeOf(1.5f)));
        Assert.Equal((0, 8), (Interop.ComputeAlignmentOffset(64, 16), Interop.ComputeAlignmentOffset(24, 16)));
        Assert.Equal(1, Interop.ComputeAlignmentOffset(31, 32));
        Assert.Equal((3L, 1L), (Interop.ComputeRelativeSizeOf<long, int>(5), Interop.ComputeRelativeSizeOf<long, byte>(1)));
    }

    [Fact]
    public void IntegerFunctions()
    {
        Assert.Equal((5, int.MinValue, 5L), (XMath.Abs(-5), XMath.Abs(int.MinValue), IntrinsicMath.Abs(-5L)));
        Assert.Equal(((short)5, (sbyte)-128), (XMath.Abs((short)-5), IntrinsicMath.Abs((sbyte)-128)));
        Assert.Equal((7, 3u, (byte)4), (XMath.Max(7, -7), XMath.Min(3u, 9u), XMath.Clamp((byte)2, (byte)4, (byte)9)));
        Assert.Equal((3, 4, 4L), (XMath.DivRoundDown(10, 3), XMath.DivRoundUp(10, 3), IntrinsicMath.DivRoundUp(12L, 3)));
        Assert.Equal((32, 1, 64, 3), (XMath.PopCount(-1), XMath.PopCount(4u), IntrinsicMath.PopCount(-1L), XMath.PopCount(7UL)));
        Assert.Equal((0, 31), (XMath.LeadingZeroCount(-1), XMath.LeadingZeroCount(1)));
        Assert.Equal((32, 63), (XMath.LeadingZeroCount(0u), IntrinsicMath.LeadingZeroCount(1L)));
        Assert.Equal((0, 4), (XMath.TrailingZeroCount(-1), XMath.TrailingZeroCount(16)));
        Assert.Equal((32, 40), (XMath.TrailingZeroCount(0), IntrinsicMath.TrailingZeroCount(1L << 40)));
    }

    [Fact]
    public void NumbersWinOverNaN()
    {
        Assert.Equal((1f, 1f), (XMath.Max(1f, float.NaN), XMath.Min(float.NaN, 1f)));
        Assert.Equal((2.0, 2.0), (IntrinsicMath.Max(double.NaN, 2), IntrinsicMath.Min(2, double.NaN)));
        Assert.Equal(3.0, XMath.Clamp(5.0, 1, 3));
        Assert.Equal(-2f, IntrinsicMath.CopySign(2f, -0f));
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(-0.7)]
    [InlineData(1.5)]
    [InlineData(-2.5)]
    [InlineData(20.25)]
    public void FunctionsAreThoseOfTheBaseLibrary(double x)
    {
        (Func<double, double> Function, Func<float, float> Narrow, Func<double, double> Reference)[] functions =
        [
            (XMath.Exp, XMath.Exp, Math.Exp), (XMath.Sin, XMath.Sin, Math.Sin), (XMath.Cos, XMath.Cos, Math.Cos),
            (XMath.Tan, XMath.Tan, Math.Tan), (XMath.Tanh, XMath.Tanh, Math.Tanh), (XMath.Sinh, XMath.Sinh, Math.Sinh),
            (XMath.Cosh, XMath.Cosh, Math.Cosh), (XMath.Atan, XMath.Atan, Math.Atan), (XMath.Asin, XMath.Asin, Math.Asin),
            (XMath.Acos, XMath.Acos, Math.Acos), (XMath.Log, XMath.Log, Math.Log), (XMath.Log2, XMath.Log2, Math.Log2),
            (XMath.Log10, XMath.Log10, Math.Log10), (XMath.Sqrt, XMath.Sqrt, Math.Sqrt), (XMath.Floor, XMath.Floor, Math.Floor),
            (XMath.Ceiling, XMath.Ceiling, Math.Ceiling), (XMath.Truncate, XMath.Truncate, Math.Truncate),
            (XMath.Round, XMath.Round, Math.Round), (XMath.RoundToEven, XMath.RoundToEven, Math.Round),
            (XMath.Abs, XMath.Abs, Math.Abs), (XMath.Exp2, XMath.Exp2, v => Math.Pow(2, v)),
            (XMath.Rsqrt, XMath.Rsqrt, v => 1 / Math.Sqrt(v)), (XMath.Rcp, XMath.Rcp, v => 1 / v),
            (XMath.DegToRad, XMath.DegToRad, v => v * Math.PI / 180), (XMath.RadToDeg, XMath.RadToDeg, v => v * 180 / Math.PI),
            (XMath.RoundAwayFromZero, XMath.RoundAwayFromZero, v => Math.Round(v, MidpointRounding.AwayFromZero)),
        ];
        foreach ((Func<double, double> function, Func<float, float> narrow, Func<double, double> reference) in functions)
        {
            AssertNear(reference(x), function(x), 1e-14);
            AssertNear(reference((float)x), narrow((float)x), 1e-6);
        }
        Assert.Equal(Math.Pow(2.5, x), XMath.Pow(2.5, x));
        Assert.Equal(Math.Atan2(x, -2), XMath.Atan2(x, -2));
        Assert.Equal((Math.IEEERemainder(x, 0.4), x % 0.4), (XMath.IEEERemainder(x, 0.4), XMath.Rem(x, 0.4)));
        Assert.Equal(Math.Sign(x), XMath.Sign(x));
        XMath.SinCos(x, out double sin, out double cos);
        Assert.Equal((Math.Sin(x), Math.Cos(x)), (sin, cos));
        Assert.True(XMath.IsFinite(x) && !XMath.IsNaN((float)x) && XMath.IsInfinity(x / 0) && XMath.IsNaN(double.NaN));
    }

    [Fact]
    public void LogarithmToABaseAndConstants()
    {
        Assert.Equal(3.0, XMath.Log(8.0, 2.0), 1e-15);
        Assert.Equal((Math.E, Math.PI, Math.PI / 2), (XMath.ED, XMath.PID, XMath.PIHalfD));
        Assert.Equal((MathF.E, MathF.PI, MathF.Log(2)), (XMath.E, XMath.PI, XMath.Ln2));
        Assert.Equal((1 / MathF.Sqrt(2), 1 / 3f), (XMath.OneOverSqrt2, XMath.OneThird));
    }

    private static void AssertNear(double expected, double actual, double tolerance)
    {
        if (double.IsNaN(expected))
            Assert.True(double.IsNaN(actual));
        else
            Assert.Equal(expected, actual, tolerance * Math.Max(1, Math.Abs(expected)));
    }
}
