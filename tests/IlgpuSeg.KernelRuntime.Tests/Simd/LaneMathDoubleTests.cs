using System.Globalization;
using System.Runtime.Intrinsics;
using IlgpuSeg.KernelRuntime.Backends.Simd;

namespace IlgpuSeg.KernelRuntime.Tests.Simd;

/// <summary>Double functions against a table computed with 300 bits (docs/lane-math/reference_table.py), and against System.Math.</summary>
public class LaneMathDoubleTests
{
    private delegate Vector512<double> Lanes(Vector512<double> x);

    public static TheoryData<string, double> Bounds => new()
    {
        { "Exp", 1 }, { "Exp2", 1 }, { "Log", 1 }, { "Log2", 1 }, { "Log10", 1 }, { "Tanh", 2.5 }, { "Erf", 1.5 },
    };

    private static (Lanes Lanes, Func<double, double> Exact) Find(string name) => name switch
    {
        "Exp" => (x => LaneMath.Exp(x), Math.Exp),
        "Exp2" => (x => LaneMath.Exp2(x), x => Math.Pow(2, x)),
        "Log" => (x => LaneMath.Log(x), Math.Log),
        "Log2" => (x => LaneMath.Log2(x), Math.Log2),
        "Log10" => (x => LaneMath.Log10(x), Math.Log10),
        "Tanh" => (x => LaneMath.Tanh(x), Math.Tanh),
        "Erf" => (x => LaneMath.Erf(x), null!),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such function"),
    };

    [Theory]
    [MemberData(nameof(Bounds))]
    public void Stays_within_its_stated_error_of_the_table(string name, double bound)
    {
        var lanes = Find(name).Lanes;
        var (count, worst, at) = (0, 0.0, 0.0);
        foreach (var (x, high, low) in Table(name))
        {
            var error = Ulp.Of(lanes(Vector512.Create(x))[count++ & 7], high, low);
            if (!(error <= worst))
                (worst, at) = (error, x);
        }

        Assert.True(count > 200, $"only {count} rows for {name}");
        Assert.True(worst <= bound, $"{name}({at:R}) is off by {worst:F3} ulp; {bound} are allowed.");
    }

    /// <summary>System.Math is itself only good to about an ulp, which is added to the bound.</summary>
    [Theory]
    [MemberData(nameof(Bounds))]
    public void Agrees_with_System_Math_on_random_arguments(string name, double bound)
    {
        var (lanes, exact) = Find(name);
        if (exact is null)
            return;   // System.Math has no erf
        var random = new Random(13);
        for (var i = 0; i < 200_000; i++)
        {
            var x = (i % 3) switch
            {
                0 => BitConverter.Int64BitsToDouble(random.NextInt64()) * (random.Next(2) * 2 - 1),
                1 => (random.NextDouble() - 0.5) * 1500,
                _ => (random.NextDouble() - 0.5) * 8,
            };
            var error = Ulp.Of(lanes(Vector512.Create(x))[i & 7], exact(x));
            Assert.True(error <= bound + 1, $"{name}({x:R}) is {error:F3} ulp away from System.Math's");
        }
    }

    [Fact]
    public void Special_arguments_give_IEEE_results()
    {
        const double inf = double.PositiveInfinity, nan = double.NaN;
        Check("Exp", (inf, inf), (-inf, 0), (nan, nan), (0, 1), (-0.0, 1), (710, inf), (1e308, inf), (-746, 0), (-1e308, 0));
        Check("Exp2", (inf, inf), (-inf, 0), (nan, nan), (0, 1), (1024, inf), (1023, TwoTo1023()), (-1074, double.Epsilon), (-1075, 0),
            (-0.0, 1));
        Check("Log", (inf, inf), (-inf, nan), (nan, nan), (0, -inf), (-0.0, -inf), (-1, nan), (1, 0));
        Check("Log2", (inf, inf), (-inf, nan), (nan, nan), (0, -inf), (-0.0, -inf), (-1, nan), (1, 0), (double.Epsilon, -1074), (8, 3));
        Check("Log10", (inf, inf), (-inf, nan), (nan, nan), (0, -inf), (-0.0, -inf), (-1, nan), (1, 0), (1000, 3));
        Check("Tanh", (inf, 1), (-inf, -1), (nan, nan), (0, 0), (-0.0, -0.0), (1e-320, 1e-320), (30, 1), (-30, -1));
        Check("Erf", (inf, 1), (-inf, -1), (nan, nan), (0, 0), (-0.0, -0.0), (7, 1), (-7, -1));

        static double TwoTo1023() => Math.ScaleB(1, 1023);
    }

    [Fact]
    public void Pow_is_System_Maths()
    {
        var (x, y) = (Vector512.Create(2.0, -2, 0, 0.5, 10, 1, double.NaN, 9), Vector512.Create(0.5, 3, 0, -1074, 308, double.NaN, 0, 0.5));
        for (var lane = 0; lane < 8; lane++)
            Assert.Equal(Math.Pow(x[lane], y[lane]), LaneMath.Pow(x, y)[lane]);
    }

    private static void Check(string name, params (double X, double Expected)[] cases)
    {
        var lanes = Find(name).Lanes;
        foreach (var (x, expected) in cases)
        {
            // Among ordinary neighbours, and with the sign of zero.
            var actual = lanes(Vector512.Create(0.75).WithElement(5, x))[5];
            Assert.True(actual.Equals(expected) && double.IsNegative(actual) == double.IsNegative(expected) || double.IsNaN(expected)
                && double.IsNaN(actual),
                $"{name}({x}) = {actual}, not {expected}");
        }
    }

    private static IEnumerable<(double X, double High, double Low)> Table(string name)
    {
        var rows = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Simd", "lane-math-reference.csv"));
        foreach (var row in rows)
        {
            var cells = row.Split(',');
            if (cells[0] == name)
                yield return (Parse(cells[1]), Parse(cells[2]), Parse(cells[3]));
        }

        static double Parse(string hex) =>
            BitConverter.UInt64BitsToDouble(ulong.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
