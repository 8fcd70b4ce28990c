using ILGPU;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class ConcatTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 3, 9)]
    [InlineData(20, 8, 16)]
    [InlineData(5, 17, 2)]
    public void PartsGoInAndComeOut(int rows, int first, int second)
    {
        var draw = new Draw(rows);
        var (p, q) = (draw.Values(rows * first), draw.Values(rows * second));
        var total = first + second;
        using var a = Upload<float>(p);
        using var b = Upload<float>(q);
        using var whole = Unwritten<float>(rows * total);
        ConcatKernels.Insert<float>(Host, a.View, whole.View, rows, first, total, 0);
        ConcatKernels.Insert<float>(Host, b.View, whole.View, rows, second, total, first);
        var expected = new double[rows * total];
        for (var i = 0; i < expected.Length; i++)
            expected[i] = i % total < first ? p[i / total * first + i % total] : q[i / total * second + i % total - first];
        AssertClose(expected, Download(whole), 0, "whole");
        using var part = Unwritten<float>(rows * second);
        ConcatKernels.Extract<float>(Host, whole.View, part.View, rows, second, total, first);
        AssertClose(q, Download(part), 0, "part");
    }
}
