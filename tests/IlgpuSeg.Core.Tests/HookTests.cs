using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests;

public sealed class HookTests : IDisposable
{
    private readonly TensorScope scope = new();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void AHookSeesTheWholeGradientOfAResult()
    {
        var x = Leaf(1, 2);
        var y = Scale.Apply(x, 3);
        double[]? seen = null;
        y.RegisterHook(g => { seen = g.ToDoubles(); });
        // Two uses of y: 2y + 5.
        Sum.Apply(Add.Apply(Multiply.Apply(y, y), Scale.Apply(y, 5))).Backward();
        Assert.Equal([11.0, 17], seen!);
        Assert.Equal([33.0, 51], x.Grad!.ToDoubles());
    }

    [Fact]
    public void AHookReplacesTheGradient()
    {
        var x = Leaf(1, 2);
        var y = Scale.Apply(x, 3);
        y.RegisterHook(g => Scale.Apply(g, 10));
        y.RegisterHook(g => Scale.Apply(g, -1));
        Sum.Apply(y).Backward();
        Assert.Equal([-30.0, -30], x.Grad!.ToDoubles());
    }

    [Fact]
    public void ALeafsHookSeesTheSumOfThePassOnce()
    {
        var x = Leaf(3);
        var calls = 0;
        using var hook = x.RegisterHook(g =>
        {
            calls++;
            Assert.Equal(7, g.Item());
            return Tensor.From([1.0], [1]);
        });
        for (var pass = 1; pass <= 2; pass++)
        {
            Sum.Apply(Add.Apply(Multiply.Apply(x, x), x)).Backward();
            Assert.Equal((pass, pass), (calls, (int)x.Grad!.Item()));
        }
        hook.Dispose();
        Sum.Apply(x).Backward();
        Assert.Equal(2, calls);
        Assert.Equal(3, x.Grad!.Item());
    }

    [Fact]
    public void ARemovedHookIsNotCalled()
    {
        var y = Scale.Apply(Leaf(1), 2);
        y.RegisterHook(g => { Assert.Fail("the hook was removed"); }).Dispose();
        y.Backward();
    }

    [Fact]
    public void AHooksTensorMustFit()
    {
        var y = Scale.Apply(Leaf(1, 2), 2);
        y.RegisterHook(_ => Tensor.From([1.0], [1]));
        var e = Assert.Throws<ShapeException>(() => Sum.Apply(y).Backward());
        Assert.Equal("The gradient hook of a tensor [2]: what it returns must have the gradient's shape; got gradient [2], returned [1].", e.Message);
        Assert.Throws<InvalidOperationException>(() => Tensor.From([1.0], [1]).RegisterHook(_ => { }));
    }

    [Fact]
    public void ARetainedGradientStaysOnAResult()
    {
        var x = Leaf(1, 2);
        var y = Scale.Apply(x, 3);
        y.RetainGrad();
        var loss = Sum.Apply(Multiply.Apply(y, y));
        loss.Backward(retainGraph: true);
        Assert.Equal([6.0, 12], y.Grad!.ToDoubles());
        loss.Backward();
        Assert.Equal([12.0, 24], y.Grad!.ToDoubles());
        Assert.Equal([36.0, 72], x.Grad!.ToDoubles());
    }

    private static Tensor Leaf(params double[] values)
    {
        var t = Tensor.From(values, [values.Length]);
        t.RequiresGrad = true;
        return t;
    }
}
