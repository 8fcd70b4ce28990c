using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class SpatialTests
{
    public static TheoryData<string> Cases => OpFixtures.Cases(
        "avg_pool", "adaptive_avg_pool", "max_pool", "concat", "bilinear", "flow_warp");

    [Theory]
    [MemberData(nameof(Cases))]
    public void AgreesWithPyTorch(string name) => OpFixtures.Check(name, c => name[..name.IndexOf('.')] switch
    {
        "avg_pool" => AvgPool2d.Apply(c.Input("x"), c.Int("kernel"), c.Int("stride"), c.Int("padding")),
        "adaptive_avg_pool" => AdaptiveAvgPool2d.Apply(c.Input("x"), c.Ints("out")[0], c.Ints("out")[1]),
        "max_pool" => MaxPool2d.Apply(c.Input("x"), c.Int("kernel"), c.Int("stride")),
        "concat" => Concat.Apply([.. Enumerable.Range(0, 9).TakeWhile(i => c.Has($"x{i}")).Select(i => c.Input($"x{i}"))]),
        "bilinear" => ResizeBilinear.Apply(c.Input("x"), c.Ints("out")[0], c.Ints("out")[1], c.Flag("align_corners")),
        _ => FlowWarp.Apply(c.Input("x"), c.Input("flow")),
    });

    [Theory]
    [MemberData(nameof(RandomInputs.Seeds), MemberType = typeof(RandomInputs))]
    public void PoolingGradients(int seed)
    {
        var draw = new RandomInputs(seed);
        var (kernel, stride) = (draw.Below(1, 5), draw.Below(1, 4));
        GradCheck.Run(t => AvgPool2d.Apply(t[0], kernel, stride, kernel / 2), [draw.Tensor(draw.Image(kernel))]);
        GradCheck.Run(t => AdaptiveAvgPool2d.Apply(t[0], stride, kernel), [draw.Tensor(draw.Image())]);
        // All values different: a tie has no derivative.
        GradCheck.Run(t => MaxPool2d.Apply(t[0], kernel, stride), [draw.Distinct(draw.Image(kernel))]);
    }

    [Theory]
    [MemberData(nameof(RandomInputs.Seeds), MemberType = typeof(RandomInputs))]
    public void ConcatAndResizeGradients(int seed)
    {
        var draw = new RandomInputs(seed);
        var shape = draw.Image();
        GradCheck.Run(t => Concat.Apply(t[0], t[1], t[0]), [draw.Tensor(shape), draw.Tensor(shape.With(3, draw.Below(1, 5)))]);
        var (h, w) = (draw.Below(1, 12), draw.Below(1, 12));
        GradCheck.Run(t => ResizeBilinear.Apply(t[0], h, w, alignCorners: true), [draw.Tensor(shape)]);
        GradCheck.Run(t => ResizeBilinear.Apply(t[0], h, w, alignCorners: false), [draw.Tensor(shape)]);
    }

    [Theory]
    [MemberData(nameof(RandomInputs.Seeds), MemberType = typeof(RandomInputs))]
    public void FlowWarpGradients(int seed)
    {
        var draw = new RandomInputs(seed);
        var shape = draw.Image();
        var (h, w) = (draw.Below(1, 7), draw.Below(1, 7));
        var flow = new double[shape[0] * h * w * 2];
        for (var p = 0; p < flow.Length / 2; p++)
        {
            flow[2 * p] = FlowTo(draw, p % w, w, shape[2]);
            flow[2 * p + 1] = FlowTo(draw, p / w % h, h, shape[1]);
        }
        GradCheck.Run(
            t => FlowWarp.Apply(t[0], t[1]), [draw.Tensor(shape), RandomInputs.From(flow, new Shape(shape[0], h, w, 2))]);
    }

    // A flow that leads from result pixel i to a point well inside a cell (on its edges there is no derivative), sometimes one outside.
    private static double FlowTo(RandomInputs draw, int i, int count, int size)
    {
        if (size == 1) return draw.Below(-9, 10) / 10.0;
        var target = draw.Below(-2, size + 1) + draw.Below(2, 9) / 10.0;
        var line = count == 1 ? -1 : -1 + 2.0 * i / (count - 1);
        return (2 * target / (size - 1) - 1 - line) * count;
    }

    [Fact]
    public void BadOptionsAndShapesAreRefused()
    {
        var x = Tensor.Zeros(new Shape(1, 3, 4, 2), DType.Float32, Device.Cpu);
        Assert.Contains("padding", Assert.Throws<ArgumentException>(() => AvgPool2d.Apply(x, 3, 2, 2)).Message);
        Assert.Contains("[1, 3, 4, 2]", Assert.Throws<ShapeException>(() => MaxPool2d.Apply(x, 4, 4)).Message);
        Assert.Throws<ArgumentException>(() => AvgPool2d.Apply(x, 2, 0, 0));
        Assert.Throws<ShapeException>(() => AdaptiveAvgPool2d.Apply(x, 0, 2));
        Assert.Throws<ShapeException>(() => ResizeBilinear.Apply(x, 2, 0, true));
        Assert.Throws<ShapeException>(() => ResizeBilinear.Apply(x.Reshape(3, 4, 2), 2, 2, true));
        Assert.Throws<ArgumentException>(() => Concat.Apply());
        Assert.Contains("x1 [1, 4, 3, 2]", Assert.Throws<ShapeException>(() => Concat.Apply(x, x.Reshape(1, 4, 3, 2))).Message);
        Assert.Throws<ShapeException>(() => FlowWarp.Apply(x, Tensor.Zeros(new Shape(2, 3, 4, 2), DType.Float32, Device.Cpu)));
        Assert.Throws<ShapeException>(() => FlowWarp.Apply(x, Tensor.Zeros(new Shape(1, 3, 4, 3), DType.Float32, Device.Cpu)));
    }
}
