using System.Numerics;

namespace IlgpuSeg.Kernels.Tests;

public class DepthwiseConvolutionTests
{
    public static TheoryData<DepthwiseShape> Named => new()
    {
        // The network's windows, on maps larger and smaller than their reach.
        new(2, 12, 14, 9, Window(3, 1, 1)),
        new(1, 9, 11, 16, Window(5, 1, 2)),
        new(2, 23, 25, 8, Window(7, 1, 9, 3)),
        new(3, 4, 3, 10, Window(7, 1, 9, 3)),
        new(1, 2, 2, 33, Window(5, 1, 2)),
        // One pixel, one channel.
        new(1, 1, 1, 1, Window(1, 1, 0)),
        new(3, 1, 1, 5, Window(7, 1, 9, 3)),
        new(1, 6, 9, 1, Window(3, 1, 1)),
        // Strides, uneven windows, paddings wider than the reach.
        new(1, 10, 11, 4, Window(3, 2, 1)),
        new(2, 9, 9, 3, Window(2, 3, 1, 2)),
        new(1, 6, 7, 3, Window(1, 1, 2)),
        new(1, 8, 8, 3, Window(3, 1, 4)),
        new(1, 5, 9, 4, new ConvolutionWindow(1, 5, 1, 2, 0, 2, 1, 1)),
        new(1, 10, 6, 4, new ConvolutionWindow(4, 2, 3, 1, 1, 0, 1, 3)),
        // Several parts in the weight gradient.
        new(1, 41, 40, 3, Window(3, 1, 1)),
        new(1, 60, 61, 3, Window(3, 2, 1)),
        new(2, 9, 10, 600, Window(3, 1, 1)),
    };

    [Theory]
    [MemberData(nameof(Named))]
    public void NamedShapes(DepthwiseShape shape)
    {
        Check<float, Real32>(shape, bias: true);
        Check<double, Real64>(shape, bias: false);
    }

    [Fact]
    public void RandomShapes()
    {
        using var arrays = new TestArrays<float>(12);
        for (var i = 0; i < 60; i++)
        {
            var window = new ConvolutionWindow(
                arrays.Next(1, 6), arrays.Next(1, 6), arrays.Next(1, 2), arrays.Next(1, 2),
                arrays.Next(0, 4), arrays.Next(0, 4), arrays.Next(1, 3), arrays.Next(1, 3));
            var shape = new DepthwiseShape(arrays.Coin() ? 1 : 3, arrays.Next(1, 14), arrays.Next(1, 14), arrays.Next(1, 18), window);
            if (shape.OutHeight > 0 && shape.OutWidth > 0) Check<float, Real32>(shape, arrays.Coin());
        }
    }

    [Fact]
    public void ViewsThatAreTooShortAreRefused()
    {
        using var arrays = new TestArrays<float>(1);
        var shape = new DepthwiseShape(1, 4, 4, 2, Window(3, 1, 1));
        var error = Assert.Throws<ArgumentException>(() => DepthwiseConvolution.Forward<float, Real32>(
            TestArrays<float>.Host, arrays.Unset(32), arrays.Unset(18), arrays.Unset(1), arrays.Unset(32), shape));
        Assert.Contains("bias", error.Message);
    }

    private static ConvolutionWindow Window(int kernel, int stride, int padding, int dilation = 1) =>
        new(kernel, kernel, stride, stride, padding, padding, dilation, dilation);

    private static void Check<T, R>(DepthwiseShape shape, bool bias)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        using var arrays = new TestArrays<T>(shape.GetHashCode());
        var host = TestArrays<T>.Host;
        var x = arrays.Values(shape.InputLength);
        var w = arrays.Values(shape.WeightLength);
        var b = bias ? arrays.Values(shape.Channels) : null;
        var dy = arrays.Values(shape.OutputLength);
        var (xView, wView, dyView) = (arrays.On(x), arrays.On(w), arrays.On(dy));
        var taps = shape.Window.Taps;
        var pixels = shape.OutputLength / shape.Channels;

        var y = arrays.Unset(shape.OutputLength);
        DepthwiseConvolution.Forward<T, R>(host, xView, wView, arrays.On(b ?? []), y, shape);
        TestArrays<T>.AssertClose(ConvolutionReference.DepthwiseForward(x, w, b, shape), y, taps, ("forward", shape));

        var dx = arrays.Unset(shape.InputLength);
        DepthwiseConvolution.DataGradient<T, R>(host, dyView, wView, dx, shape);
        TestArrays<T>.AssertClose(ConvolutionReference.DepthwiseDataGradient(dy, w, shape), dx, taps, ("data gradient", shape));

        var dw = arrays.Unset(shape.WeightLength);
        DepthwiseConvolution.WeightGradient<T, R>(
            host, xView, dyView, dw, arrays.Unset(DepthwiseConvolution.WeightGradientWorkspace(shape)), shape);
        TestArrays<T>.AssertClose(ConvolutionReference.DepthwiseWeightGradient(x, dy, shape), dw, pixels, ("weight gradient", shape));

        var db = arrays.Unset(shape.Channels);
        DepthwiseConvolution.BiasGradient<T, R>(host, dyView, db, arrays.Unset(DepthwiseConvolution.BiasGradientWorkspace(shape)), shape);
        TestArrays<T>.AssertClose(ConvolutionReference.ColumnSums(dy, shape.Channels), db, pixels, ("bias gradient", shape));
    }
}
