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
    public void AKeptGraphCanBeUsedAgain()
    {
        var x = Leaf(1, 2);
        var y = TestOps.Sum(TestOps.Square(x));
        y.Backward(retainGraph: true);
        y.Backward();
        Assert.Equal([4.0, 8], x.Grad!.ToDoubles());
        Assert.Contains("second time", Assert.Throws<InvalidOperationException>(y.Backward).Message);
    }

    [Fact]
    public void AGraphWhoseScopeHasEndedSaysSo()
    {
        using var x = Leaf(1, 2);
        Tensor? loss = null;
        OutsideOfScopes(() =>
        {
            using var inner = new TensorScope();
            loss = TestOps.Sum(TestOps.Square(x));
        });
        Assert.Contains("the TensorScope of the forward pass has ended", Assert.Throws<InvalidOperationException>(loss!.Backward).Message);
    }

    [Fact]
    public void TheGraphOfATensorKeptBeyondAllScopesLivesAsLongAsTheTensor()
    {
        using var test = new TestDevice();
        OutsideOfScopes(() =>
        {
            using var x = Tensor.Full([1000], 3, DType.Float32, test.Device);
            x.RequiresGrad = true;
            for (var step = 0; step < 3; step++)
            {
                Tensor y, z;
                using (var inner = new TensorScope())
                {
                    var middle = IlgpuSeg.Ops.Multiply.Apply(x, x);
                    y = inner.Keep(IlgpuSeg.Ops.Sum.Apply(IlgpuSeg.Ops.Multiply.Apply(middle, middle)));
                    z = inner.Keep(IlgpuSeg.Ops.Sum.Apply(middle));
                }
                Assert.True(test.Allocator.LiveBlocks > 3);
                if (step == 1) y.Backward();
                y.Dispose();
                z.Dispose();
                Assert.Equal(step == 1 ? 108 : null, x.Grad?.ToDoubles()[0]);
                x.ZeroGrad();
                Assert.Equal(1, test.Allocator.LiveBlocks);
            }
        });
    }

    [Fact]
    public void RecordingCanBeTurnedOnInsideNoGrad()
    {
        var x = Leaf(1);
        using (Autograd.NoGrad())
        {
            using (Autograd.EnableGrad()) Assert.True(TestOps.Square(x).RequiresGrad);
            Assert.False(TestOps.Square(x).RequiresGrad);
        }
    }

    [Fact]
    public void OperandsOfSeveralDevicesOrTypesAreRefused()
    {
        using var test = new TestDevice("other");
        var here = Tensor.Zeros([2], DType.Float32, Device.Cpu);
        var there = Tensor.Zeros([2], DType.Float32, test.Device);
        Assert.Equal("Add: all operands must live on one device; got cpu and other.",
            Assert.Throws<ArgumentException>(() => IlgpuSeg.Ops.Add.Apply(here, there)).Message);
        Assert.Equal("Add: all operands must have one dtype; got Float32 and Float64.",
            Assert.Throws<ArgumentException>(() => IlgpuSeg.Ops.Add.Apply(here, Leaf(1, 2))).Message);

        // A gradient, an operation's own and one that is passed in.
        here.RequiresGrad = true;
        var doubled = IlgpuSeg.Ops.Scale.Apply(here, 2);
        Assert.Equal("Backward: all operands must live on one device; got cpu and other.",
            Assert.Throws<ArgumentException>(() => doubled.Backward(there)).Message);
        var y = Autograd.Record("Wrong", here.Clone(), [here], g => [Tensor.Zeros([2], DType.Float64, Device.Cpu)]);
        Assert.Equal("Backward of Wrong: all operands must have one dtype; got Float32 and Float64.",
            Assert.Throws<ArgumentException>(() => y.Backward(here.Clone())).Message);
        there.Dispose();
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

    /// <summary>On a thread of its own; the test's has a scope.</summary>
    private static void OutsideOfScopes(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null) throw new InvalidOperationException($"On the thread without scopes: {failure}");
    }

    private static Tensor Leaf(params double[] values)
    {
        var t = Tensor.From(values, [values.Length]);
        t.RequiresGrad = true;
        return t;
    }
}
