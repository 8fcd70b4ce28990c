using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class SgdTests
{
    [Fact]
    public void ChangesWeightAndVelocityInPlace()
    {
        using var scope = new TensorScope();
        var (weight, velocity) = (Tensor.From<float>([2, -4], [2]), Tensor.Zeros([2], DType.Float32, Device.Cpu));
        Sgd.Step(weight, Tensor.From<float>([1, 0], [2]), velocity, lr: 0.5, momentum: 0.5, weightDecay: 0.25);
        Assert.Equal([1.5, -1], velocity.ToDoubles());
        Assert.Equal([1.25, -3.5], weight.ToDoubles());
        Sgd.Step(weight, Tensor.From<float>([0, 0], [2]), velocity, lr: 1, momentum: 0.5, weightDecay: 0);
        Assert.Equal([0.75, -0.5], velocity.ToDoubles());
        Assert.Equal([0.5, -3], weight.ToDoubles());
    }

    [Fact]
    public void ShapesThatDifferAreRefused()
    {
        using var scope = new TensorScope();
        var (two, three) = (TestTensors.Random(1, 2), TestTensors.Random(1, 3));
        Assert.Throws<ShapeException>(() => Sgd.Step(two, three, two, 0.1, 0.9, 0));
        Assert.Throws<ArgumentException>(() => Sgd.Step(two, Tensor.From<float>([1, 2], [2]), two, 0.1, 0.9, 0));
    }
}
