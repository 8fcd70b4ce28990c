using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class WhitenTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 2)]
    [InlineData(1, 9, 17)]
    public void GradientsAgreeWithDifferences(int samples, int positions, int channels)
    {
        using var scope = new TensorScope();
        GradCheck.Run(t => Whiten.Apply(t[0]), [TestTensors.Parameter(positions, samples, positions, channels)]);
    }

    [Fact]
    public void EveryChannelOfEveryImageHasMeanZero()
    {
        using var scope = new TensorScope();
        var y = Whiten.Apply(Tensor.From<double>([1, 10, 3, 30, 5, 5, 5, 7], [2, 2, 2]));
        Assert.Equal([-1, -10, 1, 10, 0, -1, 0, 1], y.ToDoubles());
    }

    [Fact]
    public void OtherRanksAreRefused()
    {
        using var scope = new TensorScope();
        Assert.Throws<ShapeException>(() => Whiten.Apply(TestTensors.Random(1, 3, 2)));
    }
}
