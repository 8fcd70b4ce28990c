namespace IlgpuSeg.Tests;

/// <summary>Operations computed on the host, so that tests of the graph need no kernels.</summary>
internal static class TestOps
{
    public static Tensor Square(Tensor x) => Map("Square", x, v => v * v, (v, g) => 2 * v * g);

    public static Tensor Wrong(Tensor x) => Map("Wrong", x, v => v * v, (v, g) => 2.001 * v * g);

    public static Tensor Sum(Tensor x)
    {
        var y = Tensor.From([x.ToDoubles().Sum()], [1]);
        return Autograd.Record("Sum", y, [x], g => [Tensor.Full(x.Shape, g.Item(), DType.Float64, x.Device)]);
    }

    public static Tensor Add(Tensor a, Tensor b)
    {
        var y = Tensor.From(a.ToDoubles().Zip(b.ToDoubles(), (p, q) => p + q).ToArray(), a.Shape);
        return Autograd.Record("Add", y, [a, b], g => [g, g]);
    }

    private static Tensor Map(string op, Tensor x, Func<double, double> f, Func<double, double, double> gradient)
    {
        var y = Tensor.From(Array.ConvertAll(x.ToDoubles(), v => f(v)), x.Shape);
        return Autograd.Record(op, y, [x],
            g => [Tensor.From(x.ToDoubles().Zip(g.ToDoubles(), gradient).ToArray(), x.Shape)], x);
    }
}
