using ILGPU;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>The GPU's form of the matrix product and of the convolutions, on this device.</summary>
public class BlockProductTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(64, 64, 16)]
    [InlineData(65, 63, 17)]
    [InlineData(130, 70, 5)]
    [InlineData(4, 200, 33)]
    [InlineData(128, 256, 24)]
    [InlineData(261, 133, 19)]
    public void MatrixProductsOfAllTransposes(int m, int n, int k)
    {
        foreach (var (transposedA, transposedB) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            GemmTests.Check<float, Real32>(TestArrays<float>.BlockHost, m, n, k, 1, transposedA, transposedB, bias: true);
            GemmTests.Check<double, Real64>(TestArrays<double>.BlockHost, m, n, k, 2, transposedA, transposedB, bias: false);
        }
    }

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void ConvolutionsAndTheirGradients(ConvolutionShape shape)
    {
        ConvolutionTests.Check<float, Real32>(TestArrays<float>.BlockHost, shape, bias: true);
        ConvolutionTests.Check<double, Real64>(TestArrays<double>.BlockHost, shape, bias: false);
    }

    public static TheoryData<ConvolutionShape> Convolutions
    {
        get
        {
            var shapes = ConvolutionTests.Named;
            // Quads along channels in all three products, several runs.
            shapes.Add(new ConvolutionShape(2, 9, 12, 20, 72, ConvolutionTests.Window(3, 1, 2, 2)));
            return shapes;
        }
    }

    [Theory]
    [InlineData(100, 50, 40)]
    [InlineData(300, 140, 52)]
    public void TheBitsAreThoseOfTheOtherForm(int m, int n, int k)
    {
        using var arrays = new TestArrays<float>(m);
        var (a, b, bias) = (arrays.On(arrays.Values(m * k)), arrays.On(arrays.Values(k * n)), arrays.On(arrays.Values(n)));
        var results = new[] { TestArrays<float>.Host, TestArrays<float>.BlockHost }.Select(host =>
        {
            var c = arrays.Unset(m * n);
            var (shape, right) = (GemmShape.Matrix(m, n, k), GemmRight.Matrix(k, n));
            Gemm.Run<float, Real32>(host, a, b, bias, c, arrays.Unset(Gemm.Workspace(host, shape, right, 1)), shape, right);
            return TestArrays<float>.Read(c);
        }).ToArray();
        Assert.Equal(results[0], results[1]);
    }

    [Fact]
    public void SplitsAndSumsOnTopOfC()
    {
        const int M = 70, N = 66, K = 96;
        using var arrays = new TestArrays<float>(5);
        var (a, b, before) = (arrays.Values(M * K), arrays.Values(K * N), arrays.Values(3 * M * N));
        var shape = GemmShape.Matrix(M, N, K);
        shape.SegmentLength = 8;
        shape.SegmentsInner = 3;
        shape.SegmentInner = 8;
        shape.SegmentOuter = 24;
        shape.Split = 32;
        shape.DepthCount = 24;
        shape.DepthStart = 8;
        shape.Accumulate = 1;
        shape.CBatch = M * N;
        var c = arrays.On(before);
        Gemm.Run<float, Real32>(
            TestArrays<float>.BlockHost, arrays.On(a), arrays.On(b), ArrayView<float>.Empty, c, ArrayView<float>.Empty, shape,
            GemmRight.Matrix(K, N), 3);
        var expected = (double[])before.Clone();
        for (var split = 0; split < 3; split++)
            for (var i = 0; i < M; i++)
                for (var j = 0; j < N; j++)
                    for (var k = 32 * split + 8; k < 32 * split + 32; k++)
                        expected[(split * M + i) * N + j] += a[i * K + k] * b[k * N + j];
        TestArrays<float>.AssertClose(expected, c, 25, "splits");
    }

    [Fact]
    public void QuadsAreTakenOnlyWhereEveryAddressIsAligned()
    {
        using var arrays = new TestArrays<float>(1);
        var x = arrays.Unset(4096);
        bool Takes(ArrayView<float> a, GemmShape shape, GemmRight right) =>
            BlockProduct.TakesGroups(4, a, x, shape, right, BlockProduct.Blocks(shape, right));

        Assert.True(Takes(x, GemmShape.Matrix(30, 32, 16), GemmRight.Matrix(16, 32)));
        Assert.True(Takes(x, GemmShape.Matrix(30, 31, 16), GemmRight.Matrix(16, 31, transposed: true)));
        Assert.True(Takes(x, GemmShape.Matrix(32, 32, 15, transposedA: true), GemmRight.Matrix(15, 32)));
        Assert.False(Takes(x.SubView(1), GemmShape.Matrix(30, 32, 16), GemmRight.Matrix(16, 32)));
        Assert.False(Takes(x, GemmShape.Matrix(30, 32, 15), GemmRight.Matrix(15, 32)));
        Assert.False(Takes(x, GemmShape.Matrix(30, 30, 16), GemmRight.Matrix(16, 30)));
        Assert.False(Takes(x, GemmShape.Matrix(30, 32, 16, transposedA: true), GemmRight.Matrix(16, 32)));
        var batched = GemmShape.Matrix(30, 32, 16);
        batched.ABatch = 482;
        Assert.False(Takes(x, batched, GemmRight.Matrix(16, 32)));
    }
}
