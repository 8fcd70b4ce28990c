using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class ConfusionMatrixTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(50, 3)]
    [InlineData(3001, 19)]
    public void CountsEveryPixelOnce(int pixels, int classes)
    {
        const int ignored = 255;
        var draw = new Draw(pixels);
        var truth = CrossEntropyTests.Labels(draw, pixels, classes);
        int[] predicted = [.. truth.Select(_ => draw.Below(0, classes))];
        // One label and one prediction that are no class.
        if (pixels > 2) (truth[0], truth[1], predicted[1]) = (classes, 0, -1);
        using var labels = Host.Accelerator.Allocate1D(truth);
        using var predictions = Host.Accelerator.Allocate1D(predicted);
        using var workspace = Unwritten<int>(ConfusionMatrixKernels.WorkspaceLength(pixels, classes));
        using var counts = Unwritten<int>(classes * classes + 1);
        ConfusionMatrixKernels.Count(Host, labels.View, predictions.View, workspace.View, counts.View, classes, ignored);

        var expected = new int[classes * classes + 1];
        for (var p = 0; p < pixels; p++)
        {
            if (truth[p] == ignored) continue;
            var valid = truth[p] < classes && predicted[p] >= 0;
            expected[valid ? truth[p] * classes + predicted[p] : ^1]++;
        }
        Assert.Equal(pixels > 2 ? 2 : 0, expected[^1]);
        Assert.Equal(expected, counts.GetAsArray1D());
    }
}
