using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class L2NormalizeTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 3)]
    [InlineData(2, 33)]
    public void GradientsAgreeWithDifferences(int rows, int length)
    {
        using var scope = new TensorScope();
        GradCheck.Run(t => L2Normalize.Apply(t[0]), [TestTensors.Parameter(length, rows, length)]);
    }

    [Fact]
    public void ARowOfZerosStaysZero()
    {
        using var scope = new TensorScope();
        var x = Tensor.From<double>([3, 4, 0, 0], [2, 2]);
        x.RequiresGrad = true;
        var y = L2Normalize.Apply(x);
        double[] expected = [0.6, 0.8, 0, 0];
        foreach (var (e, v) in expected.Zip(y.ToDoubles())) Assert.Equal(e, v, 1e-15);
        y.Backward(Tensor.From<double>([0, 0, 0, 0], [2, 2]));
        Assert.All(x.Grad!.ToDoubles(), g => Assert.Equal(0, g));
    }

    [Fact]
    public void BadOperandsAreRefused()
    {
        using var scope = new TensorScope();
        Assert.Throws<ShapeException>(() => L2Normalize.Apply(TestTensors.Random(1, 0, 3)));
        Assert.Throws<ArgumentOutOfRangeException>(() => L2Normalize.Apply(TestTensors.Random(1, 2, 3), eps: 0));
    }
}
