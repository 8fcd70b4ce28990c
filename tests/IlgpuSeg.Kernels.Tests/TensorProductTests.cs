using ILGPU;
using ILGPU.Runtime;
using IlgpuSeg.KernelRuntime;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>Products on tensor cores, by the portable bodies where the device has none.</summary>
public partial class TensorProductTests
{
    // A device of the calling thread's, where each thread has its own.
    private static KernelHost Host => new(TestArrays<float>.Host.Accelerator)
    {
        Products = ProductTiles.Blocks, HasTensorCores = true, AllowTf32 = true,
        // More than any product fills with larger tiles.
        Multiprocessors = TestDevice.TakesLargeTensorTiles ? TestArrays<float>.Host.Accelerator.NumMultiprocessors : 1_000_000,
    };

    // The tiles are 64 x 64 x 32 (64): tails in all directions, several tiles, several slices, batches.
    [Theory]
    [InlineData(4, 4, 4, 1)]
    [InlineData(64, 64, 32, 1)]
    [InlineData(72, 68, 36, 2)]
    [InlineData(20, 132, 104, 1)]
    [InlineData(136, 8, 264, 1)]
    public void Tf32(int m, int n, int k, int batches)
    {
        foreach (var (transposedA, transposedB) in new[] { (false, false), (false, true), (true, false) })
        {
            using var arrays = new TestArrays<float>(m + k);
            var (a, b) = (Rounded(arrays.Values(batches * m * k)), Rounded(arrays.Values(batches * k * n)));
            var bias = arrays.Values(n);
            var (shape, right) = Shapes(m, n, k, transposedA, transposedB);
            Assert.True(TensorProduct.Takes(arrays.On(a), arrays.On(b), shape, right, BlockProduct.Blocks(shape, right), 4));
            var c = arrays.Unset(batches * m * n);
            Gemm.Run<float, Real32>(Host, arrays.On(a), arrays.On(b), arrays.On(bias), c, ArrayView<float>.Empty, shape, right, batches);
            TestArrays<float>.AssertClose(
                Expected(a, b, bias, m, n, k, batches, transposedA, transposedB), c, k, (m, n, k, batches, transposedA, transposedB));
        }
    }

    [Theory]
    [InlineData(8, 8, 8, 1)]
    [InlineData(64, 64, 64, 1)]
    [InlineData(72, 80, 136, 2)]
    [InlineData(24, 136, 72, 1)]
    public void BFloat16Operands(int m, int n, int k, int batches)
    {
        foreach (var (transposedA, transposedB) in new[] { (false, false), (false, true), (true, false) })
        {
            using var arrays = new TestArrays<float>(m + k);
            BFloat16[] a = [.. arrays.Values(batches * m * k).Select(v => (BFloat16)(float)v)], b = [.. arrays.Values(batches * k * n).Select(v => (BFloat16)(float)v)];
            using var left = Host.Accelerator.Allocate1D(a);
            using var above = Host.Accelerator.Allocate1D(b);
            var (shape, right) = Shapes(m, n, k, transposedA, transposedB);
            var c = arrays.Unset(batches * m * n);
            Assert.True(Gemm.RunBFloat16(Host, left.View, above.View, ArrayView<float>.Empty, c, shape, right, batches));
            TestArrays<float>.AssertClose(
                Expected(Array.ConvertAll(a, v => (double)(float)v), Array.ConvertAll(b, v => (double)(float)v), [], m, n, k, batches, transposedA, transposedB),
                c, k, (m, n, k, batches, transposedA, transposedB));
            // Rounded results are the float ones, rounded.
            using var narrow = Host.Accelerator.Allocate1D<BFloat16>(batches * m * n);
            Assert.True(Gemm.RunBFloat16(Host, left.View, above.View, ArrayView<float>.Empty, narrow.View, shape, right, batches));
            Assert.Equal(Array.ConvertAll(TestArrays<float>.Read(c), v => (BFloat16)(float)v), narrow.GetAsArray1D());
        }
    }

    /// <summary>Bfloat16 numbers, which are tf32 numbers too.</summary>
    private static double[] Narrow(double[] values) => Array.ConvertAll(values, v => (double)(float)(BFloat16)(float)v);

    private static uint[] Words<TOperand>(double[] values)
        where TOperand : struct, ITensorOperand => TOperand.Shift == 0
            ? Array.ConvertAll(values, v => BitConverter.SingleToUInt32Bits((float)v))
            : [.. values.Chunk(2).Select(pair => ((BFloat16)(float)pair[0]).Bits | ((uint)((BFloat16)(float)pair[1]).Bits << 16))];

    [Fact]
    public void FloatsAreRoundedToTf32()
    {
        const int M = 12, N = 16, K = 40;
        using var arrays = new TestArrays<float>(9);
        var (a, b) = (arrays.Values(M * K), arrays.Values(K * N));
        var c = arrays.Unset(M * N);
        var (shape, right) = Shapes(M, N, K, false, false);
        Gemm.Run<float, Real32>(Host, arrays.On(a), arrays.On(b), ArrayView<float>.Empty, c, ArrayView<float>.Empty, shape, right);
        TestArrays<float>.AssertClose(Expected(Rounded(a), Rounded(b), [], M, N, K, 1, false, false), c, K, "rounded");
    }

    [Theory]
    [InlineData(3, 1, 1, 1)]
    [InlineData(3, 2, 1, 1)]
    [InlineData(1, 1, 0, 1)]
    [InlineData(2, 1, 2, 2)]
    public void ConvolutionsAndTheirGradients(int kernel, int stride, int padding, int dilation)
    {
        var shape = new ConvolutionShape(2, 6, 8, 8, 12, ConvolutionTests.Window(kernel, stride, padding, dilation));
        using var arrays = new TestArrays<float>(kernel);
        var (x, w, dy) = (Rounded(arrays.Values(shape.InputLength)), Rounded(arrays.Values(shape.WeightLength)), Rounded(arrays.Values(shape.OutputLength)));
        var (xView, wView, dyView) = (arrays.On(x), arrays.On(w), arrays.On(dy));
        var y = arrays.Unset(shape.OutputLength);
        Convolution.Forward<float, Real32>(
            Host, xView, wView, ArrayView<float>.Empty, y, arrays.Unset(Convolution.ForwardWorkspace(Host, shape)), shape);
        TestArrays<float>.AssertClose(ConvolutionReference.Forward(x, w, null, shape), y, shape.Window.Taps * shape.InChannels, "forward");
        var dx = arrays.Unset(shape.InputLength);
        Convolution.DataGradient<float, Real32>(Host, dyView, wView, dx, arrays.Unset(Convolution.DataGradientWorkspace(Host, shape)), shape);
        TestArrays<float>.AssertClose(ConvolutionReference.DataGradient(dy, w, shape), dx, shape.Window.Taps * shape.OutChannels, "data gradient");
        var dw = arrays.Unset(shape.WeightLength);
        Convolution.WeightGradient<float, Real32>(Host, xView, dyView, dw, arrays.Unset(Convolution.WeightGradientWorkspace(Host, shape)), shape);
        TestArrays<float>.AssertClose(ConvolutionReference.WeightGradient(x, dy, shape), dw, shape.OutPixels, "weight gradient");
    }

    [Fact]
    public void AnEpilogueFollowsTheSums()
    {
        const int M = 20, N = 12, K = 8;
        using var arrays = new TestArrays<float>(2);
        var (a, b, other) = (Rounded(arrays.Values(M * K)), Rounded(arrays.Values(K * N)), arrays.Values(M * N));
        var c = arrays.Unset(M * N);
        var (shape, right) = Shapes(M, N, K, false, false);
        Gemm.Run<float, Real32, ResidualEpilogue<float, ReluActivation<float>>>(
            Host, arrays.On(a), arrays.On(b), ArrayView<float>.Empty, c, ArrayView<float>.Empty, shape, right, new(default, default, arrays.On(other), default));
        var sums = Expected(a, b, [], M, N, K, 1, false, false);
        TestArrays<float>.AssertClose([.. sums.Select((sum, i) => Math.Max(sum + other[i], 0))], c, K, "epilogue");
    }

    [Fact]
    public void ItMustBeAllowed()
    {
        // 1 + 2^-12 is no tf32 number.
        const float Value = 1 + 1f / 4096;
        using var arrays = new TestArrays<float>(1);
        var x = arrays.On(Enumerable.Repeat((double)Value, 64).ToArray());
        float Product(KernelHost host)
        {
            var c = arrays.Unset(64);
            Gemm.Run<float, Real32>(host, x, x, ArrayView<float>.Empty, c, ArrayView<float>.Empty, GemmShape.Matrix(8, 8, 8), GemmRight.Matrix(8, 8));
            return (float)TestArrays<float>.Read(c)[0];
        }

        Assert.Equal(8f, Product(Host));
        Assert.Equal(8 * Value * Value, Product(TestArrays<float>.BlockHost), 1e-5f);
        Assert.False(TestArrays<float>.BlockHost.AllowTf32);

        // For one thread whatever the device says.
        var sums = new KernelHost(Host.Accelerator) { Products = ProductTiles.Blocks, HasTensorCores = true };
        using (KernelHost.AllowingTf32(true))
        {
            Assert.Equal(8f, Product(sums));
            using (KernelHost.AllowingTf32(false)) Assert.Equal(8 * Value * Value, Product(Host), 1e-5f);
            Assert.True(KernelHost.Tf32OfThread);
            bool? elsewhere = true;
            var other = new Thread(() => elsewhere = KernelHost.Tf32OfThread);
            other.Start();
            other.Join();
            Assert.Null(elsewhere);
        }
        Assert.Null(KernelHost.Tf32OfThread);
        Assert.Equal(8f, Product(Host));
    }

    [Fact]
    public void OperandsThatCannotBeCopiedAreLeftToOthers()
    {
        using var arrays = new TestArrays<float>(1);
        var x = arrays.Unset(1024);
        bool Takes(GemmShape shape, GemmRight right) => TensorProduct.Takes(x, x, shape, right, BlockProduct.Blocks(shape, right), 4);
        Assert.True(Takes(GemmShape.Matrix(5, 8, 8), GemmRight.Matrix(8, 8)));
        Assert.False(Takes(GemmShape.Matrix(5, 8, 6), GemmRight.Matrix(6, 8)));
        Assert.False(Takes(GemmShape.Matrix(8, 6, 8), GemmRight.Matrix(8, 6)));
        Assert.False(Takes(GemmShape.Matrix(8, 8, 8, transposedA: true), GemmRight.Matrix(8, 8, transposed: true)));
    }

    private static double[] Rounded(double[] values) =>
        Array.ConvertAll(values, v => (double)BitConverter.UInt32BitsToSingle(TensorCore.RoundTf32((float)v)));

    private static (GemmShape, GemmRight) Shapes(int m, int n, int k, bool transposedA, bool transposedB)
    {
        var shape = GemmShape.Matrix(m, n, k, transposedA);
        shape.ABatch = m * k;
        shape.CBatch = m * n;
        return (shape, GemmRight.Matrix(k, n, transposedB, k * n));
    }

    private static double[] Expected(
        double[] a, double[] b, double[] bias, int m, int n, int k, int batches, bool transposedA, bool transposedB) =>
        [.. Enumerable.Range(0, batches).SelectMany(batch => ConvolutionReference.Product(
            a[(batch * m * k)..((batch + 1) * m * k)], b[(batch * k * n)..((batch + 1) * k * n)], m, n, k, transposedA, transposedB))
            .Select((sum, i) => sum + (bias.Length > 0 ? bias[i % n] : 0))];
}
