using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class ElementwiseTests
{
    public static TheoryData<string> Cases => OpFixtures.Cases(
        "add", "multiply", "scale", "scalar_scale", "channel_scale", "sample_scale", "channel_mask", "relu", "gelu");

    [Theory]
    [MemberData(nameof(Cases))]
    public void AgreesWithPyTorch(string name) => OpFixtures.Check(name, c => name[..name.IndexOf('.')] switch
    {
        "add" => Add.Apply(c.Input("a"), c.Input("b")),
        "multiply" => Multiply.Apply(c.Input("a"), c.Input("b")),
        "scale" => Scale.Apply(c.Input("x"), c.Number("factor")),
        "scalar_scale" => ScalarScale.Apply(c.Input("x"), c.Input("s")),
        "channel_scale" => ChannelScale.Apply(c.Input("x"), c.Input("scale")),
        "sample_scale" => SampleScale.Apply(c.Input("x"), c.Constant("scale")),
        "channel_mask" => ChannelMask.Apply(c.Input("x"), c.Constant("mask")),
        "relu" => Relu.Apply(c.Input("x")),
        _ => Gelu.Apply(c.Input("x")),
    });

    [Theory]
    [MemberData(nameof(RandomInputs.Seeds), MemberType = typeof(RandomInputs))]
    public void GradientsOfSumsAndProducts(int seed)
    {
        var draw = new RandomInputs(seed);
        var shape = draw.Image();
        GradCheck.Run(t => Add.Apply(t[0], t[1]), [draw.Tensor(shape), draw.Tensor(shape)]);
        GradCheck.Run(t => Multiply.Apply(t[0], t[1]), [draw.Tensor(shape), draw.Tensor(shape)]);
        GradCheck.Run(t => Multiply.Apply(t[0], t[0]), [draw.Tensor(shape)]);
        GradCheck.Run(t => Scale.Apply(t[0], -1.7), [draw.Tensor(shape)]);
    }

    [Theory]
    [MemberData(nameof(RandomInputs.Seeds), MemberType = typeof(RandomInputs))]
    public void GradientsOfFactors(int seed)
    {
        var draw = new RandomInputs(seed);
        var shape = draw.Image();
        GradCheck.Run(t => ScalarScale.Apply(t[0], t[1]), [draw.Tensor(shape), draw.Tensor(new Shape(1))]);
        GradCheck.Run(t => ChannelScale.Apply(t[0], t[1]), [draw.Tensor(shape), draw.Tensor(new Shape(shape[3]))]);
        var perSample = draw.Tensor(new Shape(shape[0]), requiresGrad: false);
        GradCheck.Run(t => SampleScale.Apply(t[0], perSample), [draw.Tensor(shape)]);
        var mask = draw.Tensor(new Shape(shape[0], shape[3]), requiresGrad: false);
        GradCheck.Run(t => ChannelMask.Apply(t[0], mask), [draw.Tensor(shape)]);
    }

    [Theory]
    [MemberData(nameof(RandomInputs.Seeds), MemberType = typeof(RandomInputs))]
    public void GradientsOfActivations(int seed)
    {
        var draw = new RandomInputs(seed);
        // Away from 0, where ReLU has no derivative.
        GradCheck.Run(t => Relu.Apply(t[0]), [draw.Tensor(draw.Image(), gap: 0.01)]);
        GradCheck.Run(t => Gelu.Apply(t[0]), [draw.Tensor(draw.Image(), gap: 1)]);
    }

    [Theory]
    [MemberData(nameof(RandomInputs.Seeds), MemberType = typeof(RandomInputs))]
    public void ScaledResidualIsItsParts(int seed)
    {
        var draw = new RandomInputs(seed);
        var shape = draw.Image();
        Tensor[] inputs = [draw.Tensor(shape), draw.Tensor(shape), draw.Tensor(new Shape(shape[3]))];
        foreach (var drop in new[] { null, draw.Tensor(new Shape(shape[0]), requiresGrad: false) })
        {
            GradCheck.Run(t => ScaledResidual.Apply(t[0], t[1], t[2], drop), inputs);
            var branch = ChannelScale.Apply(inputs[1], inputs[2]);
            var expected = Add.Apply(inputs[0], drop is null ? branch : SampleScale.Apply(branch, drop)).ToDoubles();
            var actual = ScaledResidual.Apply(inputs[0], inputs[1], inputs[2], drop).ToDoubles();
            Assert.All(actual.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-15));
        }
    }

    [Fact]
    public void GradientsGoOnlyWhereTheyAreWanted()
    {
        var draw = new RandomInputs(3);
        var (x, fixedX) = (draw.Tensor(new Shape(2, 3)), draw.Tensor(new Shape(2, 3), requiresGrad: false));
        var s = draw.Tensor(new Shape(3));
        GradCheck.Run(t => Multiply.Apply(t[0], t[1]), [x, fixedX]);
        GradCheck.Run(t => ChannelScale.Apply(t[0], t[1]), [fixedX, s]);
        GradCheck.Run(t => ScalarScale.Apply(t[0], t[1]), [fixedX, draw.Tensor(new Shape(1))]);
        Assert.Null(fixedX.Grad);
    }

    [Fact]
    public void ShapesThatDoNotFitAreNamed()
    {
        var (a, b) = (Tensor.Zeros(new Shape(2, 3), DType.Float32, Device.Cpu), Tensor.Zeros(new Shape(3, 2), DType.Float32, Device.Cpu));
        var error = Assert.Throws<ShapeException>(() => Add.Apply(a, b));
        Assert.Contains("Add", error.Message);
        Assert.Contains("[2, 3]", error.Message);
        Assert.Contains("[3, 2]", error.Message);
        Assert.Throws<ShapeException>(() => Multiply.Apply(a, b));
        Assert.Throws<ShapeException>(() => ChannelScale.Apply(a, Tensor.Zeros(new Shape(2), DType.Float32, Device.Cpu)));
        Assert.Throws<ShapeException>(() => SampleScale.Apply(a, Tensor.Zeros(new Shape(3), DType.Float32, Device.Cpu)));
        Assert.Throws<ShapeException>(() => ChannelMask.Apply(a, b));
        Assert.Throws<ShapeException>(() => ScalarScale.Apply(a, b));
        var c = Tensor.Zeros(new Shape(3), DType.Float32, Device.Cpu);
        Assert.Contains("branch [3, 2]", Assert.Throws<ShapeException>(() => ScaledResidual.Apply(a, b, c)).Message);
        Assert.Contains("drop [3]", Assert.Throws<ShapeException>(() => ScaledResidual.Apply(a, a, c, c)).Message);
        Assert.Throws<ArgumentException>(() => Add.Apply(a, Tensor.Zeros(new Shape(2, 3), DType.Float64, Device.Cpu)));
        Assert.Throws<ArgumentException>(() => Relu.Apply(Tensor.Zeros(new Shape(2), DType.Int32, Device.Cpu)));
    }

    [Fact]
    public void DrawnFactorsHaveNoGradient()
    {
        var draw = new RandomInputs(0);
        var error = Assert.Throws<ArgumentException>(() => SampleScale.Apply(draw.Tensor(new Shape(2, 3)), draw.Tensor(new Shape(2))));
        Assert.Contains("scale", error.Message);
    }
}
