using System.Numerics;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class SoftmaxTests
{
    public static TheoryData<int, int> Sizes => new() { { 1, 1 }, { 3, 1 }, { 1, 7 }, { 5, 8 }, { 4, 19 }, { 2, 300 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void RowsInSingle(int rows, int length) => Rows<float, Real32>(rows, length, 1e-6);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void RowsInDouble(int rows, int length) => Rows<double, Real64>(rows, length, 1e-14);

    private static void Rows<T, R>(int rows, int length, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var draw = new Draw(rows * 1000 + length);
        // Large enough to overflow without the subtraction of the maximum, and exact in single precision.
        double[] xs = [.. draw.Values(rows * length).Select(v => Math.Round(v * 256) / 64 + 1000)], dys = draw.Values(rows * length);
        using var x = Upload<T>(xs);
        using var dy = Upload<T>(dys);
        using var y = Unwritten<T>(rows * length);
        using var dx = Unwritten<T>(rows * length);
        SoftmaxKernels.Forward<T, R>(Host, x.View, y.View, rows, length);
        SoftmaxKernels.Backward<T, R>(Host, y.View, dy.View, dx.View, rows, length);

        var expected = xs.Chunk(length).SelectMany(Reference).ToArray();
        AssertClose(expected, Download(y), tolerance, "y");
        var gradient = new double[xs.Length];
        for (var i = 0; i < xs.Length; i++)
        {
            var row = i / length * length;
            var dot = Enumerable.Range(row, length).Sum(j => expected[j] * dys[j]);
            gradient[i] = expected[i] * (dys[i] - dot);
        }
        AssertClose(gradient, Download(dx), tolerance, "dx");
    }

    private static double[] Reference(double[] row)
    {
        var sum = row.Sum(v => Math.Exp(v - row.Max()));
        return Array.ConvertAll(row, v => Math.Exp(v - row.Max()) / sum);
    }
}
