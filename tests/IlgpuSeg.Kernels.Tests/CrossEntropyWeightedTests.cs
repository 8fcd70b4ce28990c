using System.Numerics;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class CrossEntropyWeightedTests
{
    private const int Ignored = 255;

    public static TheoryData<int, int, double> Sizes => new() { { 1, 1, 0.5 }, { 7, 2, 0 }, { 37, 8, 0.1 }, { 65, 19, 0.3 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void PixelsInSingle(int pixels, int classes, double smoothing) => Pixels<float, Real32>(pixels, classes, smoothing, 2e-6);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void PixelsInDouble(int pixels, int classes, double smoothing) => Pixels<double, Real64>(pixels, classes, smoothing, 1e-14);

    private static void Pixels<T, R>(int pixels, int classes, double smoothing, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var draw = new Draw(pixels * 100 + classes);
        double[] xs = [.. draw.Values(pixels * classes).Select(v => v * 2)], ws = [.. draw.Values(classes).Select(Math.Abs)];
        var ls = CrossEntropyTests.Labels(draw, pixels, classes);
        using var x = Upload<T>(xs);
        using var labels = Host.Accelerator.Allocate1D(ls);
        using var weights = Upload<T>(ws);
        using var peaks = Unwritten<T>(pixels);
        using var logSums = Unwritten<T>(pixels);
        using var losses = Unwritten<T>(pixels);
        using var pixelWeights = Unwritten<T>(pixels);
        using var scale = Upload<T>([0.25]);
        using var dx = Unwritten<T>(xs.Length);
        var shares = new SmoothingShares<T>(
            T.CreateChecked(1 - smoothing), T.CreateChecked(smoothing / classes), T.CreateChecked(ws.Sum()));
        CrossEntropyWeightedKernels.Forward<T, R>(
            Host, x.View, labels.View, weights.View, peaks.View, logSums.View, losses.View, pixelWeights.View, shares, Ignored);
        CrossEntropyWeightedKernels.Backward<T, R>(
            Host, x.View, labels.View, weights.View, peaks.View, logSums.View, scale.View, dx.View, shares, Ignored);

        var (expected, gradient) = (new double[pixels], new double[xs.Length]);
        for (var p = 0; p < pixels; p++)
        {
            if (ls[p] == Ignored) continue;
            var row = xs[(p * classes)..((p + 1) * classes)];
            var logP = row.Select(v => v - Math.Log(row.Sum(Math.Exp))).ToArray();
            for (var c = 0; c < classes; c++)
            {
                // The target that a class has, times its weight.
                var target = ws[c] * (smoothing / classes + (c == ls[p] ? 1 - smoothing : 0));
                expected[p] -= target * logP[c];
                for (var d = 0; d < classes; d++)
                    gradient[p * classes + d] += 0.25 * target * (Math.Exp(logP[d]) - (c == d ? 1 : 0));
            }
        }
        AssertClose(expected, Download(losses), tolerance, "losses");
        AssertClose([.. ls.Select(l => l == Ignored ? 0 : ws[l])], Download(pixelWeights), tolerance, "pixel weights");
        AssertClose(gradient, Download(dx), tolerance, "dx");
    }

    [Theory]
    [InlineData(3, 2, 1.5)]
    [InlineData(3, 0, 0)]
    public void DividingByNothingGivesZero(double x, double divisor, double expected)
    {
        using var numerator = Upload<double>([x]);
        using var denominator = Upload<double>([divisor]);
        using var y = Unwritten<double>(1);
        CrossEntropyWeightedKernels.Divide<double>(Host, numerator.View, denominator.View, y.View);
        Assert.Equal([expected], Download(y));
    }
}
