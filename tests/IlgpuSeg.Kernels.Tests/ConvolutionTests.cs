using System.Numerics;

namespace IlgpuSeg.Kernels.Tests;

public class ConvolutionTests
{
    public static TheoryData<ConvolutionShape> Named => new()
    {
        // The shapes of the network, narrow enough for the reference's loops.
        new(2, 13, 9, 3, 10, Window(7, 4, 3)),
        new(1, 8, 8, 12, 20, Window(3, 2, 1)),
        new(3, 5, 7, 9, 16, Window(3, 1, 1)),
        new(1, 6, 5, 20, 2, Window(3, 1, 1)),
        new(2, 4, 4, 24, 33, Window(1, 1, 0)),
        new(1, 16, 16, 16, 1, Window(1, 1, 0)),
        // One pixel, one channel.
        new(1, 1, 1, 1, 1, Window(1, 1, 0)),
        new(1, 1, 1, 5, 3, Window(3, 1, 1)),
        new(3, 1, 1, 1, 8, Window(3, 2, 1)),
        // Strides beyond the kernel, uneven steps, dilations that share factors with the stride, paddings wider than the reach.
        new(1, 9, 9, 2, 3, Window(1, 2, 0)),
        new(1, 9, 8, 2, 3, Window(2, 3, 0)),
        new(2, 11, 12, 3, 4, Window(3, 2, 2, 2)),
        new(1, 12, 11, 3, 4, Window(3, 4, 5, 2)),
        new(1, 7, 7, 2, 9, Window(3, 1, 6, 3)),
        new(1, 6, 6, 2, 3, Window(1, 1, 2)),
        new(1, 5, 9, 4, 5, new ConvolutionWindow(1, 5, 1, 2, 0, 2, 1, 1)),
        new(1, 10, 6, 4, 5, new ConvolutionWindow(4, 2, 3, 1, 1, 0, 1, 3)),
    };

    [Theory]
    [MemberData(nameof(Named))]
    public void NamedShapes(ConvolutionShape shape)
    {
        Check<float, Real32>(TestArrays<float>.Host, shape, bias: true);
        Check<double, Real64>(TestArrays<double>.Host, shape, bias: false);
    }

    [Fact]
    public void RandomShapes()
    {
        using var arrays = new TestArrays<float>(11);
        for (var i = 0; i < 60; i++)
        {
            var window = new ConvolutionWindow(
                arrays.Next(1, 4), arrays.Next(1, 4), arrays.Next(1, 3), arrays.Next(1, 3),
                arrays.Next(0, 3), arrays.Next(0, 3), arrays.Next(1, 3), arrays.Next(1, 3));
            var shape = new ConvolutionShape(
                arrays.Coin() ? 1 : 3, arrays.Next(1, 12), arrays.Next(1, 12), arrays.Next(1, 10), arrays.Next(1, 20), window);
            if (shape.OutHeight > 0 && shape.OutWidth > 0) Check<float, Real32>(TestArrays<float>.Host, shape, arrays.Coin());
        }
    }

    [Fact]
    public void TheWeightGradientSumsManyPixelsInSplitsAndSteps()
    {
        // 30 x 61 x 2 pixels: several steps; a weight so large that it gets few splits would be slow to check, hence both ways.
        Check<float, Real32>(TestArrays<float>.Host, new(2, 30, 61, 3, 4, Window(3, 1, 1)), bias: true);
        Check<float, Real32>(TestArrays<float>.Host, new(2, 30, 61, 2, 3, Window(1, 1, 0)), bias: false);
        Check<double, Real64>(TestArrays<double>.Host, new(1, 2, 1300, 1, 3, Window(1, 1, 0)), bias: true);
    }

    [Fact]
    public void AWeightGradientWithMoreStepsThanSplits()
    {
        // 640 x 832 weights allow one split, 1100 pixels need three steps; checked at some weights only.
        var shape = new ConvolutionShape(1, 11, 100, 640, 1664, Window(1, 1, 0));
        if ((long)shape.WeightLength * shape.Height * shape.Width > TestDevice.MostMultiplications) return;
        using var arrays = new TestArrays<float>(3);
        var x = arrays.Values(shape.InputLength);
        var dy = arrays.Values(shape.OutputLength);
        var dw = arrays.Unset(shape.WeightLength);
        Convolution.WeightGradient<float, Real32>(
            TestArrays<float>.Host, arrays.On(x), arrays.On(dy), dw,
            arrays.Unset(Convolution.WeightGradientWorkspace(TestArrays<float>.Host, shape)), shape);
        var actual = TestArrays<float>.Read(dw);
        for (var i = 0; i < 640; i += 7)
        {
            var o = arrays.Next(0, 1663);
            double expected = 0;
            for (var p = 0; p < 1100; p++) expected += x[p * 640 + i] * dy[p * 1664 + o];
            Assert.Equal(expected, actual[i * 1664 + o], TestArrays<float>.Tolerance(1100));
        }
    }

    [Theory]
    [InlineData(5, 5, 3, 1, 0, 3)]
    [InlineData(2, 2, 3, 1, 0, 1)]
    public void AKernelThatDoesNotFitIsRefused(int height, int width, int kernel, int stride, int padding, int dilation)
    {
        var shape = new ConvolutionShape(1, height, width, 1, 1, Window(kernel, stride, padding, dilation));
        var error = Assert.Throws<ArgumentException>(() => Convolution.ForwardWorkspace(TestArrays<float>.Host, shape));
        Assert.Contains($"{height} x {width}", error.Message);
    }

    [Fact]
    public void ViewsThatAreTooShortAreRefused()
    {
        using var arrays = new TestArrays<float>(1);
        var shape = new ConvolutionShape(1, 4, 4, 2, 3, Window(3, 1, 1));
        var workspace = arrays.Unset(Convolution.ForwardWorkspace(TestArrays<float>.Host, shape));
        var (x, w, y) = (arrays.Unset(32), arrays.Unset(54), arrays.Unset(48));
        foreach (var (name, views) in new[]
        {
            ("input", (arrays.Unset(31), w, y, workspace)), ("weight", (x, arrays.Unset(53), y, workspace)),
            ("output", (x, w, arrays.Unset(47), workspace)), ("workspace", (x, w, y, arrays.Unset(3))),
        })
        {
            var error = Assert.Throws<ArgumentException>(() => Convolution.Forward<float, Real32>(
                TestArrays<float>.Host, views.Item1, views.Item2, default, views.Item3, views.Item4, shape));
            Assert.Contains(name, error.Message);
        }
    }

    internal static ConvolutionWindow Window(int kernel, int stride, int padding, int dilation = 1) =>
        new(kernel, kernel, stride, stride, padding, padding, dilation, dilation);

    /// <summary>Compares a convolution and its gradients on a device with the definitions.</summary>
    internal static void Check<T, R>(KernelHost host, ConvolutionShape shape, bool bias)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        using var arrays = new TestArrays<T>(shape.GetHashCode());
        var x = arrays.Values(shape.InputLength);
        var w = arrays.Values(shape.WeightLength);
        var b = bias ? arrays.Values(shape.OutChannels) : null;
        var dy = arrays.Values(shape.OutputLength);
        var (xView, wView, dyView) = (arrays.On(x), arrays.On(w), arrays.On(dy));

        var y = arrays.Unset(shape.OutputLength);
        Convolution.Forward<T, R>(
            host, xView, wView, arrays.On(b ?? []), y, arrays.Unset(Convolution.ForwardWorkspace(host, shape)), shape);
        var patch = shape.Window.Taps * shape.InChannels;
        TestArrays<T>.AssertClose(ConvolutionReference.Forward(x, w, b, shape), y, patch, ("forward", shape));

        var dx = arrays.Unset(shape.InputLength);
        Convolution.DataGradient<T, R>(host, dyView, wView, dx, arrays.Unset(Convolution.DataGradientWorkspace(host, shape)), shape);
        TestArrays<T>.AssertClose(
            ConvolutionReference.DataGradient(dy, w, shape), dx, shape.Window.Taps * shape.OutChannels, ("data gradient", shape));

        var dw = arrays.Unset(shape.WeightLength);
        Convolution.WeightGradient<T, R>(host, xView, dyView, dw, arrays.Unset(Convolution.WeightGradientWorkspace(host, shape)), shape);
        TestArrays<T>.AssertClose(ConvolutionReference.WeightGradient(x, dy, shape), dw, shape.OutPixels, ("weight gradient", shape));

        var db = arrays.Unset(shape.OutChannels);
        Convolution.BiasGradient<T, R>(host, dyView, db, arrays.Unset(Convolution.BiasGradientWorkspace(shape)), shape);
        TestArrays<T>.AssertClose(ConvolutionReference.ColumnSums(dy, shape.OutChannels), db, shape.OutPixels, ("bias gradient", shape));
    }
}
