using System.Globalization;

namespace IlgpuSeg.Data;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Colour">Its colour.</param>
/// <param name="Points">Its points in order of x; points that are not finite interrupt the line.</param>
/// <param name="RightAxis">True to measure it on the right axis.</param>
/// <param name="Markers">True to mark each point, for lines of few points.</param>
public sealed record ChartSeries(
    string Name, Rgb Colour, IReadOnlyList<(double X, double Y)> Points, bool RightAxis = false, bool Markers = false);

/// <summary>A chart of lines with one or two vertical axes, such as a learning curve: loss on the left, mIoU on the right.</summary>
public sealed record LineChart
{
    private const int TextScale = 2, TickLength = 6;

    private static readonly Rgb Paper = new(255, 255, 255), Ink = new(40, 40, 46), Grid = new(226, 228, 232);

    /// <summary>The line above the chart.</summary>
    public string Title { get; init; } = "";

    /// <summary>What runs along the horizontal axis.</summary>
    public string XLabel { get; init; } = "";

    /// <summary>What the left axis measures.</summary>
    public string LeftLabel { get; init; } = "";

    /// <summary>What the right axis measures; only shown if a series uses it.</summary>
    public string RightLabel { get; init; } = "";

    /// <summary>The lines; later ones on top.</summary>
    public IReadOnlyList<ChartSeries> Series { get; init; } = [];

    /// <summary>Draws the chart.</summary>
    /// <param name="width">Width in pixels, at least 320.</param>
    /// <param name="height">Height in pixels, at least 240.</param>
    public RgbImage Draw(int width = 1000, int height = 560)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 320);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 240);
        var image = new RgbImage(width, height);
        var pen = new Pen(image);
        pen.Fill(0, 0, width, height, Paper);
        bool hasRight = Series.Any(s => s.RightAxis);
        var area = new Area(90, 76, width - (hasRight ? 90 : 30), height - 78);
        var x = ChartAxis.Fit(Series.SelectMany(s => s.Points).Select(p => p.X), fromZero: false, area.Width / 110);
        var left = ChartAxis.Fit(Values(rightAxis: false), fromZero: true, area.Height / 60);
        var right = ChartAxis.Fit(Values(rightAxis: true), fromZero: true, area.Height / 60);

        pen.Text(Title, area.Left, 10, Ink, TextScale);
        DrawVerticalAxis(pen, area, left, area.Left, LeftLabel, isRight: false);
        if (hasRight)
            DrawVerticalAxis(pen, area, right, area.Right, RightLabel, isRight: true);
        DrawHorizontalAxis(pen, area, x);
        foreach (var series in Series)
            DrawSeries(pen, area, series, x, series.RightAxis ? right : left);
        DrawLegend(pen, area, height);
        return image;
    }

    private readonly record struct Area(int Left, int Top, int Right, int Bottom)
    {
        public int Width => Right - Left;

        public int Height => Bottom - Top;
    }

    private IEnumerable<double> Values(bool rightAxis) =>
        Series.Where(s => s.RightAxis == rightAxis).SelectMany(s => s.Points).Select(p => p.Y);

    private static void DrawVerticalAxis(Pen pen, Area area, ChartAxis axis, int x, string label, bool isRight)
    {
        foreach (double tick in axis.Ticks)
        {
            int y = (int)(area.Bottom - axis.Fraction(tick) * area.Height);
            if (!isRight)
                pen.Fill(area.Left, y, area.Width, 1, Grid);
            pen.Fill(isRight ? x : x - TickLength, y, TickLength, 1, Ink);
            string text = axis.Label(tick);
            int textX = isRight ? x + TickLength + 6 : x - TickLength - 6 - Pen.MeasureText(text, TextScale);
            pen.Text(text, textX, y - Pen.TextHeight + 1, Ink, TextScale);
        }
        pen.Fill(x, area.Top, 1, area.Height + 1, Ink);
        int labelX = isRight ? Math.Max(area.Left, x + 70 - Pen.MeasureText(label, TextScale)) : 14;
        pen.Text(label, labelX, area.Top - 32, Ink, TextScale);
    }

    private void DrawHorizontalAxis(Pen pen, Area area, ChartAxis axis)
    {
        foreach (double tick in axis.Ticks)
        {
            int x = (int)(area.Left + axis.Fraction(tick) * area.Width);
            pen.Fill(x, area.Top, 1, area.Height, Grid);
            pen.Fill(x, area.Bottom, 1, TickLength, Ink);
            string text = axis.Label(tick);
            pen.Text(text, x - Pen.MeasureText(text, TextScale) / 2, area.Bottom + TickLength + 4, Ink, TextScale);
        }
        pen.Fill(area.Left, area.Bottom, area.Width + 1, 1, Ink);
        pen.Text(XLabel, area.Right - Pen.MeasureText(XLabel, TextScale), area.Bottom + 34, Ink, TextScale);
    }

    private static void DrawSeries(Pen pen, Area area, ChartSeries series, ChartAxis xAxis, ChartAxis yAxis)
    {
        (double X, double Y)? previous = null;
        foreach (var (px, py) in series.Points)
        {
            if (!double.IsFinite(px) || !double.IsFinite(py))
            {
                previous = null;
                continue;
            }
            var point = (X: area.Left + xAxis.Fraction(px) * area.Width, Y: area.Bottom - yAxis.Fraction(py) * area.Height);
            if (previous is { } from)
                pen.Line(from.X, from.Y, point.X, point.Y, series.Colour, 2.2);
            if (series.Markers || previous is null)
                pen.Line(point.X, point.Y, point.X, point.Y, series.Colour, series.Markers ? 8 : 2.2);
            previous = point;
        }
    }

    private void DrawLegend(Pen pen, Area area, int height)
    {
        int x = area.Left, y = height - 30;
        foreach (var series in Series)
        {
            pen.Line(x, y + 7, x + 26, y + 7, series.Colour, 4);
            pen.Text(series.Name, x + 36, y, Ink, TextScale);
            x += 36 + Pen.MeasureText(series.Name, TextScale) + 34;
        }
    }

    /// <summary>A running mean that shows the trend of a noisy series: each value weighs <paramref name="keep"/> times the one after
    /// it.</summary>
    /// <param name="points">The series.</param>
    /// <param name="keep">0 (no smoothing) to below 1.</param>
    public static IReadOnlyList<(double X, double Y)> Smooth(IReadOnlyList<(double X, double Y)> points, double keep)
    {
        double sum = 0, weight = 0;
        return [.. points.Where(p => double.IsFinite(p.Y)).Select(p =>
        {
            sum = sum * keep + p.Y;
            weight = weight * keep + 1;
            return (p.X, sum / weight);
        })];
    }
}

/// <summary>A range of values with round numbers for ticks.</summary>
internal sealed class ChartAxis
{
    private readonly double _low, _high;
    private readonly int _decimals;

    private ChartAxis(double low, double high, double step)
    {
        _low = low;
        _high = high;
        _decimals = Math.Max(0, (int)-Math.Floor(Math.Log10(step) + 1e-9));
        Ticks = [.. Enumerable.Range(0, 100).Select(i => Math.Ceiling(low / step - 1e-9) * step + i * step)
            .TakeWhile(t => t <= high + step * 1e-9)];
    }

    public double[] Ticks { get; }

    /// <summary>A range that holds all finite values.</summary>
    /// <param name="values">The values.</param>
    /// <param name="fromZero">True to widen the range to the nearest ticks and down to zero where no value is negative.</param>
    /// <param name="ticks">About how many ticks are wanted.</param>
    public static ChartAxis Fit(IEnumerable<double> values, bool fromZero, int ticks)
    {
        var finite = values.Where(double.IsFinite).DefaultIfEmpty(0).ToList();
        double low = finite.Min(), high = finite.Max();
        if (fromZero && low > 0)
            low = 0;
        if (high <= low)
            high = low + 1;
        double step = RoundStep((high - low) / Math.Max(2, ticks));
        return fromZero
            ? new ChartAxis(Math.Floor(low / step) * step, Math.Ceiling(high / step - 1e-9) * step, step)
            : new ChartAxis(low, high, step);
    }

    private static double RoundStep(double step)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        double digit = step / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    public double Fraction(double value) => (value - _low) / (_high - _low);

    public string Label(double tick) => tick.ToString("F" + Math.Min(_decimals, 9), CultureInfo.InvariantCulture);
}
