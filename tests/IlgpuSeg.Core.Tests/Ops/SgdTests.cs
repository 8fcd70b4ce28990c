using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class SgdTests
{
    [Fact]
    public void ChangesWeightAndVelocityInPlace()
    {
        using var scope = new TensorScope();
        var (weight, velocity) = (Tensor.From<float>([2, -4], [2]), Tensor.Zeros([2], DType.Float32, Device.Cpu));
        Sgd.Step([weight], [Tensor.From<float>([1, 0], [2])], [velocity], [0.25], new SgdRates(0.5, 0.5));
        Assert.Equal([1.5, -1], velocity.ToDoubles());
        Assert.Equal([1.25, -3.5], weight.ToDoubles());
        Sgd.Step([weight], [Tensor.From<float>([0, 0], [2])], [velocity], [0], new SgdRates(1, 0.5));
        Assert.Equal([0.75, -0.5], velocity.ToDoubles());
        Assert.Equal([0.5, -3], weight.ToDoubles());
    }

    [Fact]
    public void ShapesThatDifferAreRefused()
    {
        using var scope = new TensorScope();
        var (two, three) = (TestTensors.Random(1, 2), TestTensors.Random(1, 3));
        Assert.Throws<ShapeException>(() => Sgd.Step([two], [three], [two], [0], new SgdRates(0.1)));
        Assert.Throws<ArgumentException>(() => Sgd.Step([two], [Tensor.From<float>([1, 2], [2])], [two], [0], new SgdRates(0.1)));
        Assert.Throws<ArgumentException>(() => Sgd.Step([two], [two, two], [two], [0], new SgdRates(0.1)));
    }
}
