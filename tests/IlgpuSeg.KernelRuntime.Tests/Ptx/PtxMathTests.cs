using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Backends.Ptx;
using IlgpuSeg.KernelRuntime.Backends.Simd;
using IlgpuSeg.KernelRuntime.Tests.Simd;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Ptx;

/// <summary>
/// Math functions as PTX have the bits of the code that they are inlined from: LaneMath, whose errors its own tests hold, and ScalarMath,
/// whose errors are held here.
/// </summary>
public sealed class PtxMathTests
{
    private const int Count = 300;

    internal interface IFunction
    {
        static abstract float Apply(float x);

        static abstract double Apply(double x);
    }

    public static TheoryData<string, double> Bounds => new()
    {
        { "Sin", 1 }, { "Cos", 1 }, { "Tan", 3 }, { "Asin", 4 }, { "Acos", 4 }, { "Atan", 2 }, { "Sinh", 2 }, { "Cosh", 2 },
    };

    private static double[] Doubles => [.. Seams(), .. RandomBits(Count)];

    private static float[] Floats =>
        [.. Seams().Select(d => (float)d), .. new Random(3).GetItems(Enumerable.Range(0, 1 << 16).ToArray(), Count).Select((h, i) => BitConverter.Int32BitsToSingle((h << 16) + i))];

    [Fact]
    public void ExpHasItsBits() => Same<ExpFunction>(x => LaneMath.Exp(Vector256.Create(x))[0], x => LaneMath.Exp(Vector256.Create(x))[0]);

    [Fact]
    public void Exp2HasItsBits() => Same<Exp2Function>(x => LaneMath.Exp2(Vector256.Create(x))[0], x => LaneMath.Exp2(Vector256.Create(x))[0]);

    [Fact]
    public void LogHasItsBits() => Same<LogFunction>(x => LaneMath.Log(Vector256.Create(x))[0], x => LaneMath.Log(Vector256.Create(x))[0]);

    [Fact]
    public void Log2HasItsBits() => Same<Log2Function>(x => LaneMath.Log2(Vector256.Create(x))[0], x => LaneMath.Log2(Vector256.Create(x))[0]);

    [Fact]
    public void Log10HasItsBits() => Same<Log10Function>(x => LaneMath.Log10(Vector256.Create(x))[0], x => LaneMath.Log10(Vector256.Create(x))[0]);

    [Fact]
    public void TanhHasItsBits() => Same<TanhFunction>(x => LaneMath.Tanh(Vector256.Create(x))[0], x => LaneMath.Tanh(Vector256.Create(x))[0]);

    [Fact]
    public void ErfHasItsBits() => Same<ErfFunction>(x => LaneMath.Erf(Vector256.Create(x))[0], x => LaneMath.Erf(Vector256.Create(x))[0]);

    [Fact]
    public void RootsAreRoundedCorrectly()
    {
        Same<SqrtFunction>(MathF.Sqrt, Math.Sqrt);
        Same<RsqrtFunction>(x => 1 / MathF.Sqrt(x), x => 1 / Math.Sqrt(x));
        Same<RcpFunction>(x => 1 / x, x => 1 / x);
    }

    [Fact]
    public void RoundingsAreExact()
    {
        Same<FloorFunction>(MathF.Floor, Math.Floor);
        Same<CeilingFunction>(MathF.Ceiling, Math.Ceiling);
        Same<TruncateFunction>(MathF.Truncate, Math.Truncate);
        Same<RoundFunction>(MathF.Round, Math.Round);
    }

    [Fact]
    public void TheRestHasTheBitsOfItsCode()
    {
        Same<SinFunction>(ScalarMath.Sin, ScalarMath.Sin);
        Same<TanFunction>(ScalarMath.Tan, ScalarMath.Tan);
        Same<AcosFunction>(ScalarMath.Acos, ScalarMath.Acos);
        Same<SinhFunction>(ScalarMath.Sinh, ScalarMath.Sinh);
        Same<PowFunction>(x => ScalarMath.Pow(x, 2.5f), x => ScalarMath.Pow(x, 2.5));
        Same<Atan2Function>(x => ScalarMath.Atan2(x, -0.75f), x => ScalarMath.Atan2(x, -0.75));
        Same<RemFunction>(x => x % 0.3f, x => x % 0.3);
    }

    [Theory]
    [MemberData(nameof(Bounds))]
    public void StaysWithinItsStatedError(string name, double bound)
    {
        var (code, exact) = Find(name);
        foreach (var x in Seams().Concat(RandomBits(20_000)).Concat(Ordinary(30_000)))
        {
            if (name is "Sin" or "Cos" or "Tan" && Math.Abs(x) > 1e12)
                continue;
            // .NET's own results are within one ulp.
            var error = Ulp.Of(code(x), exact(x));
            Assert.True(error <= bound + 1, $"{name}({x:R}) is {code(x):R}, {error:F2} ulp from {exact(x):R}");
        }
    }

    [Fact]
    public void RemaindersAreExact()
    {
        var values = Seams().Concat(RandomBits(100)).ToArray();
        foreach (var x in values)
        {
            foreach (var y in values)
                Assert.Equal(BitConverter.DoubleToInt64Bits(Quiet(x % y)), BitConverter.DoubleToInt64Bits(Quiet(ScalarMath.Rem(x, y))));
        }

        static double Quiet(double x) => double.IsNaN(x) ? 0 : x;
    }

    [Fact]
    public void PowersStayWithinTheirStatedError()
    {
        var random = new Random(5);
        double[] exponents = [0, -0.0, 1, -1, 2, 3, -3, 0.5, 1.0 / 3, 1e10, -1e-10, 1023.5, -1070.25, 9007199254740993, double.PositiveInfinity, double.NegativeInfinity, double.NaN];
        foreach (var x in Seams().Concat(RandomBits(500)).Concat(Ordinary(500)))
        {
            var fitting = Enumerable.Range(0, 20).Select(_ => (random.NextDouble() - 0.5) * 2100 / Math.Max(1e-3, Math.Abs(Math.Log2(Math.Abs(x) + 1e-300))));
            foreach (var y in exponents.Concat(fitting))
            {
                var (actual, exact) = (ScalarMath.Pow(x, y), Math.Pow(x, y));
                Assert.True(Ulp.Of(actual, exact) <= 2.5, $"Pow({x:R}, {y:R}) is {actual:R} instead of {exact:R}");
            }
        }
    }

    [Fact]
    public void AnglesOfPointsStayWithinTheirStatedError()
    {
        double[] values = [.. Seams(), .. RandomBits(200)];
        foreach (var y in values)
        {
            foreach (var x in values)
            {
                var (actual, exact) = (ScalarMath.Atan2(y, x), Math.Atan2(y, x));
                Assert.True(Ulp.Of(actual, exact) <= 4, $"Atan2({y:R}, {x:R}) is {actual:R} instead of {exact:R}");
            }
        }
    }

    private static (Func<double, double> Code, Func<double, double> Exact) Find(string name) => name switch
    {
        "Sin" => (ScalarMath.Sin, Math.Sin),
        "Cos" => (ScalarMath.Cos, Math.Cos),
        "Tan" => (ScalarMath.Tan, Math.Tan),
        "Asin" => (ScalarMath.Asin, Math.Asin),
        "Acos" => (ScalarMath.Acos, Math.Acos),
        "Atan" => (ScalarMath.Atan, Math.Atan),
        "Sinh" => (ScalarMath.Sinh, Math.Sinh),
        _ => (ScalarMath.Cosh, Math.Cosh),
    };

    private static double[] Seams() =>
    [
        0, -0.0, 1, -1, 0.5, -0.5, 0.267, 0.2680, 0.7853981633974483, 1.5707963267948966, 3.141592653589793, 1e5, -1e9, 0.999999999, -0.999999999, 2, 3, 20, -20,
        88.7, 89, -104, 700, -700, 709.7, 710.4, -745, -746, 1e-8, -1e-20, 5e-324, 1e-310, 1e-40, 1e300, -1e300, double.MaxValue, double.NaN,
        double.PositiveInfinity, double.NegativeInfinity, 2.5, 3.5, -2.5, 8388609.5, 4503599627370497.5,
    ];

    private static IEnumerable<double> RandomBits(int count)
    {
        var random = new Random(11);
        return Enumerable.Range(0, count).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)));
    }

    private static IEnumerable<double> Ordinary(int count)
    {
        var random = new Random(12);
        return Enumerable.Range(0, count).Select(i => (random.NextDouble() - 0.5) * (i % 3 == 0 ? 2 : i % 3 == 1 ? 30 : 1400));
    }

    private static void Same<TFunction>(Func<float, float> single, Func<double, double> precise)
        where TFunction : struct, IFunction
    {
        Check<float>(SingleKernel<TFunction>, Floats, single);
        Check<double>(DoubleKernel<TFunction>, Doubles, precise);
    }

    private static void Check<T>(Action<ArrayView<T>, ArrayView<T>, int> kernel, T[] x, Func<T, T> expected)
        where T : unmanaged
    {
        var actual = PtxRun.Run(kernel, x, x.Length, new KernelConfig((x.Length + 127) / 128, 128), x.Length, 0);
        for (var i = 0; i < x.Length; i++)
            Assert.True(expected(x[i]).Equals(actual[i]), $"f({x[i]:R}) is {actual[i]:R} instead of {expected(x[i]):R}");
    }

    private static void SingleKernel<TFunction>(ArrayView<float> x, ArrayView<float> y, int n)
        where TFunction : struct, IFunction
    {
        var i = Grid.GlobalIndex.X;
        if (i < n)
            y[i] = TFunction.Apply(x[i]);
    }

    private static void DoubleKernel<TFunction>(ArrayView<double> x, ArrayView<double> y, int n)
        where TFunction : struct, IFunction
    {
        var i = Grid.GlobalIndex.X;
        if (i < n)
            y[i] = TFunction.Apply(x[i]);
    }

    private struct ExpFunction : IFunction
    {
        public static float Apply(float x) => XMath.Exp(x);

        public static double Apply(double x) => XMath.Exp(x);
    }

    private struct Exp2Function : IFunction
    {
        public static float Apply(float x) => XMath.Exp2(x);

        public static double Apply(double x) => XMath.Exp2(x);
    }

    private struct LogFunction : IFunction
    {
        public static float Apply(float x) => XMath.Log(x);

        public static double Apply(double x) => XMath.Log(x);
    }

    private struct Log2Function : IFunction
    {
        public static float Apply(float x) => XMath.Log2(x);

        public static double Apply(double x) => XMath.Log2(x);
    }

    private struct Log10Function : IFunction
    {
        public static float Apply(float x) => XMath.Log10(x);

        public static double Apply(double x) => XMath.Log10(x);
    }

    private struct TanhFunction : IFunction
    {
        public static float Apply(float x) => XMath.Tanh(x);

        public static double Apply(double x) => XMath.Tanh(x);
    }

    private struct ErfFunction : IFunction
    {
        public static float Apply(float x) => DeviceIntrinsics.Erf(x);

        public static double Apply(double x) => DeviceIntrinsics.Erf(x);
    }

    private struct SqrtFunction : IFunction
    {
        public static float Apply(float x) => XMath.Sqrt(x);

        public static double Apply(double x) => XMath.Sqrt(x);
    }

    private struct RsqrtFunction : IFunction
    {
        public static float Apply(float x) => XMath.Rsqrt(x);

        public static double Apply(double x) => XMath.Rsqrt(x);
    }

    private struct RcpFunction : IFunction
    {
        public static float Apply(float x) => XMath.Rcp(x);

        public static double Apply(double x) => XMath.Rcp(x);
    }

    private struct FloorFunction : IFunction
    {
        public static float Apply(float x) => XMath.Floor(x);

        public static double Apply(double x) => XMath.Floor(x);
    }

    private struct CeilingFunction : IFunction
    {
        public static float Apply(float x) => XMath.Ceiling(x);

        public static double Apply(double x) => XMath.Ceiling(x);
    }

    private struct TruncateFunction : IFunction
    {
        public static float Apply(float x) => XMath.Truncate(x);

        public static double Apply(double x) => XMath.Truncate(x);
    }

    private struct RoundFunction : IFunction
    {
        public static float Apply(float x) => XMath.RoundToEven(x);

        public static double Apply(double x) => XMath.RoundToEven(x);
    }

    private struct SinFunction : IFunction
    {
        public static float Apply(float x) => XMath.Sin(x);

        public static double Apply(double x) => XMath.Sin(x);
    }

    private struct TanFunction : IFunction
    {
        public static float Apply(float x) => XMath.Tan(x);

        public static double Apply(double x) => XMath.Tan(x);
    }

    private struct AcosFunction : IFunction
    {
        public static float Apply(float x) => XMath.Acos(x);

        public static double Apply(double x) => XMath.Acos(x);
    }

    private struct SinhFunction : IFunction
    {
        public static float Apply(float x) => XMath.Sinh(x);

        public static double Apply(double x) => XMath.Sinh(x);
    }

    private struct PowFunction : IFunction
    {
        public static float Apply(float x) => XMath.Pow(x, 2.5f);

        public static double Apply(double x) => XMath.Pow(x, 2.5);
    }

    private struct Atan2Function : IFunction
    {
        public static float Apply(float x) => XMath.Atan2(x, -0.75f);

        public static double Apply(double x) => XMath.Atan2(x, -0.75);
    }

    private struct RemFunction : IFunction
    {
        public static float Apply(float x) => x % 0.3f;

        public static double Apply(double x) => x % 0.3;
    }
}
