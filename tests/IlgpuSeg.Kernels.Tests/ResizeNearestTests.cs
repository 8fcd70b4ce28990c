using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class ResizeNearestTests
{
    [Theory]
    [InlineData(1, 1, 1, 1, 1)]
    [InlineData(2, 8, 12, 2, 3)]
    [InlineData(3, 7, 9, 2, 4)]
    [InlineData(1, 3, 2, 11, 17)]
    public void TakesTheFloor(int images, int inRows, int inColumns, int outRows, int outColumns)
    {
        int[] source = [.. Enumerable.Range(0, images * inRows * inColumns)];
        using var x = Host.Accelerator.Allocate1D(source);
        using var y = Unwritten<int>(images * outRows * outColumns);
        ResizeNearestKernels.Forward(Host, x.View, y.View, images, inRows, inColumns, outRows, outColumns);
        var expected =
            from n in Enumerable.Range(0, images)
            from i in Enumerable.Range(0, outRows)
            from j in Enumerable.Range(0, outColumns)
            let row = n * inRows + (int)Math.Floor((double)i * inRows / outRows)
            select row * inColumns + (int)Math.Floor((double)j * inColumns / outColumns);
        Assert.Equal(expected, y.GetAsArray1D());
    }
}
