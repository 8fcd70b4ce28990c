using IlgpuSeg.Training;

namespace IlgpuSeg.Tests;

public class SegmentationMetricsTests
{
    [Fact]
    public void ComputesIoUAndAccuraciesByHand()
    {
        // Truth by row: class 0: 3 right, 1 as class 1; class 1: 2 right; class 2: never in truth, never predicted; class 3: 2 as class 0.
        var m = new SegmentationMetrics(["a", "b", "c", "d"], [3, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
        Assert.Equal(3.0 / 6, m.IoU[0]!.Value, 12);
        Assert.Equal(2.0 / 3, m.IoU[1]!.Value, 12);
        Assert.Null(m.IoU[2]);
        Assert.Equal(0, m.IoU[3]);
        Assert.Equal((0.5 + 2.0 / 3 + 0) / 3, m.MeanIoU, 12);
        Assert.Equal(5.0 / 8, m.PixelAccuracy, 12);
        Assert.Equal((0.75 + 1 + 0) / 3, m.MeanAccuracy, 12);
        Assert.Equal(2, m[3, 0]);
    }

    [Fact]
    public void AnEmptyMatrixHasNoScore()
    {
        var m = new SegmentationMetrics(["a"], [0]);
        Assert.Equal((0, 0, 0), (m.MeanIoU, m.PixelAccuracy, m.MeanAccuracy));
    }

    [Fact]
    public void RefusesAMatrixOfAnotherSize() => Assert.Throws<ArgumentException>(() => new SegmentationMetrics(["a", "b"], [1, 2, 3]));
}
