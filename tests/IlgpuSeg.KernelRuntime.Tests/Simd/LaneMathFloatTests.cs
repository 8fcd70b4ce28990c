using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Backends.Simd;

namespace IlgpuSeg.KernelRuntime.Tests.Simd;

/// <summary>
/// Float functions against double precision over the whole range of floats. CI takes every 4093rd bit pattern;
/// LANE_MATH_EXHAUSTIVE=1 takes all 2^32 (minutes a function).
/// </summary>
public class LaneMathFloatTests
{
    private static readonly bool Exhaustive = Environment.GetEnvironmentVariable("LANE_MATH_EXHAUSTIVE") == "1";

    private delegate Vector256<float> Lanes(Vector256<float> x);

    public static TheoryData<string, double> Bounds => new()
    {
        { "Exp", 1.02 }, { "Exp2", 1 }, { "Log", 1 }, { "Log2", 1.1 }, { "Log10", 1.1 }, { "Tanh", 1.5 }, { "Erf", 1.12 },
        { "Sin", 1 }, { "Cos", 1 }, { "Rsqrt", 1.5 }, { "Rcp", 0.5 }, { "Tan", 1.1 }, { "Atan", 1 },
    };

    private static (Lanes Lanes, Func<double, double> Exact) Find(string name) => name switch
    {
        "Exp" => (x => LaneMath.Exp(x), Math.Exp),
        "Exp2" => (x => LaneMath.Exp2(x), x => Math.Pow(2, x)),
        "Log" => (x => LaneMath.Log(x), Math.Log),
        "Log2" => (x => LaneMath.Log2(x), Math.Log2),
        "Log10" => (x => LaneMath.Log10(x), Math.Log10),
        "Tanh" => (x => LaneMath.Tanh(x), Math.Tanh),
        "Erf" => (x => LaneMath.Erf(x), x => LaneMath.Erf(Vector256.Create(x))[0]),   // the double one, which is held against a table of its own
        "Sin" => (x => LaneMath.Sin(x), Math.Sin),
        "Cos" => (x => LaneMath.Cos(x), Math.Cos),
        "Tan" => (x => LaneMath.Tan(x), Math.Tan),
        "Atan" => (x => LaneMath.Atan(x), Math.Atan),
        "Rsqrt" => (x => LaneMath.Rsqrt(x), x => 1 / Math.Sqrt(x)),
        "Rcp" => (x => LaneMath.Rcp(x), x => 1 / x),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such function"),
    };

    [Theory]
    [MemberData(nameof(Bounds))]
    public void Stays_within_its_stated_error_over_all_floats(string name, double bound)
    {
        var (lanes, exact) = Find(name);
        var step = Exhaustive ? 1L : 4093L;
        var (worst, at) = (0.0, 0f);
        for (var start = 0L; start < 1L << 32; start += 8 * step)
        {
            var bits = Vector256.Create((int)start) + Vector256.Create(0, 1, 2, 3, 4, 5, 6, 7) * (int)step;
            var x = bits.AsSingle();
            var y = lanes(x);
            for (var lane = 0; lane < 8; lane++)
            {
                var error = Ulp.Of(y[lane], exact(x[lane]));
                if (!(error <= worst))
                    (worst, at) = (error, x[lane]);
            }
        }

        Report(name, worst, at);
        Assert.True(worst <= bound, $"{name}({at:R}) is off by {worst:F3} ulp; {bound} are allowed.");
    }

    /// <summary>Neighbourhoods where the formulas change over or reach their limits, bit pattern by bit pattern.</summary>
    [Theory]
    [MemberData(nameof(Bounds))]
    public void Stays_within_its_stated_error_at_the_seams(string name, double bound)
    {
        var (lanes, exact) = Find(name);
        float[] seams =
        [
            0f, float.Epsilon, 1.17549435e-38f, 1f, 2f, 0.70710677f, 1.4142135f, 0.34657359f, 0.92f, 0.55f, 3.95f, 10f, 9.01f, 88.722839f,
                -87.33655f,
            -103.97208f, 104.5f, 126f, 127f, 128f, -126f, -127f, -149f, -150f, 8388608f, float.MaxValue,
        ];
        foreach (var seam in seams)
        {
            for (var distance = -2048; distance <= 2048; distance++)
            {
                var x = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(seam) + distance);
                foreach (var argument in new[] { x, -x })
                {
                    var error = Ulp.Of(lanes(Vector256.Create(argument))[distance & 7], exact(argument));
                    Assert.True(error <= bound, $"{name}({argument:R}) is off by {error:F3} ulp; {bound} are allowed.");
                }
            }
        }
    }

    [Fact]
    public void A_lane_does_not_depend_on_its_neighbours()
    {
        var random = new Random(5);
        float[] others = [float.NaN, float.PositiveInfinity, -1f, 0f, 0.1f, 1e-42f, 3e38f, 1e4f];
        foreach (var name in new[] { "Exp", "Exp2", "Log", "Log2", "Log10", "Tanh", "Erf", "Sin", "Cos" })
        {
            var lanes = Find(name).Lanes;
            for (var i = 0; i < 2000; i++)
            {
                // All magnitudes, and half the time ordinary ones.
                var x = (i & 8) == 0 ? BitConverter.Int32BitsToSingle(random.Next()) : (float)(random.NextDouble() * 20);
                var among = Vector256.Create(others[random.Next(others.Length)]).WithElement(i & 7, x);
                var expected = BitConverter.SingleToInt32Bits(lanes(Vector256.Create(x))[0]);
                Assert.Equal(expected, BitConverter.SingleToInt32Bits(lanes(among)[i & 7]));
            }
        }
    }

    [Fact]
    public void Pow_follows_MathF_in_special_cases_and_rounds_well_elsewhere()
    {
        float[] special = [0f, -0f, 1f, -1f, 2f, -2f, 0.5f, -0.5f, 3f, -3f, 1e-45f, float.NaN, float.PositiveInfinity,
            float.NegativeInfinity];
        foreach (var x in special)
        {
            foreach (var y in special)
            {
                var actual = LaneMath.Pow(Vector256.Create(2f).WithElement(3, x), Vector256.Create(3f).WithElement(3, y));
                Assert.True(MathF.Pow(x, y).Equals(actual[3]), $"Pow({x}, {y}) = {actual[3]}, not {MathF.Pow(x, y)}");
                Assert.Equal(8f, actual[0]);
            }
        }

        var random = new Random(7);
        var worst = 0.0;
        for (var i = 0; i < (Exhaustive ? 100_000_000 : 300_000); i++)
        {
            var x = MathF.Exp((float)(random.NextDouble() * 170 - 85));
            var y = (float)((random.NextDouble() * 2 - 1) * 90 / Math.Max(1e-3, Math.Abs(Math.Log(x))));
            worst = Math.Max(worst, Ulp.Of(LaneMath.Pow(Vector256.Create(x), Vector256.Create(y))[i & 7], Math.Pow(x, y)));
        }

        Report("Pow", worst, 0);
        Assert.InRange(worst, 0, 1);
    }

    [Fact]
    public void CopySign_joins_magnitude_and_sign()
    {
        float[] values = [0f, -0f, 1.5f, -2f, float.NaN, float.NegativeInfinity, 1e-45f];
        foreach (var x in values)
        {
            foreach (var y in values)
            {
                var expected = BitConverter.SingleToInt32Bits(MathF.CopySign(x, y));
                Assert.Equal(expected, BitConverter.SingleToInt32Bits(LaneMath.CopySign(Vector256.Create(x), Vector256.Create(y))[3]));
                Assert.Equal(Math.CopySign(x, y), LaneMath.CopySign(Vector512.Create((double)x), Vector512.Create((double)y))[6]);
            }
        }
    }

    private static void Report(string name, double worst, float at)
    {
        if (Exhaustive)
            Console.WriteLine($"{name}: {worst:F4} ulp at {at:R}");
    }
}
