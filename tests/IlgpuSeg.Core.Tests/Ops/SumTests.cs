using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class SumTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(130)]
    public void GradientsAgreeWithDifferences(int count)
    {
        using var scope = new TensorScope();
        GradCheck.Run(t => Sum.Apply(t[0]), [TestTensors.Parameter(count, count)]);
        GradCheck.Run(t => Mean.Apply(t[0]), [TestTensors.Parameter(count, 1, count)]);
    }

    [Fact]
    public void OfNothingIsZero()
    {
        using var scope = new TensorScope();
        Assert.Equal(0, Sum.Apply(TestTensors.Random(1, 0, 3)).Item());
        Assert.Throws<ShapeException>(() => Mean.Apply(TestTensors.Random(1, 0, 3)));
        Assert.Equal(2.5, Mean.Apply(Tensor.From<float>([1, 2, 3, 4], [2, 2])).Item());
    }
}
