using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class ArgMaxTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(13, 4)]
    [InlineData(40, 19)]
    public void FindsTheLargest(int rows, int length)
    {
        var xs = new Draw(rows).Values(rows * length);
        using var x = Upload<float>(xs);
        using var y = Unwritten<int>(rows);
        ArgMaxKernels.Forward<float>(Host, x.View, y.View, length);
        Assert.Equal(xs.Chunk(length).Select(row => Array.IndexOf(row, row.Max())), y.GetAsArray1D());
    }

    [Fact]
    public void OfEqualsTheFirst()
    {
        using var x = Upload<double>([1, 3, 3, 2, 0, 0, 0, 0]);
        using var y = Unwritten<int>(2);
        ArgMaxKernels.Forward<double>(Host, x.View, y.View, 4);
        Assert.Equal([1, 0], y.GetAsArray1D());
    }
}
