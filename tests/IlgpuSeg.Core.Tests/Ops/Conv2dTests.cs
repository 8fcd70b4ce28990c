using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class Conv2dTests
{
    [Theory]
    [InlineData(1, 5, 6, 3, 4, 3, 1, 1, 1)]
    [InlineData(2, 9, 8, 3, 5, 7, 4, 3, 1)]
    [InlineData(2, 5, 5, 2, 9, 3, 2, 1, 1)]
    [InlineData(1, 4, 3, 10, 2, 1, 1, 0, 1)]
    [InlineData(3, 6, 7, 2, 3, 3, 1, 2, 2)]
    [InlineData(1, 8, 7, 1, 1, 2, 3, 0, 2)]
    [InlineData(1, 1, 1, 1, 1, 1, 1, 0, 1)]
    [InlineData(3, 1, 1, 4, 3, 3, 2, 1, 1)]
    public void GradientsAgreeWithDifferences(int n, int h, int w, int cin, int cout, int kernel, int stride, int padding, int dilation)
    {
        using var scope = new TensorScope();
        var inputs = Inputs(n, h, w, cin, cout, kernel);
        GradCheck.Run(t => Conv2d.Apply(t[0], t[1], t[2], stride, padding, dilation), inputs);
    }

    [Fact]
    public void GradientsAgreeWithDifferencesForRandomShapes()
    {
        var random = new Random(5);
        for (var i = 0; i < 15; i++)
        {
            using var scope = new TensorScope();
            var inputs = Inputs(
                random.Next(1, 4), random.Next(3, 8), random.Next(3, 8), random.Next(1, 4), random.Next(1, 5), random.Next(1, 4));
            var options = new Conv2dOptions
            {
                Stride = (random.Next(1, 4), random.Next(1, 4)),
                Padding = (random.Next(1, 3), random.Next(1, 3)),
                Dilation = (random.Next(1, 3), random.Next(1, 3)),
            };
            var bias = random.Next(2) == 0;
            GradCheck.Run(t => Conv2d.Apply(t[0], t[1], bias ? t[2] : null, options), inputs, maxElements: 60);
        }
    }

    [Fact]
    public void OnlyTheGradientsThatAreAskedForAreComputed()
    {
        using var scope = new TensorScope();
        var inputs = Inputs(1, 4, 4, 2, 3, 3);
        inputs[0].RequiresGrad = false;
        inputs[2].RequiresGrad = false;
        var y = Conv2d.Apply(inputs[0], inputs[1], inputs[2], padding: 1);
        y.Backward(Tensor.Full(y.Shape, 1, DType.Float64, y.Device));
        Assert.Null(inputs[0].Grad);
        Assert.Equal(inputs[1].Shape, inputs[1].Grad!.Shape);
        Assert.Null(inputs[2].Grad);
    }

    [Fact]
    public void FloatAgreesWithDouble()
    {
        using var scope = new TensorScope();
        var wide = Inputs(2, 12, 11, 20, 24, 3);
        var narrow = Array.ConvertAll(wide, t => Tensor.FromDoubles(t.ToDoubles(), t.Shape, DType.Float32, t.Device));
        var expected = Conv2d.Apply(wide[0], wide[1], wide[2], 1, 1).ToDoubles();
        var actual = Conv2d.Apply(narrow[0], narrow[1], narrow[2], 1, 1).ToDoubles();
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 2e-5);
    }

    [Fact]
    public void ShapesThatDoNotFitAreRefusedWithTheRule()
    {
        using var scope = new TensorScope();
        var x = TestTensors.Random(1, 2, 5, 5, 4);
        var weight = TestTensors.Random(2, 3, 3, 3, 8);
        var error = Assert.Throws<ShapeException>(() => Conv2d.Apply(x, weight, null));
        Assert.Equal("Conv2d: weight [kH, kW, Cin, Cout] must take x's channels; got x [2, 5, 5, 4], weight [3, 3, 3, 8].", error.Message);

        weight = TestTensors.Random(2, 3, 3, 4, 8);
        error = Assert.Throws<ShapeException>(() => Conv2d.Apply(x, weight, TestTensors.Random(3, 7)));
        Assert.Equal("Conv2d: bias must be [Cout]; got weight [3, 3, 4, 8], bias [7].", error.Message);

        error = Assert.Throws<ShapeException>(() => Conv2d.Apply(x, weight, null, dilation: 3));
        Assert.Contains("must fit the image", error.Message);
        Assert.Throws<ShapeException>(() => Conv2d.Apply(TestTensors.Random(4, 5, 5, 4), weight, null));
        Assert.Throws<ArgumentException>(() => Conv2d.Apply(x, weight, null, stride: 0));
        Assert.Throws<ArgumentException>(() => Conv2d.Apply(x, weight, null, padding: -1));
    }

    private static Tensor[] Inputs(int n, int h, int w, int cin, int cout, int kernel)
    {
        Tensor[] inputs =
        [
            TestTensors.Random(h * 31 + w, n, h, w, cin),
            TestTensors.Random(cin * 17 + cout, kernel, kernel, cin, cout),
            TestTensors.Random(3, cout),
        ];
        foreach (var input in inputs) input.RequiresGrad = true;
        return inputs;
    }
}
