using System.Globalization;

namespace IlgpuSeg.KernelRuntime.Tests.Intrinsics;

/// <summary>The portable bodies of the device intrinsics.</summary>
public sealed class DeviceIntrinsicsTests
{
    [Fact]
    public void ErfOfDoubleIsWithinTwoUnitsInTheLastPlace()
    {
        (double X, double Erf)[] samples = [.. ReadReference()];
        Assert.True(samples.Length > 700);
        (double worst, double at) = samples.Max(sample => (UlpDistance(DeviceIntrinsics.Erf(sample.X), sample.Erf), sample.X));
        Assert.True(worst <= 2, $"{worst} ulp at {at:R}");
    }

    [Fact]
    public void ErfOfFloatIsWithinTwoUnitsInTheLastPlace()
    {
        double worst = 0;
        float at = 0;
        foreach (float x in Floats())
        {
            double exact = DeviceIntrinsics.Erf((double)x);
            double ulp = MathF.BitIncrement(MathF.Abs((float)exact)) - MathF.Abs((float)exact);
            double error = Math.Abs(DeviceIntrinsics.Erf(x) - exact) / ulp;
            if (error > worst)
                (worst, at) = (error, x);
        }
        Assert.True(worst <= 2, $"{worst} ulp at {at:R}");
    }

    [Fact]
    public void ErfKeepsSignsAndExtremes()
    {
        Assert.Equal(1.0, DeviceIntrinsics.Erf(double.PositiveInfinity));
        Assert.Equal(-1.0f, DeviceIntrinsics.Erf(float.NegativeInfinity));
        Assert.True(double.IsNaN(DeviceIntrinsics.Erf(double.NaN)) && float.IsNaN(DeviceIntrinsics.Erf(float.NaN)));
        Assert.True(double.IsNegative(DeviceIntrinsics.Erf(-0.0)) && float.IsNegative(DeviceIntrinsics.Erf(-0.0f)));
        Assert.All(Floats().Take(10_000), x => Assert.Equal(-DeviceIntrinsics.Erf(x), DeviceIntrinsics.Erf(-x)));
    }

    [Fact]
    public void FmaRoundsOnce()
    {
        // (1 + e)(1 - e) - 1 = -e * e, which a rounded product would lose.
        float e = MathF.ScaleB(1, -20);
        Assert.Equal(-e * e, DeviceIntrinsics.Fma(1 + e, 1 - e, -1));
        double d = Math.ScaleB(1, -40);
        Assert.Equal(-d * d, DeviceIntrinsics.Fma(1 + d, 1 - d, -1));
    }

    /// <summary>Every 64th float from 2^-30 to 4.5.</summary>
    private static IEnumerable<float> Floats()
    {
        int last = BitConverter.SingleToInt32Bits(4.5f);
        for (int bits = BitConverter.SingleToInt32Bits(MathF.ScaleB(1, -30)); bits <= last; bits += 64)
            yield return BitConverter.Int32BitsToSingle(bits);
    }

    private static IEnumerable<(double X, double Erf)> ReadReference()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Intrinsics", "erf-reference.csv");
        return File.ReadLines(path)
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(','))
            .Select(cells => (FromBits(cells[0]), FromBits(cells[1])));
    }

    private static double FromBits(string hex) =>
        BitConverter.Int64BitsToDouble(long.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static double UlpDistance(double a, double b) => Math.Abs(a - b) / (Math.BitIncrement(Math.Abs(b)) - Math.Abs(b));
}
