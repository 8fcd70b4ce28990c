using System.Numerics;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class L2NormalizeTests
{
    public static TheoryData<int, int> Sizes => new() { { 1, 1 }, { 3, 2 }, { 5, 8 }, { 4, 17 }, { 3, 256 } };

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
        const double eps = 1e-3;
        var draw = new Draw(rows * 1000 + length);
        double[] xs = draw.Values(rows * length), dys = draw.Values(rows * length);
        // The last row is zero: its norm is clamped.
        Array.Clear(xs, (rows - 1) * length, length);
        using var x = Upload<T>(xs);
        using var dy = Upload<T>(dys);
        using var norms = Unwritten<T>(rows);
        using var y = Unwritten<T>(rows * length);
        using var dx = Unwritten<T>(rows * length);
        L2NormalizeKernels.Forward<T, R>(Host, x.View, y.View, norms.View, eps, rows, length);
        L2NormalizeKernels.Backward<T, R>(Host, y.View, norms.View, dy.View, dx.View, eps, rows, length);

        var (expected, gradient) = (new double[xs.Length], new double[xs.Length]);
        for (var i = 0; i < xs.Length; i++)
        {
            var row = Enumerable.Range(i / length * length, length).ToArray();
            var norm = Math.Sqrt(row.Sum(j => xs[j] * xs[j]));
            var dot = row.Sum(j => xs[j] * dys[j]);
            expected[i] = xs[i] / Math.Max(norm, eps);
            gradient[i] = norm < eps ? dys[i] / eps : (dys[i] - xs[i] * dot / (norm * norm)) / norm;
        }
        AssertClose(expected, Download(y), tolerance, "y");
        AssertClose(gradient, Download(dx), tolerance, "dx");
    }
}
