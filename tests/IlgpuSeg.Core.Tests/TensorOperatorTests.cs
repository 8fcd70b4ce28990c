namespace IlgpuSeg.Tests;

public sealed class TensorOperatorTests : IDisposable
{
    private readonly TensorScope scope = new();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void OperatorsComputeElementByElement()
    {
        Tensor a = Of(1, 2, 4), b = Of(3, -1, 0.5);
        Assert.Equal([4.0, 1, 4.5], (a + b).ToDoubles());
        Assert.Equal([-2.0, 3, 3.5], (a - b).ToDoubles());
        Assert.Equal([3.0, -2, 2], (a * b).ToDoubles());
        Assert.Equal([1.0 / 3, -2, 8], (a / b).ToDoubles());
        Assert.Equal([-1.0, -2, -4], (-a).ToDoubles());
        Assert.Equal([3.0, 4, 6], (a + 2).ToDoubles());
        Assert.Equal([3.0, 4, 6], (2 + a).ToDoubles());
        Assert.Equal([-1.0, 0, 2], (a - 2).ToDoubles());
        Assert.Equal([1.0, 0, -2], (2 - a).ToDoubles());
        Assert.Equal([2.0, 4, 8], (2 * a).ToDoubles());
        Assert.Equal([0.5, 1, 2], (a / 2).ToDoubles());
        Assert.Equal([2.0, 1, 0.5], (2 / a).ToDoubles());
    }

    [Fact]
    public void OperandsBroadcast()
    {
        var matrix = Tensor.Arange(6, DType.Float64).Reshape(2, 3);
        Assert.Equal([10.0, 21, 32, 13, 24, 35], (matrix + Of(10, 20, 30)).ToDoubles());
        Assert.Equal([10.0, 11, 12, 23, 24, 25], (matrix + Of(10, 20).Reshape(2, 1)).ToDoubles());
        Assert.Equal([0.0, 2, 4, 6, 8, 10], (Of(2) * matrix).ToDoubles());
        var outer = Of(1, 2).Reshape(2, 1) * Of(3, 4, 5).Reshape(1, 3);
        Assert.Equal([3.0, 4, 5, 6, 8, 10], outer.ToDoubles());
        var e = Assert.Throws<ShapeException>(() => matrix + Of(1, 2));
        Assert.Equal("Add: extents, counted from the last axis, must be equal or 1; got a [2, 3], b [2].", e.Message);
    }

    [Fact]
    public void GradientsGoThroughBroadcasting()
    {
        var x = Parameter(1, 2, 3, 4);
        var row = Parameter(2, 4);
        var column = Parameter(3, 3, 1);
        var one = Parameter(4, 1);
        GradCheck.Run(
            t => (((t[0] + t[1]) * t[2]) / (t[3] + 3) - t[1]).Exp().Mean(^1),
            [x, row, column, one]);
    }

    [Fact]
    public void FluentFunctionsAreTheOperations()
    {
        var x = Parameter(5, 4, 3);
        GradCheck.Run(t => (t[0].Sigmoid() + t[0].Tanh() + (t[0] + 2).Log() + (t[0] + 2).Sqrt() + (t[0] + 2).Pow(1.5) + t[0].Gelu()), [x]);
        GradCheck.Run(t => t[0].Transpose().MatMul(t[0]).LogSoftmax() + t[0].MatMul(t[0].Transpose()).Softmax().Sum(), [x]);
        GradCheck.Run(t => t[0].Expand([2, 4, 3]).Mean(0, 2) + t[0].Sum(^1), [x]);
        Assert.Equal([0.0, 2], Of(-1, 2).Relu().ToDoubles());
    }

    [Fact]
    public void LongOperandsOverflowNowhere()
    {
        // Sigmoid's exponential of a large negative number would.
        Assert.Equal([0.0, 0.5, 1], Of(-1e4, 0, 1e4).Sigmoid().ToDoubles());
        Assert.Equal(0, Of(-1e4, 0, 1e4).LogSoftmax().ToDoubles()[2]);
    }

    private static Tensor Of(params double[] values) => Tensor.From(values, [values.Length]);

    private static Tensor Parameter(ulong seed, params int[] shape)
    {
        var t = Tensor.Rand(shape, seed, DType.Float64);
        t.RequiresGrad = true;
        return t;
    }
}
