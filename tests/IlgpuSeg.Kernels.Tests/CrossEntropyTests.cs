using System.Numerics;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class CrossEntropyTests
{
    private const int Ignored = 255;

    public static TheoryData<int, int> Sizes => new() { { 1, 1 }, { 1, 19 }, { 7, 2 }, { 37, 8 }, { 64, 19 }, { 65, 21 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void PixelsInSingle(int pixels, int classes) => Pixels<float, Real32>(pixels, classes, 2e-6);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void PixelsInDouble(int pixels, int classes) => Pixels<double, Real64>(pixels, classes, 1e-14);

    private static void Pixels<T, R>(int pixels, int classes, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var draw = new Draw(pixels * 100 + classes);
        double[] xs = [.. draw.Values(pixels * classes).Select(v => Math.Round(v * 640) / 64 - 500)];
        var ls = Labels(draw, pixels, classes);
        using var x = Upload<T>(xs);
        using var labels = Host.Accelerator.Allocate1D(ls);
        using var peaks = Unwritten<T>(pixels);
        using var logSums = Unwritten<T>(pixels);
        using var losses = Unwritten<T>(pixels);
        using var scale = Upload<T>([0.25]);
        using var dx = Unwritten<T>(pixels * classes);
        CrossEntropyKernels.Forward<T, R>(
            Host, x.View, labels.View, peaks.View, logSums.View, losses.View, classes, Ignored);
        CrossEntropyKernels.Backward<T, R>(
            Host, x.View, labels.View, peaks.View, logSums.View, scale.View, dx.View, classes, Ignored);

        var (expected, gradient) = (new double[pixels], new double[pixels * classes]);
        for (var p = 0; p < pixels; p++)
        {
            if (ls[p] == Ignored) continue;
            var row = xs[(p * classes)..((p + 1) * classes)];
            var sum = row.Sum(v => Math.Exp(v - row.Max()));
            expected[p] = Math.Log(sum) + row.Max() - row[ls[p]];
            for (var c = 0; c < classes; c++)
                gradient[p * classes + c] = 0.25 * (Math.Exp(row[c] - row.Max()) / sum - (c == ls[p] ? 1 : 0));
        }
        AssertClose(expected, Download(losses), tolerance, "losses");
        AssertClose(gradient, Download(dx), tolerance, "dx");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(5000)]
    public void Counts(int pixels)
    {
        var ls = Labels(new Draw(pixels), pixels, 5);
        ls[pixels / 2] = 7;
        ls[pixels - 1] = -1;
        using var labels = Host.Accelerator.Allocate1D(ls);
        using var counts = Unwritten<int>(2 * CrossEntropyKernels.CountChunks);
        using var total = Unwritten<double>(1);
        using var totalInSingle = Unwritten<float>(1);
        foreach (var host in Hosts)
        {
            CrossEntropyKernels.Count(host, labels.View, counts.View, 5, Ignored);
            var sums = counts.GetAsArray1D().Chunk(CrossEntropyKernels.CountChunks).Select(part => part.Sum()).ToArray();
            Assert.Equal([ls.Count(l => l is >= 0 and < 5), ls.Count(l => l is 7 or -1)], sums);
            CrossEntropyKernels.Total<double, Real64>(host, counts.View, total.View);
            Assert.Equal([sums[0]], Download(total));
            CrossEntropyKernels.Total<float, Real32>(host, counts.View, totalInSingle.View);
            Assert.Equal([sums[0]], Download(totalInSingle));
        }
    }

    /// <summary>Class ids, about a fifth of them ignored.</summary>
    internal static int[] Labels(Draw draw, int pixels, int classes) =>
        [.. Enumerable.Range(0, pixels).Select(_ => draw.Below(0, 5) == 0 ? Ignored : draw.Below(0, classes))];
}
