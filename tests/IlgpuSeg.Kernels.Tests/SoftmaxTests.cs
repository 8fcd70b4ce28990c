using System.Numerics;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class SoftmaxTests
{
    public static TheoryData<int, int> Sizes => new() { { 1, 1 }, { 3, 1 }, { 1, 7 }, { 5, 8 }, { 4, 19 }, { 2, 300 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void RowsInSingle(int rows, int length) => Rows<float, Real32, SoftmaxForm<float, Real32>>(rows, length, logarithm: false, 1e-6);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void RowsInDouble(int rows, int length) => Rows<double, Real64, SoftmaxForm<double, Real64>>(rows, length, logarithm: false, 1e-14);

    // Logarithms down to -8, whose gradients sum up to 300 terms.
    [Theory]
    [MemberData(nameof(Sizes))]
    public void LogarithmsInSingle(int rows, int length) => Rows<float, Real32, LogSoftmaxForm<float, Real32>>(rows, length, logarithm: true, 1e-5);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void LogarithmsInDouble(int rows, int length) => Rows<double, Real64, LogSoftmaxForm<double, Real64>>(rows, length, logarithm: true, 1e-13);

    private static void Rows<T, R, TForm>(int rows, int length, bool logarithm, double tolerance)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TForm : struct, ISoftmaxForm<T>
    {
        var draw = new Draw(rows * 1000 + length);
        // Large enough to overflow without the subtraction of the maximum, and exact in single precision.
        double[] xs = [.. draw.Values(rows * length).Select(v => Math.Round(v * 256) / 64 + 1000)], dys = draw.Values(rows * length);
        using var x = Upload<T>(xs);
        using var dy = Upload<T>(dys);
        using var y = Unwritten<T>(rows * length);
        using var dx = Unwritten<T>(rows * length);
        SoftmaxKernels.Forward<T, R, TForm>(Host, x.View, y.View, rows, length);
        SoftmaxKernels.Backward<T, TForm>(Host, y.View, dy.View, dx.View, rows, length);

        var expected = xs.Chunk(length).SelectMany(Reference).ToArray();
        AssertClose(logarithm ? Array.ConvertAll(expected, Math.Log) : expected, Download(y), tolerance, "y");
        var gradient = new double[xs.Length];
        for (var i = 0; i < xs.Length; i++)
        {
            var row = i / length * length;
            gradient[i] = logarithm
                ? dys[i] - expected[i] * dys[row..(row + length)].Sum()
                : expected[i] * (dys[i] - Enumerable.Range(row, length).Sum(j => expected[j] * dys[j]));
        }
        AssertClose(gradient, Download(dx), tolerance, "dx");
    }

    private static double[] Reference(double[] row)
    {
        var sum = row.Sum(v => Math.Exp(v - row.Max()));
        return Array.ConvertAll(row, v => Math.Exp(v - row.Max()) / sum);
    }
}
