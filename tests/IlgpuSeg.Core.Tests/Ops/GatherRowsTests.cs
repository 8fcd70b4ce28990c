using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class GatherRowsTests
{
    [Theory]
    [InlineData(1, 1, new[] { 0 })]
    [InlineData(4, 3, new[] { 2, 0, 2, 2 })]
    [InlineData(3, 9, new[] { 1 })]
    public void GradientsAgreeWithDifferences(int rows, int channels, int[] index)
    {
        using var scope = new TensorScope();
        var picked = Tensor.From(index, [index.Length]);
        GradCheck.Run(t => GatherRows.Apply(t[0], picked), [TestTensors.Parameter(rows, rows, channels)]);
    }

    [Fact]
    public void NothingPickedGivesZeroGradient()
    {
        using var scope = new TensorScope();
        var x = TestTensors.Parameter(1, 3, 2);
        var y = GatherRows.Apply(x, Tensor.From<int>([], [0]));
        Assert.Equal(new Shape(0, 2), y.Shape);
        y.Backward(Tensor.Zeros([0, 2], DType.Float64, Device.Cpu));
        Assert.All(x.Grad!.ToDoubles(), g => Assert.Equal(0, g));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void AnIndexOutsideIsRefused(int index)
    {
        using var scope = new TensorScope();
        Assert.Throws<ArgumentOutOfRangeException>(() => GatherRows.Apply(TestTensors.Random(1, 3, 2), Tensor.From<int>([0, index], [2])));
    }
}
