using ILGPU;
using ILGPU.Runtime;

namespace IlgpuSeg.KernelRuntime.Tests.Simd;

/// <summary>The thinnest path: element-wise kernels with a tail guard and struct parameters.</summary>
public sealed class FirstKernelsTests : IDisposable
{
    private readonly BothWays _ways = new();

    public void Dispose() => _ways.Dispose();

    internal readonly struct Line(float slope, float offset)
    {
        public readonly float Slope = slope;
        public readonly float Offset = offset;

        public float At(float x) => (Slope * x) + Offset;
    }

    private static void Saxpy(ArrayView<float> x, Line line, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
        {
            return;
        }

        x[i] = line.At(x[i]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(1000)]
    public void SaxpyAgreesForEveryTail(int n)
    {
        var data = Enumerable.Range(0, n + 20).Select(i => i * 0.37f).ToArray();
        _ways.SameBits(data, (a, v) => a.LoadStreamKernel<ArrayView<float>, Line, int>(Saxpy)(
            new KernelConfig((n + 7) / 8, 8), v, new Line(2.5f, -1), n));
        _ways.SameBits(data, (a, v) => a.LoadStreamKernel<ArrayView<float>, Line, int>(Saxpy)(
            new KernelConfig((n + 12) / 13, 13), v, new Line(2.5f, -1), n));
    }

    private static void Loops(ArrayView<int> x, int n)
    {
        var i = Grid.GlobalIndex.X;
        if (i >= n)
        {
            return;
        }

        var sum = 0;
        for (var k = 0; k < i % 5; k++)
        {
            if (x[i] % 3 == 0)
            {
                sum += k * x[i];
                continue;
            }

            if (sum > 40)
            {
                break;
            }

            sum += x[(i + k) % n];
        }

        x[i + n] = sum;
    }

    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(101)]
    public void DivergentLoopsAgree(int n)
    {
        var data = Enumerable.Range(0, n * 2).Select(i => i * 7 % 23).ToArray();
        _ways.SameBits(data, (a, v) => a.LoadStreamKernel<ArrayView<int>, int>(Loops)(new KernelConfig((n + 7) / 8, 8), v, n));
        _ways.SameBits(data, (a, v) => a.LoadStreamKernel<ArrayView<int>, int>(Loops)(new KernelConfig((n + 19) / 20, 20), v, n));
    }

    private static void RowSums(ArrayView<int> x, int n, int width)
    {
        var row = Grid.GlobalIndex.X;
        if (row >= n)
        {
            return;
        }

        var sum = 0;
        for (var k = 0; k < width; k++)
        {
            sum += x[(row * width) + k];
        }

        x[(n * width) + row] = sum;
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(8, 3)]
    [InlineData(21, 5)]
    public void StridedRowsAgree(int n, int width)
    {
        var data = Enumerable.Range(0, n * (width + 1)).Select(i => i * 7 % 23).ToArray();
        _ways.SameBits(data, (a, v) => a.LoadStreamKernel<ArrayView<int>, int, int>(RowSums)(new KernelConfig((n + 7) / 8, 8), v, n, width));
    }
}
