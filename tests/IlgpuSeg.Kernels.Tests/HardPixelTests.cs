using System.Numerics;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class HardPixelTests
{
    private const int Ignored = 255;

    // Pixels, how many different losses there are, threshold, minimum.
    public static TheoryData<int, int, double, int> Sizes => new()
    {
        { 1, 1, 0.5, 1 }, { 1, 1, 0.5, 0 }, { 40, 1000, 0.3, 7 }, { 40, 1000, 0.3, 100 }, { 300, 5, 9, 60 }, { 300, 5, 0.1, 0 }, { 2500, 100_000, 2, 900 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void TheLeastLossInSingle(int pixels, int values, double threshold, int minimum) => Least<float, Real32>(pixels, values, threshold, minimum);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void TheLeastLossInDouble(int pixels, int values, double threshold, int minimum) => Least<double, Real64>(pixels, values, threshold, minimum);

    private static void Least<T, R>(int pixels, int values, double threshold, int minimum)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var draw = new Draw(pixels + values);
        // Few values make many equal losses; some are 0, as of pixels that are sure of their class.
        double[] losses = [.. Enumerable.Range(0, pixels).Select(_ => (double)(float)(draw.Below(0, values) / (values / 8.0)))];
        var labels = CrossEntropyTests.Labels(draw, pixels, 19);
        using var on = Upload<T>(losses);
        using var classes = Host.Accelerator.Allocate1D(labels);
        using var workspace = Unwritten<int>(HardPixelKernels.WorkspaceLength(pixels));
        using var least = Unwritten<T>(1);
        using var kept = Unwritten<int>(pixels);
        var limit = T.CreateChecked(threshold);
        HardPixelKernels.Least<T, R>(Host, on.View, classes.View, workspace.View, least.View, limit, minimum, Ignored);
        HardPixelKernels.Keep<T>(Host, on.View, classes.View, least.View, kept.View, Ignored);

        double[] hardest = [.. losses.Where((_, p) => labels[p] != Ignored).OrderDescending()];
        var wanted = Math.Min(minimum, hardest.Length);
        var expected = wanted == 0 ? double.CreateChecked(limit) : Math.Min(double.CreateChecked(limit), hardest[wanted - 1]);
        Assert.Equal([expected], Download(least));
        Assert.Equal(labels.Select((label, p) => losses[p] >= expected ? label : Ignored), kept.GetAsArray1D());
    }

    [Fact]
    public void NegativeZerosAndWhatIsNoNumberAreTheEasiest()
    {
        using var losses = Upload<float>([-0.0, double.NaN, 1e-38, -1e-9, 3]);
        using var labels = Host.Accelerator.Allocate1D(new[] { 1, 1, 1, 1, 1 });
        using var workspace = Unwritten<int>(HardPixelKernels.WorkspaceLength(5));
        using var least = Unwritten<float>(1);
        HardPixelKernels.Least<float, Real32>(Host, losses.View, labels.View, workspace.View, least.View, 100, 2, Ignored);
        Assert.Equal([1e-38f], least.GetAsArray1D());
        HardPixelKernels.Least<float, Real32>(Host, losses.View, labels.View, workspace.View, least.View, 100, 3, Ignored);
        Assert.Equal([0f], least.GetAsArray1D());
    }

    [Fact]
    public void WhereAllIsIgnoredTheThresholdHolds()
    {
        using var losses = Upload<double>([4, 5]);
        using var labels = Host.Accelerator.Allocate1D(new[] { Ignored, Ignored });
        using var workspace = Unwritten<int>(HardPixelKernels.WorkspaceLength(2));
        using var least = Unwritten<double>(1);
        HardPixelKernels.Least<double, Real64>(Host, losses.View, labels.View, workspace.View, least.View, 0.5, 3, Ignored);
        Assert.Equal([0.5], Download(least));
    }
}
