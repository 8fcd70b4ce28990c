namespace IlgpuSeg.Data.Tests;

public sealed class LineChartTests
{
    private static readonly Rgb Red = new(200, 0, 0), Blue = new(0, 0, 200);

    private static List<(int X, int Y)> Pixels(RgbImage image, Rgb colour) =>
        [.. Enumerable.Range(0, image.Width * image.Height).Select(i => (i % image.Width, i / image.Width))
            .Where(p => image[p.Item1, p.Item2] == colour)];

    [Fact]
    public void ARisingSeriesRises()
    {
        var chart = new LineChart
        {
            Title = "t", XLabel = "step", LeftLabel = "loss", RightLabel = "mIoU",
            Series = [new("up", Red, [(0, 0), (10, 5)]), new("down", Blue, [(0, 1), (10, 0.25)], RightAxis: true)],
        };
        var image = chart.Draw(600, 400);
        Assert.Equal((600, 400), (image.Width, image.Height));
        var red = Pixels(image, Red).Where(p => p.Y < 320).ToList();
        Assert.True(red.MinBy(p => p.X).Y > red.MaxBy(p => p.X).Y + 100);
        var blue = Pixels(image, Blue).Where(p => p.Y < 320).ToList();
        Assert.True(blue.MinBy(p => p.X).Y < blue.MaxBy(p => p.X).Y - 100);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void ChartsOfFewOrStrangePointsAreDrawn(int points)
    {
        (double, double)[] strange = [(1, double.NaN), (2, 7), (3, double.PositiveInfinity), (4, 7)];
        var series = new ChartSeries("s", Red, [.. strange.Take(points * 2)], Markers: true);
        var image = new LineChart { Series = [series] }.Draw();
        Assert.Equal(points > 0, Pixels(image, Red).Any(p => p.Y < 480));
        new LineChart().Draw(320, 240);
        Assert.Throws<ArgumentOutOfRangeException>(() => new LineChart().Draw(10, 10));
    }

    [Theory]
    [InlineData(0, 100, "0 20 40 60 80 100")]
    [InlineData(0.013, 0.0821, "0.00 0.02 0.04 0.06 0.08 0.10")]
    [InlineData(-3, 2, "-3 -2 -1 0 1 2")]
    [InlineData(5, 5, "0 1 2 3 4 5")]
    [InlineData(0, 0, "0.0 0.2 0.4 0.6 0.8 1.0")]
    public void TicksAreRoundNumbers(double low, double high, string expected)
    {
        var axis = ChartAxis.Fit([low, high, double.NaN], fromZero: true, ticks: 5);
        Assert.Equal(expected, string.Join(' ', axis.Ticks.Select(axis.Label)));
        Assert.InRange(axis.Fraction(low), 0, 1);
        Assert.InRange(axis.Fraction(high), 0, 1);
    }

    [Fact]
    public void SmoothingKeepsTheTrend()
    {
        var points = Enumerable.Range(0, 200).Select(i => ((double)i, 3 + (i % 2 == 0 ? 1.0 : -1.0))).ToList();
        var smooth = LineChart.Smooth(points, 0.9);
        Assert.Equal(200, smooth.Count);
        Assert.All(smooth.Skip(50), p => Assert.InRange(p.Y, 2.9, 3.1));
        Assert.Equal(points[0], smooth[0]);
    }
}
