using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels.Tests;

public class GemmTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(6, 16, 8)]
    [InlineData(7, 17, 5)]
    [InlineData(13, 8, 32)]
    [InlineData(5, 9, 3)]
    [InlineData(100, 32, 17)]
    [InlineData(97, 19, 40)]
    [InlineData(33, 64, 1)]
    [InlineData(7, 500, 3)]
    [InlineData(1030, 32, 5)]
    [InlineData(100, 1040, 70)]
    public void MatrixProductsOfAllTransposes(int m, int n, int k)
    {
        foreach (var (transposedA, transposedB) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            Check<float, Real32>(TestArrays<float>.Host, m, n, k, 1, transposedA, transposedB, bias: true);
            Check<double, Real64>(TestArrays<double>.Host, m, n, k, 3, transposedA, transposedB, bias: false);
        }
    }

    [Theory]
    [InlineData(7, 500, 3)]
    [InlineData(13, 19, 40)]
    [InlineData(9, 64, 11)]
    public void VectorsAndPanelsOfAnyWidthGiveTheSameBits(int m, int n, int k)
    {
        using var arrays = new TestArrays<float>(m);
        var (a, b, bias) = (arrays.On(arrays.Values(m * k)), arrays.On(arrays.Values(k * n)), arrays.On(arrays.Values(n)));
        var (shape, right) = (GemmShape.Matrix(m, n, k), GemmRight.Matrix(k, n));
        var accelerator = TestArrays<float>.Host.Accelerator;
        double[]? first = null;
        foreach (var (lanes, blocks) in new[] { (1, 2), (1, 4), (2, 2), (2, 4) })
        {
            var host = new KernelHost(accelerator) { Products = ProductTiles.Vectors, ProductLanes = lanes * accelerator.WarpSize, ProductBlocks = blocks };
            var c = arrays.Unset(m * n);
            Gemm.Run<float, Real32>(host, a, b, bias, c, arrays.Unset(Gemm.Workspace(host, shape, right, 1)), shape, right);
            first ??= TestArrays<float>.Read(c);
            Assert.Equal(first, TestArrays<float>.Read(c));
        }
    }

    /// <summary>Launched in parts over the depth, for rows enough to be worth it: plain, and in segments that do not divide a part.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DeepProductsAddInOneOrder(bool segments)
    {
        const int Rows = 66, Columns = 17, Depth = 2100;
        var host = TestArrays<float>.Host;
        if ((long)Rows * host.Lanes * Depth > TestDevice.MostMultiplications) return;
        using var arrays = new TestArrays<float>(5);
        var (a, b, bias) = (arrays.Values(Rows * Depth), arrays.Values(Depth * Columns), arrays.Values(Columns));
        var (shape, right) = (GemmShape.Matrix(Rows, Columns, Depth), GemmRight.Matrix(Depth, Columns));
        if (segments) (shape.SegmentLength, shape.SegmentsInner, shape.SegmentInner) = (300, 7, 300);
        var c = arrays.Unset(Rows * Columns);
        Gemm.Run<float, Real32, ActivationEpilogue<float, ReluActivation<float>>>(
            host, arrays.On(a), arrays.On(b), arrays.On(bias), c, arrays.Unset(Gemm.Workspace(host, shape, right, 1)), shape, right, default);
        var expected = new double[Rows * Columns];
        for (var i = 0; i < expected.Length; i++)
        {
            var (row, column) = (i / Columns, i % Columns);
            var sum = (float)bias[column];
            for (var k = 0; k < Depth; k++) sum = MathF.FusedMultiplyAdd((float)a[(row * Depth) + k], (float)b[(k * Columns) + column], sum);
            expected[i] = Math.Max(0, sum);
        }
        Assert.Equal(expected, TestArrays<float>.Read(c));
    }

    [Fact]
    public void RandomMatrixProducts()
    {
        using var arrays = new TestArrays<float>(7);
        for (var i = 0; i < 40; i++)
        {
            Check<float, Real32>(
                TestArrays<float>.Host, arrays.Next(1, 40), arrays.Next(1, 50), arrays.Next(1, 60), arrays.Next(1, 3), arrays.Coin(), arrays.Coin(), arrays.Coin());
        }
    }

    [Fact]
    public void AProductOfDepthZeroIsTheBias()
    {
        using var arrays = new TestArrays<float>(1);
        var bias = arrays.Values(5);
        var c = arrays.Unset(15);
        Gemm.Run<float, Real32>(
            TestArrays<float>.Host, c, c, arrays.On(bias), c, ArrayView<float>.Empty, GemmShape.Matrix(3, 5, 0), GemmRight.Matrix(0, 5));
        TestArrays<float>.AssertClose([.. bias, .. bias, .. bias], c, 1, "depth 0");
    }

    [Fact]
    public void AWorkspaceThatIsTooShortIsRefused()
    {
        using var arrays = new TestArrays<float>(1);
        var shape = GemmShape.Matrix(4, 5, 6);
        var right = GemmRight.Matrix(6, 5);
        var host = TestDevice.Host;
        var needed = Gemm.Workspace(host, shape, right, 1);
        Assert.True(needed > 0);
        var a = arrays.Unset(64);
        var error = Assert.Throws<ArgumentException>(
            () => Gemm.Run<float, Real32>(host, a, a, ArrayView<float>.Empty, a, arrays.Unset(needed - 1), shape, right));
        Assert.Contains("workspace", error.Message);
        Assert.Contains($"{needed - 1:N0}", error.Message);
    }

    /// <summary>Compares a product on a device with the definition.</summary>
    internal static void Check<T, R>(KernelHost host, int m, int n, int k, int batches, bool transposedA, bool transposedB, bool bias)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        if ((long)m * n * k > TestDevice.MostMultiplications) return;
        using var arrays = new TestArrays<T>(m * 1000 + n * 10 + k);
        var a = arrays.Values(batches * m * k);
        var b = arrays.Values(batches * k * n);
        var addend = bias ? arrays.Values(n) : [];
        var shape = GemmShape.Matrix(m, n, k, transposedA);
        shape.ABatch = m * k;
        shape.CBatch = m * n;
        var right = GemmRight.Matrix(k, n, transposedB, k * n);
        var c = arrays.Unset(batches * m * n);
        Gemm.Run<T, R>(
            host, arrays.On(a), arrays.On(b), arrays.On(addend), c, arrays.Unset(Gemm.Workspace(host, shape, right, batches)), shape, right,
            batches);

        var expected = new List<double>();
        for (var batch = 0; batch < batches; batch++)
        {
            var product = ConvolutionReference.Product(
                a[(batch * m * k)..((batch + 1) * m * k)], b[(batch * k * n)..((batch + 1) * k * n)], m, n, k, transposedA, transposedB);
            for (var i = 0; i < product.Length; i++) expected.Add(product[i] + (bias ? addend[i % n] : 0));
        }
        TestArrays<T>.AssertClose([.. expected], c, k, (m, n, k, batches, transposedA, transposedB, bias));
    }
}
