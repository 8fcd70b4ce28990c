using System.Numerics;
using ILGPU;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class ActivationTests
{
    [Fact]
    public void ReluKeepsNaNAndClearsNegatives()
    {
        using var x = Upload<float>([-1.5, -0.0, 0, 1e-30, 2.5, double.NaN, double.NegativeInfinity, double.PositiveInfinity, -3]);
        using var y = Unwritten<float>(9);
        ReluKernels.Forward<float>(Host, x.View, y.View);
        Assert.Equal([0, 0, 0, 1e-30f, 2.5f, float.NaN, 0, float.PositiveInfinity, 0], y.GetAsArray1D());
    }

    [Theory]
    [MemberData(nameof(Seeds.Few), MemberType = typeof(Seeds))]
    public void ReluGradientPassesWherePositive(int seed)
    {
        var draw = Draw.Image(seed);
        var (x, g) = (draw.Values(draw.Count), draw.Values(draw.Count));
        using var dx = Upload<double>(x);
        using var y = Unwritten<double>(draw.Count);
        using var dy = Upload<double>(g);
        ReluKernels.Forward<double>(Host, dx.View, y.View);
        AssertClose([.. x.Select(v => Math.Max(v, 0))], Download(y), 0, "relu");
        ReluKernels.Backward<double>(Host, y.View, dy.View, dx.View);
        AssertClose([.. x.Zip(g, (v, d) => v > 0 ? d : 0)], Download(dx), 0, "relu gradient");
    }

    [Fact]
    public void GeluInSingle() => Gelu<float, Real32>(2e-6);

    [Fact]
    public void GeluInDouble() => Gelu<double, Real64>(1e-13);

    // Over the whole range where the distribution function leaves 0 and 1, and beyond.
    private static void Gelu<T, R>(double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var x = Enumerable.Range(-400, 801).Select(i => i / 32.0).ToArray();
        var g = new Draw(1).Values(x.Length);
        using var dx = Upload<T>(x);
        using var dy = Upload<T>(g);
        using var y = Unwritten<T>(x.Length);
        GeluKernels.Forward<T, R>(Host, dx.View, y.View);
        AssertClose([.. x.Select(v => v * NormalDistribution(v))], Download(y), tolerance / 10, "gelu");
        GeluKernels.Backward<T, R>(Host, dx.View, dy.View, y.View);
        var expected = x.Zip(g, (v, d) => d * (NormalDistribution(v) + v * Math.Exp(-v * v / 2) / Math.Sqrt(2 * Math.PI)));
        AssertClose([.. expected], Download(y), tolerance, "gelu gradient");
    }

    // By the series Phi(x) = 1/2 + phi(x) (x + x^3/3 + x^5/15 + ...) where it converges quickly, else by its continued fraction.
    private static double NormalDistribution(double x)
    {
        var density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        if (Math.Abs(x) < 5)
        {
            double term = x, sum = x;
            for (var k = 1; k < 200; k++) sum += term *= x * x / (2 * k + 1);
            return 0.5 + density * sum;
        }
        double fraction = 0;
        for (var k = 60; k > 0; k--) fraction = k / (Math.Abs(x) + fraction);
        var tail = density / (Math.Abs(x) + fraction);
        return x < 0 ? tail : 1 - tail;
    }
}
