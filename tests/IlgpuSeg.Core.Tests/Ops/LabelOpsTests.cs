using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

/// <summary>The operations on labels that have no gradient.</summary>
public class LabelOpsTests
{
    [Fact]
    public void ArgMaxDropsTheLastAxis()
    {
        using var scope = new TensorScope();
        var classes = ArgMax.Apply(Tensor.From<float>([1, 5, 2, 7, 7, 0], [1, 2, 1, 3]));
        Assert.Equal(new Shape(1, 2, 1), classes.Shape);
        Assert.Equal([1, 0], classes.ToArray<int>());
        Assert.Throws<ShapeException>(() => ArgMax.Apply(TestTensors.Random(1, 2, 0)));
    }

    [Fact]
    public void LabelsShrinkByNearestNeighbour()
    {
        using var scope = new TensorScope();
        var labels = Tensor.From<int>([.. Enumerable.Range(0, 25)], [1, 5, 5]);
        Assert.Equal([0, 2, 10, 12], ResizeNearest.Labels(labels, 2, 2).ToArray<int>());
        Assert.Throws<ShapeException>(() => ResizeNearest.Labels(labels, 0, 2));
        Assert.Throws<ArgumentException>(() => ResizeNearest.Labels(TestTensors.Random(1, 1, 5, 5), 2, 2));
    }

    [Fact]
    public void ConfusionAddsUpOverBatches()
    {
        using var scope = new TensorScope();
        var matrix = new ConfusionMatrix(3);
        matrix.Add(Tensor.From<int>([0, 1, 255, 2], [1, 2, 2]), Tensor.From<int>([0, 2, 1, 2], [1, 2, 2]));
        matrix.Add(Tensor.From<int>([1], [1, 1, 1]), Tensor.From<int>([2], [1, 1, 1]));
        Assert.Equal([1, 0, 0, 0, 0, 2, 0, 0, 1], matrix.Counts.ToArray());
        var other = new ConfusionMatrix(3);
        other.Add(matrix);
        other.Add(matrix);
        Assert.Equal(4, other[1, 2]);
        other.Clear();
        Assert.Equal(0, other[1, 2]);
    }

    [Fact]
    public void ConfusionRefusesWhatIsNoClassAndStaysAsItWas()
    {
        using var scope = new TensorScope();
        var matrix = new ConfusionMatrix(2);
        var error = Assert.Throws<ArgumentException>(() => matrix.Add(Tensor.From<int>([0, 2], [2]), Tensor.From<int>([0, 1], [2])));
        Assert.Contains("1 pixels", error.Message);
        Assert.Equal(0, matrix[0, 0]);
        Assert.Throws<ShapeException>(() => matrix.Add(Tensor.From<int>([0], [1]), Tensor.From<int>([0, 1], [2])));
        Assert.Throws<ArgumentException>(() => matrix.Add(new ConfusionMatrix(3)));
    }
}
