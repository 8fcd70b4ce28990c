namespace IlgpuSeg.Kernels.Tests;

/// <summary>Convolutions by minimal filtering against the definitions, also where the launcher would not take it.</summary>
public class WinogradTests
{
    internal static KernelHost Host => new(TestDevice.Host.Accelerator)
    {
        Products = TestDevice.Host.Products, ProductBlocks = TestDevice.Host.ProductBlocks, MinimalFiltering = MinimalFiltering.Everywhere,
    };

    public static TheoryData<ConvolutionShape> Shapes => new()
    {
        // Whole tiles; tiles that end outside of the result; a tile larger than the image.
        new(2, 8, 6, 5, 7, Window(1)),
        new(1, 7, 5, 3, 9, Window(1)),
        new(3, 1, 2, 4, 1, Window(1)),
        new(1, 1, 1, 1, 1, Window(1)),
        // Without a border, and with one as wide as it can be.
        new(2, 9, 8, 3, 4, Window(0)),
        new(1, 3, 3, 2, 5, Window(0)),
        new(1, 6, 7, 3, 4, Window(2)),
        new(2, 5, 6, 4, 3, new(3, 3, 1, 1, 0, 2, 1, 1)),
        // Several vectors of channels.
        new(1, 6, 6, 35, 41, Window(1)),
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ForwardAndGradients(ConvolutionShape shape)
    {
        ConvolutionTests.Check<double, Real64>(Host, shape, bias: true);
        ConvolutionTests.Check<float, Real32>(Host, shape, bias: false);
    }

    [Fact]
    public void TilesInSeveralChunks()
    {
        // 110 tiles in chunks of 48.
        var shape = new ConvolutionShape(1, 10, 43, 3, 5, Window(1));
        var minimal = new WinogradConvolution(1, 10, 43, 3, 10, 43, 5, 1, 1) { ChunkSize = 1 };
        Assert.Equal((110, 48), (minimal.Tiles, minimal.ChunkTiles));
        using var arrays = new TestArrays<double>(5);
        var x = arrays.Values(shape.InputLength);
        var w = arrays.Values(shape.WeightLength);
        var dy = arrays.Values(shape.OutputLength);
        var host = TestDevice.Host;

        var y = arrays.Unset(shape.OutputLength);
        Winograd.Run<double, Real64, ActivationEpilogue<double, IdentityActivation<double>>>(
            host, arrays.On(x), arrays.On(w), default, y, arrays.Unset((int)Winograd.Workspace(host, minimal, turned: false)), minimal, turned: false, default);
        TestArrays<double>.AssertClose(ConvolutionReference.Forward(x, w, null, shape), y, 27, shape);

        var dw = arrays.Unset(shape.WeightLength);
        Winograd.WeightGradient<double, Real64>(
            host, arrays.On(x), arrays.On(dy), dw, arrays.Unset((int)Winograd.WeightGradientWorkspace(host, minimal)), minimal);
        TestArrays<double>.AssertClose(ConvolutionReference.WeightGradient(x, dy, shape), dw, shape.OutPixels, shape);
    }

    [Fact]
    public void TheLauncherTakesIt()
    {
        var shape = new ConvolutionShape(1, 16, 16, 64, 64, Window(1));
        if ((long)shape.WeightLength * shape.OutPixels > TestDevice.MostMultiplications) return;
        ConvolutionTests.Check<float, Real32>(TestDevice.Host, shape, bias: true);
    }

    /// <summary>Each sum has a ninth of the terms, which outweighs the transforms: 9.8e-7 of the largest result, 2.6e-6 by sums of nine products.</summary>
    [Fact]
    public void FloatsLoseNoMoreThanBySums()
    {
        var shape = new ConvolutionShape(1, 16, 16, 512, 16, Window(1));
        if ((long)shape.WeightLength * shape.OutPixels > TestDevice.MostMultiplications) return;
        using var arrays = new TestArrays<float>(1);
        var (x, w) = (arrays.Values(shape.InputLength), arrays.Values(shape.WeightLength));
        var exact = ConvolutionReference.Forward(x, w, null, shape);
        KernelHost sums = new(TestDevice.Host.Accelerator) { MinimalFiltering = MinimalFiltering.Nowhere };
        var (minimal, plain) = (Error(Host), Error(sums));
        // The same number of both would be that of one algorithm.
        Assert.True(minimal < plain, $"{minimal} and {plain} of the largest result");

        double Error(KernelHost host)
        {
            var y = arrays.Unset(shape.OutputLength);
            Convolution.Forward<float, Real32>(host, arrays.On(x), arrays.On(w), default, y, arrays.Unset(Convolution.ForwardWorkspace(host, shape)), shape);
            return TestArrays<float>.Read(y).Zip(exact, (a, b) => Math.Abs(a - b)).Max() / exact.Max(Math.Abs);
        }
    }

    [Fact]
    public void IsTakenWhereItPays()
    {
        Assert.True(new WinogradConvolution(2, 64, 64, 512, 64, 64, 128, 1, 1).Pays);
        Assert.True(new WinogradConvolution(1, 16, 16, 128, 16, 16, 128, 1, 1).Pays);
        // Few channels, or tiles of which half lies outside.
        Assert.False(new WinogradConvolution(2, 64, 64, 128, 64, 64, 2, 1, 1).Pays);
        Assert.False(new WinogradConvolution(64, 1, 1, 128, 1, 1, 128, 1, 1).Pays);
    }

    private static ConvolutionWindow Window(int padding) => ConvolutionTests.Window(3, 1, padding);
}
