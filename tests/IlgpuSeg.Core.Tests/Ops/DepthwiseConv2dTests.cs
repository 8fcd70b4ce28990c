using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class DepthwiseConv2dTests
{
    [Theory]
    [InlineData(2, 5, 7, 3, 3, 1, 1, 1)]
    [InlineData(1, 6, 5, 9, 5, 1, 2, 1)]
    [InlineData(1, 11, 9, 2, 7, 1, 9, 3)]
    [InlineData(2, 3, 4, 3, 7, 1, 9, 3)]
    [InlineData(3, 1, 1, 1, 5, 1, 2, 1)]
    [InlineData(1, 8, 7, 4, 3, 2, 1, 1)]
    [InlineData(1, 7, 8, 2, 2, 3, 1, 2)]
    public void GradientsAgreeWithDifferences(int n, int h, int w, int channels, int kernel, int stride, int padding, int dilation)
    {
        using var scope = new TensorScope();
        var inputs = Inputs(n, h, w, channels, kernel);
        GradCheck.Run(t => DepthwiseConv2d.Apply(t[0], t[1], t[2], stride, padding, dilation), inputs);
    }

    [Fact]
    public void GradientsAgreeWithDifferencesForRandomShapes()
    {
        var random = new Random(6);
        for (var i = 0; i < 15; i++)
        {
            using var scope = new TensorScope();
            var inputs = Inputs(random.Next(1, 4), random.Next(3, 9), random.Next(3, 9), random.Next(1, 10), random.Next(1, 5));
            var options = new Conv2dOptions
            {
                Stride = (random.Next(1, 3), random.Next(1, 3)),
                Padding = (random.Next(2, 4), random.Next(2, 4)),
                Dilation = (random.Next(1, 3), random.Next(1, 3)),
            };
            var bias = random.Next(2) == 0;
            GradCheck.Run(t => DepthwiseConv2d.Apply(t[0], t[1], bias ? t[2] : null, options), inputs, maxElements: 60);
        }
    }

    [Fact]
    public void AgreesWithConv2dOfADiagonalWeight()
    {
        using var scope = new TensorScope();
        var inputs = Inputs(2, 7, 6, 5, 3);
        var full = new double[3 * 3 * 5 * 5];
        var diagonal = inputs[1].ToDoubles();
        for (var i = 0; i < diagonal.Length; i++) full[i * 5 + i % 5] = diagonal[i];
        var expected = Conv2d.Apply(inputs[0], Tensor.From(full, new Shape(3, 3, 5, 5)), inputs[2], padding: 1).ToDoubles();
        var actual = DepthwiseConv2d.Apply(inputs[0], inputs[1], inputs[2], padding: 1).ToDoubles();
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-14);
    }

    [Fact]
    public void ShapesThatDoNotFitAreRefusedWithTheRule()
    {
        using var scope = new TensorScope();
        var x = TestTensors.Random(1, 2, 5, 5, 4);
        var error = Assert.Throws<ShapeException>(() => DepthwiseConv2d.Apply(x, TestTensors.Random(2, 3, 3, 5), null));
        Assert.Equal("DepthwiseConv2d: weight [kH, kW, C] must have x's channels; got x [2, 5, 5, 4], weight [3, 3, 5].", error.Message);
        Assert.Throws<ShapeException>(() => DepthwiseConv2d.Apply(x, TestTensors.Random(2, 3, 3, 4), TestTensors.Random(3, 5)));
        Assert.Throws<ShapeException>(() => DepthwiseConv2d.Apply(x, TestTensors.Random(2, 7, 7, 4), null));
    }

    private static Tensor[] Inputs(int n, int h, int w, int channels, int kernel)
    {
        Tensor[] inputs =
        [
            TestTensors.Random(h * 31 + w, n, h, w, channels),
            TestTensors.Random(channels, kernel, kernel, channels),
            TestTensors.Random(3, channels),
        ];
        foreach (var input in inputs) input.RequiresGrad = true;
        return inputs;
    }
}
