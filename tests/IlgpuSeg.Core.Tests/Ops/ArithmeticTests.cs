using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class ArithmeticTests
{
    public static TheoryData<string> Functions => OpFixtures.Cases(
        "subtract", "divide", "shift", "reciprocal", "exp", "log", "sqrt", "sigmoid", "tanh", "power");

    public static TheoryData<string> AxisCases => OpFixtures.Cases("sum_axes", "mean_axes", "transpose", "expand", "log_softmax");

    [Theory]
    [MemberData(nameof(Functions))]
    public void FunctionsAgreeWithPyTorch(string name) => OpFixtures.Check(name, c => name[..name.IndexOf('.')] switch
    {
        "subtract" => Subtract.Apply(c.Input("a"), c.Input("b")),
        "divide" => Divide.Apply(c.Input("a"), c.Input("b")),
        "shift" => Shift.Apply(c.Input("x"), c.Number("constant")),
        "reciprocal" => Reciprocal.Apply(c.Input("x"), c.Number("numerator")),
        "exp" => Exp.Apply(c.Input("x")),
        "log" => Log.Apply(c.Input("x")),
        "sqrt" => Sqrt.Apply(c.Input("x")),
        "sigmoid" => Sigmoid.Apply(c.Input("x")),
        "tanh" => Tanh.Apply(c.Input("x")),
        _ => Power.Apply(c.Input("x"), c.Number("exponent")),
    });

    [Theory]
    [MemberData(nameof(AxisCases))]
    public void AxesAgreeWithPyTorch(string name) => OpFixtures.Check(name, c => name[..name.IndexOf('.')] switch
    {
        "sum_axes" => Sum.Apply(c.Input("x"), Indices(c), c.Flag("keep")),
        "mean_axes" => Mean.Apply(c.Input("x"), Indices(c), c.Flag("keep")),
        "transpose" => Transpose.Apply(c.Input("x"), c.Int("axis0"), c.Int("axis1")),
        "expand" => Expand.Apply(c.Input("x"), c.Ints("target")),
        _ => LogSoftmax.Apply(c.Input("x")),
    });

    [Fact]
    public void SoftmaxAndItsLogarithmTakeRowsOfAnyLength()
    {
        using var scope = new TensorScope();
        foreach (var length in new[] { 1, 7, 8, 9, 4097, 70_001 })
        {
            var x = Tensor.Randn([2, length], seed: 3, DType.Float64) * 5;
            var expected = x.ToDoubles().Chunk(length).SelectMany(row =>
            {
                var peak = row.Max();
                var logSum = Math.Log(row.Sum(v => Math.Exp(v - peak)));
                return row.Select(v => v - peak - logSum);
            }).ToArray();
            var actual = x.LogSoftmax().ToDoubles();
            for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-11);
            Assert.Equal(2, x.Softmax().Sum().Item(), 1e-12);
        }
    }

    [Fact]
    public void OperationsOnNothingGiveNothing()
    {
        using var scope = new TensorScope();
        var none = Tensor.Zeros([0, 3]);
        none.RequiresGrad = true;
        var y = ((none + none - none / 2 + 1) * none).Exp().Transpose();
        Assert.Equal(new Shape(3, 0), y.Shape);
        Assert.Equal([0f, 0, 0], y.Transpose().Sum(0).ToArray<float>());
        y.Backward(Tensor.Zeros([3, 0]));
        Assert.Equal(new Shape(0, 3), none.Grad!.Shape);
        Assert.Throws<ShapeException>(() => none.Mean(0));
    }

    [Fact]
    public void MixedPrecisionTensorsKeepTheirType()
    {
        using var scope = new TensorScope();
        var x = Tensor.FromDoubles([0.5, 1, 2, 3], [2, 2], DType.BFloat16, Device.Cpu);
        x.RequiresGrad = true;
        var y = ((x - x / 2 + 1) / x).Exp().Log().Sqrt().Pow(2).Sigmoid().Tanh().Transpose().Expand([3, 2, 2]);
        Assert.Equal(DType.BFloat16, y.DType);
        Assert.Equal(DType.Float32, y.Sum(0).DType);
        Assert.Equal(DType.Float32, y.LogSoftmax().DType);
        (y.Mean(0, 1, 2) + y.LogSoftmax().Mean(0, 1, 2)).Backward();
        Assert.Equal(DType.BFloat16, x.Grad!.DType);
    }

    private static Index[] Indices(OpCase c) => Array.ConvertAll(c.Ints("axes"), axis => new Index(axis));
}
