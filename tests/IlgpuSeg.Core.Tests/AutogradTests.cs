namespace IlgpuSeg.Tests;

public sealed class AutogradTests : IDisposable
{
    private readonly TensorScope scope = new();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void SumsTheGradientsOfAllUses()
    {
        var x = Leaf(1, -2, 3);
        // x used three times on paths of different lengths: d/dx (x^2 + x + (x^2)^2) = 2x + 1 + 4x^3
        var square = TestOps.Square(x);
        TestOps.Sum(TestOps.Add(TestOps.Add(square, x), TestOps.Square(square))).Backward();
        Assert.Equal([1, -2, 3], x.ToDoubles());
        Assert.Equal(x.ToDoubles().Select(v => 2 * v + 1 + 4 * v * v * v), x.Grad!.ToDoubles());
    }

    [Fact]
    public void AGradientPassedOnTwiceIsNotChangedThroughTheOtherHandle()
    {
        Tensor a = Leaf(1, 2), b = Leaf(3, 4);
        // Add hands one gradient tensor to both inputs; a then receives more.
        TestOps.Sum(TestOps.Add(TestOps.Add(a, b), TestOps.Square(a))).Backward();
        Assert.Equal([3.0, 5], a.Grad!.ToDoubles());
        Assert.Equal([1.0, 1], b.Grad!.ToDoubles());
    }

    [Fact]
    public void GradientsAccumulateOverBackwards()
    {
        var x = Leaf(2);
        TestOps.Square(x).Backward();
        TestOps.Square(x).Backward();
        Assert.Equal(8, x.Grad!.Item());
        x.ZeroGrad();
        Assert.Null(x.Grad);
    }

    [Fact]
    public void NothingIsRecordedWithoutNeedOrWithinNoGrad()
    {
        using var plain = Tensor.From([1.0], [1]);
        Assert.False(TestOps.Square(plain).RequiresGrad);
        var x = Leaf(1);
        using (Autograd.NoGrad())
            Assert.False(TestOps.Square(x).RequiresGrad);
        Assert.True(TestOps.Square(x).RequiresGrad);
        Assert.False(TestOps.Square(x).Detach().RequiresGrad);
    }

    [Fact]
    public void ASecondBackwardIsRefused()
    {
        var y = TestOps.Square(Leaf(1));
        y.Backward();
        Assert.Contains("second time", Assert.Throws<InvalidOperationException>(y.Backward).Message);
    }

    [Fact]
    public void AChangedSavedTensorIsRefused()
    {
        var x = Leaf(1);
        var y = TestOps.Square(x);
        x.CopyFrom<double>([5]);
        Assert.Contains("changed in place", Assert.Throws<InvalidOperationException>(y.Backward).Message);
    }

    [Fact]
    public void BackwardNeedsAGraphAndAMatchingGradient()
    {
        Assert.Throws<InvalidOperationException>(() => Tensor.From([1.0], [1]).Backward());
        var y = TestOps.Square(Leaf(1, 2));
        Assert.Throws<ShapeException>(y.Backward);
        Assert.Throws<ShapeException>(() => y.Backward(Tensor.From([1.0], [1])));
        Assert.Throws<ArgumentException>(() => y.Backward(Tensor.From([1f, 1f], [2])));
    }

    [Fact]
    public void ReshapePassesTheGradient()
    {
        var x = Leaf(1, 2, 3, 4);
        TestOps.Sum(TestOps.Square(x.Reshape(2, 2))).Backward();
        Assert.Equal([4], x.Grad!.Shape.ToArray());
        Assert.Equal([2.0, 4, 6, 8], x.Grad.ToDoubles());
    }

    [Fact]
    public void GradCheckPassesARightGradientAndNamesAWrongOne()
    {
        var x = Leaf(0.3, -0.7, 2);
        x.Name = "x";
        var result = GradCheck.Run(t => TestOps.Square(t[0]), [x]);
        Assert.Equal(3, result.Checked);
        Assert.InRange(result.MaxError, 0, 1e-8);
        var e = Assert.Throws<GradCheckException>(() => GradCheck.Run(t => TestOps.Wrong(t[0]), [x]));
        Assert.Contains("'x'", e.Message);
        Assert.Equal([0.3, -0.7, 2], x.ToDoubles());
    }

    [Fact]
    public void GradCheckFailsOnNaN() =>
        Assert.Throws<GradCheckException>(() => GradCheck.Run(t => TestOps.Square(t[0]), [Leaf(double.NaN, 1)]));

    private static Tensor Leaf(params double[] values)
    {
        var t = Tensor.From(values, [values.Length]);
        t.RequiresGrad = true;
        return t;
    }
}
