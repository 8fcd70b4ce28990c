using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class NormTests
{
    public static TheoryData<string> BatchNormCases => OpFixtures.Cases("batch_norm");

    public static TheoryData<string> LayerNormCases => OpFixtures.Cases("layer_norm");

    [Theory]
    [MemberData(nameof(BatchNormCases))]
    public void BatchNormAgreesWithPyTorch(string name) => OpFixtures.Check(name, c =>
    {
        var (mean, variance) = (c.Constant("running_mean"), c.Constant("running_var"));
        var y = BatchNorm.Apply(
            c.Input("x"), c.Input("weight"), c.Input("bias"), mean, variance, c.Flag("training"), c.Number("momentum"), c.Number("eps"));
        c.Compare("running_mean_after", mean, mean.DType == DType.Float64 ? 1e-13 : 1e-6);
        c.Compare("running_var_after", variance, mean.DType == DType.Float64 ? 1e-13 : 1e-6);
        return y;
    });

    [Theory]
    [MemberData(nameof(LayerNormCases))]
    public void LayerNormAgreesWithPyTorch(string name) =>
        OpFixtures.Check(name, c => LayerNorm.Apply(c.Input("x"), c.Input("weight"), c.Input("bias"), c.Number("eps")));

    [Theory]
    [MemberData(nameof(RandomInputs.Seeds), MemberType = typeof(RandomInputs))]
    public void BatchNormGradients(int seed)
    {
        var draw = new RandomInputs(seed);
        var shape = draw.Image(2);
        var channels = new Shape(shape[3]);
        var (mean, variance) = (draw.Tensor(channels, requiresGrad: false), Tensor.Full(channels, 0.7, DType.Float64, Device.Cpu));
        Tensor[] inputs = [draw.Tensor(shape), draw.Tensor(channels), draw.Tensor(channels)];
        GradCheck.Run(t => BatchNorm.Apply(t[0], t[1], t[2], mean, variance, training: false), inputs);
        GradCheck.Run(t => BatchNorm.Apply(t[0], t[1], t[2], mean, variance, training: true), inputs);
        inputs[0].RequiresGrad = false;
        GradCheck.Run(t => BatchNorm.Apply(t[0], t[1], t[2], mean, variance, training: true), inputs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FusedReluHasTheBitsOfBothOperations(bool training)
    {
        var draw = new RandomInputs(4);
        var (shape, channels) = (new Shape(2, 5, 7, 9), new Shape(9));
        Tensor[] inputs = [draw.Tensor(shape), draw.Tensor(channels), draw.Tensor(channels)];
        var gradient = draw.Tensor(shape, requiresGrad: false);
        var apart = Outputs((mean, variance) => Relu.Apply(BatchNorm.Apply(inputs[0], inputs[1], inputs[2], mean, variance, training)));
        var fused = Outputs((mean, variance) => BatchNorm.ApplyRelu(inputs[0], inputs[1], inputs[2], mean, variance, training));
        Assert.Equal(apart, fused);
        Assert.Contains(0.0, fused[..inputs[0].Count]);

        double[] Outputs(Func<Tensor, Tensor, Tensor> run)
        {
            using var scope = new TensorScope();
            var (mean, variance) = (Tensor.Full(channels, 0.1, DType.Float64, Device.Cpu), Tensor.Full(channels, 0.3, DType.Float64, Device.Cpu));
            foreach (var input in inputs) input.ZeroGrad();
            var y = run(mean, variance);
            y.Backward(gradient);
            return [.. y.ToDoubles(), .. mean.ToDoubles(), .. variance.ToDoubles(), .. inputs.SelectMany(t => t.Grad!.ToDoubles())];
        }
    }

    [Theory]
    [MemberData(nameof(RandomInputs.Seeds), MemberType = typeof(RandomInputs))]
    public void LayerNormGradients(int seed)
    {
        var draw = new RandomInputs(seed);
        var shape = draw.Image();
        var channels = new Shape(shape[3]);
        // With one channel the output is the bias and every other gradient is zero: a large eps keeps that check meaningful too.
        GradCheck.Run(t => LayerNorm.Apply(t[0], t[1], t[2], eps: 0.1), [draw.Tensor(shape), draw.Tensor(channels), draw.Tensor(channels)]);
    }

    [Fact]
    public void TrainingOverOneValuePerChannelIsRefused()
    {
        var c = Tensor.Full(new Shape(3), 1, DType.Float32, Device.Cpu);
        var x = Tensor.Zeros(new Shape(1, 1, 1, 3), DType.Float32, Device.Cpu);
        var error = Assert.Throws<ShapeException>(() => BatchNorm.Apply(x, c, c, c.Clone(), c.Clone(), training: true));
        Assert.Contains("more than one value per channel", error.Message);
        BatchNorm.Apply(x, c, c, c.Clone(), c.Clone(), training: false);
    }

    [Fact]
    public void ParametersMustMatchTheChannels()
    {
        var (two, three) = (Tensor.Full(new Shape(2), 1, DType.Float32, Device.Cpu), Tensor.Full(new Shape(3), 1, DType.Float32, Device.Cpu));
        var x = Tensor.Zeros(new Shape(2, 2, 2, 3), DType.Float32, Device.Cpu);
        Assert.Contains("runningVar", Assert.Throws<ShapeException>(() => BatchNorm.Apply(x, three, three, three, two, false)).Message);
        Assert.Contains("[2]", Assert.Throws<ShapeException>(() => LayerNorm.Apply(x, three, two)).Message);
    }
}
