using System.Numerics;
using ILGPU;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>Epilogues of products and convolutions: the same as the operations after one another.</summary>
public class EpilogueTests
{
    // Panels that end inside and beyond the last column, of one block of lanes and of two; rows that fill the tiles and do not.
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 1, 1 }, { 7, 5, 3 }, { 12, 16, 8 }, { 13, 33, 20 }, { 6, 32, 17 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void FollowProducts(int rows, int columns, int depth)
    {
        CheckProducts<float, Real32>(TestArrays<float>.Host, rows, columns, depth);
        CheckProducts<double, Real64>(TestArrays<double>.Host, rows, columns, depth);
    }

#if KERNELS_BUNDLED
    // Groups of 256 threads; the package's default CPU device takes 16.
    [Fact]
    public void FollowBlockProducts() => CheckProducts<float, Real32>(TestArrays<float>.BlockHost, 13, 33, 9);

    /// <summary>One that holds all that others do: each takes seconds to compile.</summary>
    [Fact]
    public void FollowLargeBlockProducts()
    {
        const int Rows = 65, Columns = 68, Depth = 8;
        using var arrays = new TestArrays<float>(Rows);
        var (a, b, bias) = (arrays.Values(Rows * Depth), arrays.Values(Depth * Columns), arrays.Values(Columns));
        var (scale, shift, other, otherScale) = (arrays.Values(Columns), arrays.Values(Columns), arrays.Values(Rows * Columns), arrays.Values(Columns));
        var c = arrays.Unset(Rows * Columns);
        Run<float, Real32, AffineResidualEpilogue<float, Real32>>(
            new KernelHost(TestArrays<float>.BlockHost.Accelerator) { Products = ProductTiles.Blocks, Multiprocessors = 0 },
            arrays, a, b, bias, c, GemmShape.Matrix(Rows, Columns, Depth), new(arrays.On(scale), arrays.On(shift), arrays.On(other), arrays.On(otherScale)));
        var sums = ConvolutionReference.Product(a, b, Rows, Columns, Depth, false, false);
        TestArrays<float>.AssertClose(
            [.. sums.Select((sum, i) => ((sum + bias[i % Columns]) * scale[i % Columns]) + shift[i % Columns] + (other[i] * otherScale[i % Columns]))],
            c, Depth, "large tiles");
    }
#endif

    [Fact]
    public void FollowConvolutions()
    {
        CheckConvolutions<float, Real32>(TestArrays<float>.Host, strideH: 2);
        CheckConvolutions<double, Real64>(TestArrays<double>.Host, strideH: 2);
    }

    [Fact]
    public void FollowConvolutionsByMinimalFiltering()
    {
        CheckConvolutions<float, Real32>(WinogradTests.Host, strideH: 1);
        CheckConvolutions<double, Real64>(WinogradTests.Host, strideH: 1);
    }

    [Fact]
    public void TheOtherTensorMayShareTheResultsMemory()
    {
        using var arrays = new TestArrays<float>(5);
        var (a, b, other) = (arrays.Values(7 * 4), arrays.Values(4 * 19), arrays.Values(7 * 19));
        var c = arrays.On(other);
        Run<float, Real32, ResidualEpilogue<float, IdentityActivation<float>>>(
            TestArrays<float>.Host, arrays, a, b, [], c, GemmShape.Matrix(7, 19, 4), new(default, default, c, default));
        var product = ConvolutionReference.Product(a, b, 7, 19, 4, false, false);
        TestArrays<float>.AssertClose([.. product.Zip(other, (p, o) => p + o)], c, 4, "in place");
    }

    [Fact]
    public void OperandsThatAreTooShortAreRefusedByName()
    {
        using var arrays = new TestArrays<float>(5);
        var (a, b) = (arrays.Values(6), arrays.Values(6));
        var (four, two, one) = (arrays.Unset(4), arrays.Unset(2), arrays.Unset(1));
        foreach (var (name, operands) in new[]
        {
            ("scale", new EpilogueOperands<float>(one, two, four, two)), ("shift", new(two, one, four, two)),
            ("other tensor", new(two, two, two, two)), ("other tensor's scale", new(two, two, four, one)),
        })
        {
            var error = Assert.Throws<ArgumentException>(() => Run<float, Real32, AffineResidualEpilogue<float, Real32>>(
                TestArrays<float>.Host, arrays, a, b, [], arrays.Unset(4), GemmShape.Matrix(2, 2, 3), operands));
            Assert.Contains($"elements of {name} but", error.Message);
        }
    }

    private static void CheckProducts<T, R>(KernelHost host, int rows, int columns, int depth)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        using var arrays = new TestArrays<T>(rows + columns);
        var (a, b, bias) = (arrays.Values(rows * depth), arrays.Values(depth * columns), arrays.Values(columns));
        var sums = ConvolutionReference.Product(a, b, rows, columns, depth, false, false);
        for (var i = 0; i < sums.Length; i++) sums[i] += bias[i % columns];
        var shape = GemmShape.Matrix(rows, columns, depth);
        All<T, R>(arrays, sums, columns, depth, new ProductRun<T, R>(host, arrays, a, b, bias, shape));
    }

    private static void CheckConvolutions<T, R>(KernelHost host, int strideH)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        using var arrays = new TestArrays<T>(3);
        var shape = new ConvolutionShape(2, 5, 6, 3, 18, new ConvolutionWindow(3, 3, strideH, 1, 1, 1, 1, 1));
        var (x, w, bias) = (arrays.Values(shape.InputLength), arrays.Values(shape.WeightLength), arrays.Values(shape.OutChannels));
        All<T, R>(arrays, ConvolutionReference.Forward(x, w, bias, shape), shape.OutChannels, 27,
            new ConvolutionRun<T, R>(host, arrays, x, w, bias, shape));
    }

    private static void All<T, R>(TestArrays<T> arrays, double[] sums, int columns, int terms, IEpilogueRun<T> run)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (scale, shift, other, otherScale) =
            (arrays.Values(columns), arrays.Values(columns), arrays.Values(sums.Length), arrays.Values(columns));
        var operands = new EpilogueOperands<T>(arrays.On(scale), arrays.On(shift), arrays.On(other), arrays.On(otherScale));
        var shiftOnly = operands with { Other = default, OtherScale = default };
        var otherOnly = new EpilogueOperands<T>(default, default, operands.Other, default);
        Check<ActivationEpilogue<T, IdentityActivation<T>>>(default, (s, _) => s);
        Check<ActivationEpilogue<T, ReluActivation<T>>>(default, (s, _) => Math.Max(s, 0));
        Check<ActivationEpilogue<T, GeluActivation<T, R>>>(default, (s, _) => Gelu(s));
        Check<AffineEpilogue<T, R, IdentityActivation<T>>>(shiftOnly, Affine);
        Check<AffineEpilogue<T, R, ReluActivation<T>>>(shiftOnly, (s, i) => Math.Max(Affine(s, i), 0));
        Check<AffineEpilogue<T, R, GeluActivation<T, R>>>(shiftOnly, (s, i) => Gelu(Affine(s, i)));
        Check<ResidualEpilogue<T, IdentityActivation<T>>>(otherOnly, (s, i) => s + other[i]);
        Check<ResidualEpilogue<T, ReluActivation<T>>>(otherOnly, (s, i) => Math.Max(s + other[i], 0));
        Check<ScaledResidualEpilogue<T, R>>(operands with { Shift = default }, (s, i) => s * scale[i % columns] + other[i]);
        Check<AffineResidualEpilogue<T, R>>(operands, (s, i) => Affine(s, i) + other[i] * otherScale[i % columns]);
        Check<ProductEpilogue<T>>(otherOnly, (s, i) => s * other[i]);
        CheckKeeping<KeepingProductEpilogue<T>>((s, i) => s * other[i]);
        CheckKeeping<KeepingActivationEpilogue<T, GeluActivation<T, R>>>((s, _) => Gelu(s));

        double Affine(double sum, int i) => sum * scale[i % columns] + shift[i % columns];

        void CheckKeeping<TEpilogue>(Func<double, int, double> expected)
            where TEpilogue : struct, IEpilogue<T>
        {
            var kept = arrays.Unset(sums.Length);
            Check<TEpilogue>(otherOnly with { Sums = kept }, expected);
            TestArrays<T>.AssertClose(sums, kept, terms, (typeof(TEpilogue).Name, "sums", columns, terms));
        }

        void Check<TEpilogue>(EpilogueOperands<T> e, Func<double, int, double> expected)
            where TEpilogue : struct, IEpilogue<T>
        {
            var result = arrays.Unset(sums.Length);
            run.Run<TEpilogue>(result, e);
            TestArrays<T>.AssertClose([.. sums.Select(expected)], result, terms, (typeof(TEpilogue).Name, columns, terms));
        }
    }

    /// <summary>x * Phi(x) by the series Phi(x) = 1/2 + phi(x) (x + x^3 / 3 + x^5 / (3 * 5) + ..): all terms have one sign.</summary>
    private static double Gelu(double x)
    {
        var (sum, term) = (0.0, x);
        for (var n = 3; Math.Abs(term) > 1e-18; n += 2)
        {
            sum += term;
            term *= x * x / n;
        }
        return x * (0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI));
    }

    private static void Run<T, R, TEpilogue>(
        KernelHost host, TestArrays<T> arrays, double[] a, double[] b, double[] bias, ArrayView<T> c, GemmShape shape, EpilogueOperands<T> operands)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
        where TEpilogue : struct, IEpilogue<T>
    {
        var right = GemmRight.Matrix(shape.Depth, shape.Columns);
        Gemm.Run<T, R, TEpilogue>(
            host, arrays.On(a), arrays.On(b), arrays.On(bias), c, arrays.Unset(Gemm.Workspace(host, shape, right, 1)), shape, right, operands);
    }

    private interface IEpilogueRun<T>
        where T : unmanaged, INumber<T>
    {
        void Run<TEpilogue>(ArrayView<T> result, EpilogueOperands<T> operands)
            where TEpilogue : struct, IEpilogue<T>;
    }

    private sealed class ProductRun<T, R>(KernelHost host, TestArrays<T> arrays, double[] a, double[] b, double[] bias, GemmShape shape) : IEpilogueRun<T>
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        public void Run<TEpilogue>(ArrayView<T> result, EpilogueOperands<T> operands)
            where TEpilogue : struct, IEpilogue<T> => EpilogueTests.Run<T, R, TEpilogue>(host, arrays, a, b, bias, result, shape, operands);
    }

    private sealed class ConvolutionRun<T, R>(KernelHost host, TestArrays<T> arrays, double[] x, double[] w, double[] bias, ConvolutionShape shape)
        : IEpilogueRun<T>
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        public void Run<TEpilogue>(ArrayView<T> result, EpilogueOperands<T> operands)
            where TEpilogue : struct, IEpilogue<T>
        {
            Convolution.Forward<T, R, TEpilogue>(
                host, arrays.On(x), arrays.On(w), arrays.On(bias), result, arrays.Unset(Convolution.ForwardWorkspace(host, shape)), shape,
                operands);
        }
    }
}
