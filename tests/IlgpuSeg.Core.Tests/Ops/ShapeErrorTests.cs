using IlgpuSeg.Ops;
using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Tests.Ops;

/// <summary>
/// Shapes that operations refuse: the message names the operation, the operands with their shapes, and the rule. One table for all of
/// them; a test fails for an operation that is not in it.
/// </summary>
public sealed class ShapeErrorTests : IDisposable
{
    private static readonly Refused[] Table =
    [
        new("Add", "one shape", ["a [2, 3]", "b [3, 2]"], () => Add.Apply(F(2, 3), F(3, 2))),
        new("Subtract", "one shape", ["a [2, 3]", "b [3, 2]"], () => Subtract.Apply(F(2, 3), F(3, 2))),
        new("Multiply", "one shape", ["a [2, 3]", "b [2]"], () => Multiply.Apply(F(2, 3), F(2))),
        new("Divide", "one shape", ["a []", "b [2]"], () => Divide.Apply(F(), F(2))),
        new("Add", "equal or 1", ["a [2, 3]", "b [2]"], () => _ = F(2, 3) + F(2)),
        new("Subtract", "equal or 1", ["a [4]", "b [2, 3]"], () => _ = F(4) - F(2, 3)),
        new("Multiply", "equal or 1", ["a [4, 1]", "b [2, 3]"], () => _ = F(4, 1) * F(2, 3)),
        new("Divide", "equal or 1", ["a [0]", "b [2]"], () => _ = F(0) / F(2)),
        new("Expand", "the target's or 1", ["x [2, 3]", "target [2, 4]"], () => Expand.Apply(F(2, 3), [2, 4])),
        new("Expand", "the target's or 1", ["x [2, 3]", "target [3]"], () => Expand.Apply(F(2, 3), [3])),
        new("ScalarScale", "[1]", ["x [2, 3]", "s [2]"], () => ScalarScale.Apply(F(2, 3), F(2))),
        new("ChannelScale", "each channel of x", ["x [2, 3]", "scale [2]"], () => ChannelScale.Apply(F(2, 3), F(2))),
        new("ChannelScale", "at least 1 axis", ["x []"], () => ChannelScale.Apply(F(), F(1))),
        new("SampleScale", "each sample of x", ["x [2, 3]", "scale [3]"], () => SampleScale.Apply(F(2, 3), F(3))),
        new("SampleScale", "at least 1 axis", ["x []"], () => SampleScale.Apply(F(), F(1))),
        new("ChannelMask", "each sample and channel of x", ["x [2, 5, 3]", "mask [2, 5]"], () => ChannelMask.Apply(F(2, 5, 3), F(2, 5))),
        new("ChannelMask", "at least 2 axes", ["x [2]"], () => ChannelMask.Apply(F(2), F(2, 2))),
        new("ScaledResidual", "one shape", ["x [2, 3]", "branch [2, 4]"], () => ScaledResidual.Apply(F(2, 3), F(2, 4), F(3))),
        new("ScaledResidual", "each channel of x", ["x [2, 3]", "scale [2]"], () => ScaledResidual.Apply(F(2, 3), F(2, 3), F(2))),
        new("ScaledResidual", "each sample of x", ["x [2, 3]", "drop [3]"], () => ScaledResidual.Apply(F(2, 3), F(2, 3), F(3), F(3))),
        new("ScaledResidual", "at least 1 axis", ["x []"], () => ScaledResidual.Apply(F(), F(), F(1))),
        new("Sum", "axis 2", ["x [2, 3]"], () => Sum.Apply(F(2, 3), [2])),
        new("Sum", "axis ^3", ["x [2, 3]"], () => Sum.Apply(F(2, 3), [^3])),
        new("Sum", "must differ", ["x [2, 3]"], () => Sum.Apply(F(2, 3), [1, ^1])),
        new("Mean", "axis 2", ["x [2, 3]"], () => Mean.Apply(F(2, 3), [2])),
        new("Mean", "at least one element", ["x [0]"], () => Mean.Apply(F(0))),
        new("Mean", "at least one element", ["x [2, 0]"], () => Mean.Apply(F(2, 0), [1])),
        new("Transpose", "axis 2", ["x [2, 3]"], () => Transpose.Apply(F(2, 3), 0, 2)),
        new("Transpose", "at least two axes", ["x [3]"], () => Transpose.Apply(F(3))),
        new("Softmax", "at least one axis and one element", ["x [2, 0]"], () => Softmax.Apply(F(2, 0))),
        new("LogSoftmax", "at least one axis and one element", ["x []"], () => LogSoftmax.Apply(F())),
        new("L2Normalize", "at least one axis and one element", ["x [0, 3]"], () => L2Normalize.Apply(F(0, 3))),
        new("ArgMax", "at least one axis and one element", ["logits [2, 0]"], () => ArgMax.Apply(F(2, 0))),
        new("Concat", "all axes but the last", ["x0 [2, 3]", "x1 [3, 3]"], () => Concat.Apply(F(2, 3), F(3, 3))),
        new("Concat", "at least 1 axis", ["x0 []"], () => Concat.Apply(F(), F())),
        new("MatMul", "as many as the rows of b", ["a [2, 3]", "b [4, 5]"], () => MatMul.Apply(F(2, 3), F(4, 5))),
        new("MatMul", "2 axes, or both 3", ["a [2, 3]", "b [1, 3, 5]"], () => MatMul.Apply(F(2, 3), F(1, 3, 5))),
        new("MatMul", "batches must be equal", ["a [2, 4, 3]", "b [1, 3, 5]"], () => MatMul.Apply(F(2, 4, 3), F(1, 3, 5))),
        new("GatherRows", "2 axes", ["x [3]"], () => GatherRows.Apply(F(3), I(2))),
        new("GatherRows", "1 axis", ["index [2, 2]"], () => GatherRows.Apply(F(3, 3), I(2, 2))),
        new("Conv2d", "take x's channels", ["x [1, 5, 5, 3]", "weight [3, 3, 4, 8]"], () => Conv2d.Apply(F(1, 5, 5, 3), F(3, 3, 4, 8), null)),
        new("Conv2d", "4 axes", ["x [5, 5, 3]"], () => Conv2d.Apply(F(5, 5, 3), F(3, 3, 3, 8), null)),
        new("Conv2d", "4 axes", ["weight [3, 3, 3]"], () => Conv2d.Apply(F(1, 5, 5, 3), F(3, 3, 3), null)),
        new("Conv2d", "bias must be [Cout]", ["weight [3, 3, 3, 8]", "bias [3]"], () => Conv2d.Apply(F(1, 5, 5, 3), F(3, 3, 3, 8), F(3))),
        new("Conv2d", "must fit the image", ["x [1, 2, 2, 3]", "weight [3, 3, 3, 8]"], () => Conv2d.Apply(F(1, 2, 2, 3), F(3, 3, 3, 8), null)),
        new("DepthwiseConv2d", "x's channels", ["x [1, 5, 5, 3]", "weight [3, 3, 4]"], () => DepthwiseConv2d.Apply(F(1, 5, 5, 3), F(3, 3, 4), null)),
        new("DepthwiseConv2d", "3 axes", ["weight [3, 3, 1, 3]"], () => DepthwiseConv2d.Apply(F(1, 5, 5, 3), F(3, 3, 1, 3), null)),
        new("DepthwiseConv2d", "bias must be [C]", ["x [1, 5, 5, 3]", "bias [4]"], () => DepthwiseConv2d.Apply(F(1, 5, 5, 3), F(3, 3, 3), F(4))),
        new("DepthwiseConv2d", "must have elements", ["x [0, 5, 5, 3]"], () => DepthwiseConv2d.Apply(F(0, 5, 5, 3), F(3, 3, 3), null)),
        new("BatchNorm", "each channel of x", ["x [2, 2, 2, 3]", "bias [4]"], () => Norm(F(2, 2, 2, 3), bias: 4)),
        new("BatchNorm", "more than one value per channel", ["x [1, 1, 1, 3]"], () => Norm(F(1, 1, 1, 3))),
        new("BatchNorm", "at least 1 axis", ["x []"], () => Norm(F())),
        new("BatchNormRelu", "each channel of x", ["x [2, 3]", "runningVar [2]"], () => BatchNorm.ApplyRelu(F(2, 3), F(3), F(3), F(3), F(2), false)),
        new("LayerNorm", "each channel of x", ["x [2, 3]", "weight [2]", "bias [3]"], () => LayerNorm.Apply(F(2, 3), F(2), F(3))),
        new("LayerNorm", "at least 1 axis", ["x []"], () => LayerNorm.Apply(F(), F(1), F(1))),
        new("AvgPool2d", "must fit into x", ["x [1, 2, 2, 3]"], () => AvgPool2d.Apply(F(1, 2, 2, 3), 3, 1, 0)),
        new("AvgPool2d", "4 axes", ["x [2, 2, 3]"], () => AvgPool2d.Apply(F(2, 2, 3), 2, 1, 0)),
        new("MaxPool2d", "must fit into x", ["x [1, 2, 2, 3]"], () => MaxPool2d.Apply(F(1, 2, 2, 3), 3, 1)),
        new("AdaptiveAvgPool2d", "at least one pixel", ["x [1, 2, 2, 3]"], () => AdaptiveAvgPool2d.Apply(F(1, 2, 2, 3), 0, 1)),
        new("ResizeBilinear", "at least one pixel", ["x [1, 0, 2, 3]"], () => ResizeBilinear.Apply(F(1, 0, 2, 3), 4, 4, true)),
        new("ResizeNearest", "between 1 and", ["labels [1, 2, 2]", "result [1, 0, 2]"], () => ResizeNearest.Labels(I(1, 2, 2), 0, 2)),
        new("FlowWarp", "[N, h, w, 2]", ["x [1, 4, 4, 3]", "flow [2, 4, 4, 2]"], () => FlowWarp.Apply(F(1, 4, 4, 3), F(2, 4, 4, 2))),
        new("FlowWarp", "4 axes", ["flow [4, 4, 2]"], () => FlowWarp.Apply(F(1, 4, 4, 3), F(4, 4, 2))),
        new("Whiten", "3 axes", ["x [4, 3]"], () => Whiten.Apply(F(4, 3))),
        new("Whiten", "at least one element", ["x [1, 0, 3]"], () => Whiten.Apply(F(1, 0, 3))),
        new("DisentangledAttention", "must fit", ["q [1, 4, 3]", "k [1, 5, 2]", "g [1, 5, 6]"],
            () => DisentangledAttention.Apply(F(1, 4, 3), F(1, 5, 2), F(1, 5, 6), F(1, 5, 1), F(1))),
        new("DisentangledAttention", "3 axes", ["q [4, 3]"], () => DisentangledAttention.Apply(F(4, 3), F(1, 5, 3), F(1, 5, 6), F(1, 5, 1), F(1))),
        new("CrossEntropy", "without its last axis", ["logits [2, 4, 4, 5]", "labels [2, 4]"], () => CrossEntropy.Apply(F(2, 4, 4, 5), I(2, 4))),
        new("CrossEntropy", "at least one axis", ["logits [2, 0]"], () => CrossEntropy.Apply(F(2, 0), I(2))),
        new("UpsampledCrossEntropy", "one batch", ["logits [1, 4, 4, 5]", "labels [2, 8, 8]"],
            () => UpsampledCrossEntropy.Apply(F(1, 4, 4, 5), I(2, 8, 8), true)),
        new("UpsampledCrossEntropy", "3 axes", ["labels [8, 8]"], () => UpsampledCrossEntropy.Apply(F(1, 4, 4, 5), I(8, 8), true)),
        new("PixelContrast", "one label per embedding", ["embeddings [4, 3]", "labels [3]"], () => PixelContrast.Apply(F(4, 3), I(3))),
        new("PixelContrast", "2 axes", ["embeddings [4]"], () => PixelContrast.Apply(F(4), I(4))),
        new("ConfusionMatrix", "one shape", ["labels [4]", "predictions [2, 2]"], () => new ConfusionMatrix(3).Add(I(4), I(2, 2))),
        new("Sgd.Step", "one shape", ["weight [2]", "grad [3]", "velocity [2]"], () => Sgd.Step([F(2)], [F(3)], [F(2)], [0], new SgdRates(0.1))),
        new("GradientNorm", "must be [1]", ["norm [3]"], () => GradientNorm.ClipScale(F(3), 1)),
        new("MovingAverage.Step", "one shape", ["average [2]", "value [3]"], () => MovingAverage.Step([F(2)], [F(3)], 0.5)),
        new("AnchorSelection", "one shape", ["predictions [1, 2, 2]", "labels [1, 2, 3]"],
            () => AnchorSelection.Draw(I(1, 2, 2), I(1, 2, 3), 3, 255, 8, 2, new Philox(1))),
        new("Reshape", "as many elements", ["tensor [2, 3]", "target [4]"], () => F(2, 3).Reshape(4)),
        new("Tensor.CopyFrom", "one shape", ["tensor [2]", "source [3]"], () => F(2).CopyFrom(F(3))),
        new("Tensor.Item", "one element", ["tensor [2]"], () => F(2).Item()),
        new("Backward", "one element", ["tensor [2]"], () => F(2).Backward()),
    ];

    /// <summary>Operations that take every shape.</summary>
    private static readonly string[] TakeAll =
        ["Scale", "Shift", "Reciprocal", "Exp", "Log", "Sqrt", "Sigmoid", "Tanh", "Power", "Relu", "Gelu", "Cast"];

    private readonly TensorScope scope = new();

    public static TheoryData<string> Rows => [.. Table.Select((row, i) => $"{i}: {row.Op}, {row.Rule}")];

    public void Dispose() => scope.Dispose();

    [Theory]
    [MemberData(nameof(Rows))]
    public void TheMessageNamesOperationRuleAndShapes(string name)
    {
        var row = Table[int.Parse(name.AsSpan(0, name.IndexOf(':')))];
        var e = Assert.Throws<ShapeException>(row.Run);
        Assert.Equal(row.Op, e.Op);
        Assert.StartsWith(row.Op + ": ", e.Message);
        Assert.Contains(row.Rule, e.Rule);
        Assert.Contains(e.Rule, e.Message);
        Assert.All(row.Shapes, shape => Assert.Contains(shape, e.Message[(e.Message.IndexOf("; got ", StringComparison.Ordinal) + 6)..]));
    }

    [Fact]
    public void TheTableHoldsEveryOperation()
    {
        var operations = OpCases.All.Select(c => c.Op[..c.Op.IndexOf('.')]).Distinct();
        var covered = Table.Select(row => row.Op.Split('.')[0]).Concat(TakeAll);
        Assert.Equal([], operations.Except(covered));
    }

    private static Tensor F(params int[] shape) => Tensor.Zeros(shape);

    private static Tensor I(params int[] shape) => Tensor.Zeros(shape, DType.Int32);

    private static void Norm(Tensor x, int bias = 3) => BatchNorm.Apply(x, F(3), F(bias), F(3), F(3), training: true);

    /// <summary>A call that is refused.</summary>
    /// <param name="Op">The operation that the message names.</param>
    /// <param name="Rule">Part of the rule.</param>
    /// <param name="Shapes">Operands with their shapes, as the message has them.</param>
    /// <param name="Run">The call.</param>
    private sealed record Refused(string Op, string Rule, string[] Shapes, Action Run);
}
