using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class PixelContrastTests
{
    [Theory]
    [InlineData(2, 1, new[] { 0, 0 }, 0.1)]
    [InlineData(7, 3, new[] { 0, 1, 0, 2, 1, 0, 5 }, 0.5)]
    [InlineData(9, 6, new[] { 1, 1, 1, 2, 2, 2, 3, 3, 3 }, 0.1)]
    public void GradientsAgreeWithDifferences(int count, int channels, int[] labels, double tau)
    {
        using var scope = new TensorScope();
        var classes = Tensor.From(labels, [count]);
        GradCheck.Run(t => PixelContrast.Apply(L2Normalize.Apply(t[0]), classes, tau), [TestTensors.Parameter(count, count, channels)],
            maxElements: 20);
    }

    // Two of one class, one of another, in the plane: s_01 = 0, s_02 = 1/tau, s_12 = 0. Anchor 0 sees its negative at 2 and anchor 1 at 0.
    [Fact]
    public void ThreeAnchorsByHand()
    {
        using var scope = new TensorScope();
        var loss = PixelContrast.Apply(Tensor.From<double>([1, 0, 0, 1, 1, 0], [3, 2]), Tensor.From<int>([4, 4, 9], [3]), tau: 0.5);
        Assert.Equal((Math.Log(1 + Math.Exp(2)) + Math.Log(2)) / 2, loss.Item(), 1e-14);
    }

    [Theory]
    [InlineData(new[] { 0, 1, 2 })]
    [InlineData(new[] { 7 })]
    [InlineData(new int[0])]
    public void WithoutPositivesTheLossIsExactlyZero(int[] labels)
    {
        using var scope = new TensorScope();
        var x = TestTensors.Parameter(1, labels.Length, 4);
        var loss = PixelContrast.Apply(x, Tensor.From(labels, [labels.Length]));
        Assert.Equal(0, loss.Item());
        loss.Backward();
        Assert.All(x.Grad!.ToDoubles(), g => Assert.Equal(0, g));
    }

    [Fact]
    public void WithoutNegativesTheLossIsExactlyZero()
    {
        using var scope = new TensorScope();
        var loss = PixelContrast.Apply(TestTensors.Random(1, 5, 4), Tensor.From<int>([3, 3, 3, 3, 3], [5]));
        Assert.Equal(0, loss.Item());
    }

    [Fact]
    public void BadOperandsAreRefused()
    {
        using var scope = new TensorScope();
        var x = TestTensors.Random(1, 3, 2);
        Assert.Throws<ShapeException>(() => PixelContrast.Apply(x, Tensor.From<int>([1, 2], [2])));
        Assert.Throws<ArgumentOutOfRangeException>(() => PixelContrast.Apply(x, Tensor.From<int>([1, 2, 3], [3]), tau: 0));
    }
}
