using System.Numerics;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class PixelContrastTests
{
    // One anchor; anchors without negatives; without positives; a temperature whose exponentials overflow single precision.
    public static TheoryData<int, int, double> Sizes =>
        new() { { 1, 1, 0.1 }, { 6, 1, 0.1 }, { 9, 3, 0.5 }, { 37, 5, 0.1 }, { 50, 4, 0.005 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void InSingle(int count, int classes, double tau) => Array.ForEach(Hosts, host => Anchors<float, Real32>(host, count, classes, tau, 1e-6 / tau));

    [Theory]
    [MemberData(nameof(Sizes))]
    public void InDouble(int count, int classes, double tau) => Array.ForEach(Hosts, host => Anchors<double, Real64>(host, count, classes, tau, 1e-13));

    private static void Anchors<T, R>(KernelHost host, int count, int classes, double tau, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var draw = new Draw(count * 10 + classes);
        var products = Symmetric(draw, count);
        int[] ls = [.. Enumerable.Range(0, count).Select(i => i == 0 && classes > 1 ? classes : draw.Below(0, classes))];
        // Some rows without an anchor, as a draw that found too few leaves them.
        if (count > 8) ls[3] = ls[count - 1] = -1;
        using var similarities = Upload<T>(products);
        using var labels = Host.Accelerator.Allocate1D(ls);
        using var stats = Unwritten<T>(PixelContrastKernels.StatRows * count);
        using var losses = Unwritten<T>(count);
        using var isAnchor = Unwritten<T>(count);
        using var gradient = Upload<T>([0.5]);
        using var anchors = Upload<T>([3]);
        using var h = Unwritten<T>(count * count);
        PixelContrastKernels.Forward<T, R>(host, similarities.View, labels.View, stats.View, losses.View, isAnchor.View, tau);
        PixelContrastKernels.Backward<T, R>(host, similarities.View, labels.View, stats.View, gradient.View, anchors.View, h.View, tau);

        var expected = new double[count];
        var byPair = new double[count * count];
        for (var i = 0; i < count; i++) expected[i] = Anchor(products, ls, i, tau, byPair);
        AssertClose(expected, Download(losses), tolerance, "losses");
        AssertClose([.. ls.Select(label => label >= 0 && ls.Count(l => l == label) > 1 ? 1.0 : 0)], Download(isAnchor), 0, "isAnchor");
        var both = new double[count * count];
        for (var e = 0; e < both.Length; e++)
            both[e] = (byPair[e] + byPair[e % count * count + e / count]) * 0.5 / 3 / tau;
        AssertClose(both, Download(h), tolerance, "H");
    }

    /// <summary>An anchor's loss straight from the equation, and its gradients by the scaled similarities of its row.</summary>
    private static double Anchor(double[] products, int[] labels, int i, double tau, double[] gradient)
    {
        var count = labels.Length;
        var s = products[(i * count)..((i + 1) * count)].Select(v => v / tau).ToArray();
        var positives = Enumerable.Range(0, count).Where(j => j != i && labels[i] >= 0 && labels[j] == labels[i]).ToArray();
        var negatives = Enumerable.Range(0, count).Where(j => labels[j] >= 0 && labels[j] != labels[i]).ToArray();
        var loss = 0.0;
        foreach (var j in positives)
        {
            // Relative to the positive's own exponential, the equation neither over- nor underflows in double.
            var others = negatives.Sum(k => Math.Exp(s[k] - s[j]));
            loss += Math.Log(1 + others) / positives.Length;
            gradient[i * count + j] -= others / (1 + others) / positives.Length;
            foreach (var k in negatives)
                gradient[i * count + k] += Math.Exp(s[k] - s[j]) / (1 + others) / positives.Length;
        }
        return loss;
    }

    private static double[] Symmetric(Draw draw, int count)
    {
        var values = draw.Values(count * count);
        for (var i = 0; i < count; i++)
        for (var j = 0; j <= i; j++)
            values[i * count + j] = values[j * count + i] = i == j ? 1 : values[i * count + j] / 2;
        return values;
    }

    [Theory]
    [InlineData(6, 3, 2)]
    [InlineData(0, 0, 0)]
    public void MeanOverAnchors(double total, double anchors, double expected)
    {
        using var sum = Upload<float>([total]);
        using var count = Upload<float>([anchors]);
        using var loss = Unwritten<float>(1);
        PixelContrastKernels.Mean<float, Real32>(Host, sum.View, count.View, loss.View);
        AssertClose([expected], Download(loss), 0, "loss");
    }
}
