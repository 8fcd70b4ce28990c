using IlgpuSeg.Nn.Optim;

namespace IlgpuSeg.Nn.Tests.Optim;

public class PolyLrTests
{
    [Fact]
    public void DecaysWithThePower()
    {
        var schedule = new PolyLr(0.01, 100).Validate();
        Assert.Equal(0.01, schedule.At(0));
        Assert.Equal(0.01 * Math.Pow(0.75, 0.9), schedule.At(25), 1e-17);
        Assert.Equal(0.005, new PolyLr(0.01, 100, Power: 1).At(50), 1e-17);
        Assert.Equal(0, schedule.At(100));
        Assert.Equal(0, schedule.At(101));
        Assert.Equal(0.01, new PolyLr(0.01, 100, Power: 0).At(99));
    }

    [Fact]
    public void WarmsUpLinearlyOntoTheDecay()
    {
        var (plain, warm) = (new PolyLr(0.01, 100), new PolyLr(0.01, 100, WarmUpIterations: 4));
        for (var i = 0; i < 4; i++) Assert.Equal(plain.At(i) * (i + 1) / 5, warm.At(i), 1e-17);
        for (var i = 4; i < 100; i++) Assert.Equal(plain.At(i), warm.At(i));
    }

    [Theory]
    [InlineData(0, 10, 0.9, 0)]
    [InlineData(double.NaN, 10, 0.9, 0)]
    [InlineData(0.01, 0, 0.9, 0)]
    [InlineData(0.01, 10, -1, 0)]
    [InlineData(0.01, 10, 0.9, -1)]
    public void BadSettingsAreRefused(double rate, int iterations, double power, int warmUp) =>
        Assert.Throws<ArgumentException>(() => new PolyLr(rate, iterations, power, warmUp).Validate());
}
