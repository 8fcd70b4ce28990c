using System.Numerics;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class GatherTests
{
    public static TheoryData<int, int, int> Sizes => new() { { 1, 1, 1 }, { 7, 3, 5 }, { 4, 9, 11 }, { 100, 17, 40 }, { 2, 8, 30 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void InSingle(int rows, int channels, int picked) => Rows<float>(rows, channels, picked, 1e-6);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void InDouble(int rows, int channels, int picked) => Rows<double>(rows, channels, picked, 1e-15);

    private static void Rows<T>(int rows, int channels, int picked, double tolerance)
        where T : unmanaged, INumber<T>
    {
        var draw = new Draw(rows * 100 + picked);
        double[] xs = draw.Values(rows * channels), dys = draw.Values(picked * channels);
        int[] at = [.. Enumerable.Range(0, picked).Select(_ => draw.Below(0, rows))];
        using var x = Upload<T>(xs);
        using var dy = Upload<T>(dys);
        using var index = Host.Accelerator.Allocate1D(at);
        using var links = Unwritten<int>(2 * picked);
        using var y = Unwritten<T>(picked * channels);
        using var dx = Zeros<T>(rows * channels);
        GatherKernels.Forward<T>(Host, x.View, index.View, y.View, channels);
        GatherKernels.Backward<T>(Host, dy.View, index.View, links.View, dx.View, channels);

        var (expected, gradient) = (new double[dys.Length], new double[xs.Length]);
        for (var i = 0; i < dys.Length; i++)
        {
            var source = at[i / channels] * channels + i % channels;
            expected[i] = xs[source];
            gradient[source] += dys[i];
        }
        AssertClose(expected, Download(y), 0, "y");
        AssertClose(gradient, Download(dx), tolerance, "dx");
    }
}
