using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class SoftmaxTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(2, 19)]
    public void GradientsAgreeWithDifferences(int rows, int length)
    {
        using var scope = new TensorScope();
        GradCheck.Run(t => Softmax.Apply(t[0]), [TestTensors.Parameter(length, 2, rows, length)], maxElements: 25);
    }

    [Fact]
    public void AnEmptyRowIsRefused()
    {
        using var scope = new TensorScope();
        Assert.Throws<ShapeException>(() => Softmax.Apply(TestTensors.Random(1, 3, 0)));
        Assert.Throws<ArgumentException>(() => Softmax.Apply(Tensor.From<int>([1], [1])));
    }
}
