namespace IlgpuSeg.Kernels.Tests;

/// <summary>The GPU's form of the depth-wise convolution, on this device.</summary>
public class DepthwiseBlockTests
{
    private static KernelHost BlockHost => new(TestArrays<float>.Host.Accelerator) { Products = ProductTiles.Blocks, Multiprocessors = 0 };

    public static TheoryData<DepthwiseShape> Shapes => new()
    {
        // The network's windows, on maps larger and smaller than their reach, and with tiles that end beyond the map.
        new(2, 9, 14, 12, Window(3, 1)),
        new(1, 9, 11, 16, Window(5, 2)),
        new(2, 13, 14, 4, Window(7, 9, 3)),
        new(1, 3, 8, 8, Window(7, 9, 3)),
        new(1, 2, 2, 32, Window(5, 2)),
        new(3, 1, 1, 4, Window(3, 1)),
        // More than one group; uneven windows, paddings wider than the reach, none.
        new(1, 8, 8, 132, Window(3, 1)),
        new(1, 6, 9, 8, new ConvolutionWindow(4, 3, 1, 1, 4, 4, 2, 1)),
        new(1, 7, 9, 4, new ConvolutionWindow(2, 5, 1, 1, 0, 0, 1, 1)),
        // Several parts in the weight gradient.
        new(1, 41, 40, 4, Window(3, 1)),
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void AsOnCpusAndByFormulas(DepthwiseShape shape)
    {
        using var arrays = new TestArrays<float>(shape.GetHashCode());
        var host = BlockHost;
        var s = DepthwiseArguments.From(shape);
        double[] x = arrays.Values(shape.InputLength), w = arrays.Values(shape.WeightLength), dy = arrays.Values(shape.OutputLength);
        var (xView, wView, dyView, bias) = (arrays.On(x), arrays.On(w), arrays.On(dy), arrays.On(arrays.Values(shape.Channels)));
        Assert.True(DepthwiseBlock.Takes(host, s, shape.Batch, xView, wView, dyView));
        var (y, lines) = (arrays.Unset(shape.OutputLength), arrays.Unset(shape.OutputLength));
        DepthwiseConvolution.Forward<float, Real32>(host, xView, wView, bias, y, shape);
        DepthwiseConvolution.Forward<float, Real32>(TestArrays<float>.Host, xView, wView, bias, lines, shape);
        Assert.Equal(TestArrays<float>.Read(lines), TestArrays<float>.Read(y));

        EpilogueOperands<float> epilogue = new(
            arrays.On(arrays.Values(shape.Channels)), arrays.On(arrays.Values(shape.Channels)), dyView, arrays.On(arrays.Values(shape.Channels)));
        DepthwiseConvolution.Forward<float, Real32, AffineResidualEpilogue<float, Real32>>(host, xView, wView, bias, y, shape, epilogue);
        DepthwiseConvolution.Forward<float, Real32, AffineResidualEpilogue<float, Real32>>(
            TestArrays<float>.Host, xView, wView, bias, lines, shape, epilogue);
        Assert.Equal(TestArrays<float>.Read(lines), TestArrays<float>.Read(y));

        var dx = arrays.Unset(shape.InputLength);
        DepthwiseConvolution.DataGradient<float, Real32>(host, dyView, wView, dx, shape);
        TestArrays<float>.AssertClose(ConvolutionReference.DepthwiseDataGradient(dy, w, shape), dx, shape.Window.Taps, ("data gradient", shape));

        var dw = arrays.Unset(shape.WeightLength);
        DepthwiseConvolution.WeightGradient<float, Real32>(
            host, xView, dyView, dw, arrays.Unset(DepthwiseConvolution.WeightGradientWorkspace(shape)), shape);
        TestArrays<float>.AssertClose(
            ConvolutionReference.DepthwiseWeightGradient(x, dy, shape), dw, shape.OutputLength / shape.Channels, ("weight gradient", shape));
    }

    private static ConvolutionWindow Window(int kernel, int padding, int dilation = 1) =>
        new(kernel, kernel, 1, 1, padding, padding, dilation, dilation);
}
