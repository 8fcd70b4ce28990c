using IlgpuSeg.SelfTest;

namespace IlgpuSeg.Tests.Ops;

/// <summary>Every operation, in every variant of the self-test, has cases computed by real PyTorch.</summary>
public class FixtureCoverageTests
{
    /// <summary>The fixtures of each operation's cases.</summary>
    private static readonly Dictionary<string, string[]> FixturesOf = new()
    {
        ["Add.Apply"] = ["add"],
        ["Multiply.Apply"] = ["multiply"],
        ["Scale.Apply"] = ["scale"],
        ["ScalarScale.Apply"] = ["scalar_scale"],
        ["ChannelScale.Apply"] = ["channel_scale"],
        ["SampleScale.Apply"] = ["sample_scale"],
        ["ChannelMask.Apply"] = ["channel_mask"],
        ["ScaledResidual.Apply"] = ["scaled_residual"],
        ["Relu.Apply"] = ["relu"],
        ["Gelu.Apply"] = ["gelu"],
        ["Cast.Apply"] = ["cast"],
        ["Subtract.Apply"] = ["subtract"],
        ["Divide.Apply"] = ["divide"],
        ["Shift.Apply"] = ["shift"],
        ["Reciprocal.Apply"] = ["reciprocal"],
        ["Exp.Apply"] = ["exp"],
        ["Log.Apply"] = ["log"],
        ["Sqrt.Apply"] = ["sqrt"],
        ["Sigmoid.Apply"] = ["sigmoid"],
        ["Tanh.Apply"] = ["tanh"],
        ["Power.Apply"] = ["power"],
        ["Sum.Apply"] = ["sum", "sum_axes"],
        ["Mean.Apply"] = ["mean", "mean_axes"],
        ["Expand.Apply"] = ["expand"],
        ["Transpose.Apply"] = ["transpose"],
        ["LogSoftmax.Apply"] = ["log_softmax"],
        ["MatMul.Apply"] = ["matmul", "fused_matmul"],
        ["GatherRows.Apply"] = ["gather_rows"],
        ["Conv2d.Apply"] = ["conv2d", "uneven_conv2d", "fused_conv", "grouped_conv"],
        ["DepthwiseConv2d.Apply"] = ["depthwise", "uneven_depthwise", "fused_depthwise"],
        ["AvgPool2d.Apply"] = ["avg_pool"],
        ["AdaptiveAvgPool2d.Apply"] = ["adaptive_avg_pool"],
        ["MaxPool2d.Apply"] = ["max_pool"],
        ["ResizeBilinear.Apply"] = ["bilinear"],
        ["Concat.Apply"] = ["concat"],
        ["FlowWarp.Apply"] = ["flow_warp"],
        ["BatchNorm.Apply"] = ["batch_norm"],
        ["BatchNorm.ApplyRelu"] = ["batch_norm_relu"],
        ["BatchNorm.Fold"] = ["batch_norm_fold"],
        ["LayerNorm.Apply"] = ["layer_norm"],
        ["L2Normalize.Apply"] = ["l2_normalize"],
        ["Softmax.Apply"] = ["softmax"],
        ["Whiten.Apply"] = ["whiten"],
        ["DisentangledAttention.Apply"] = ["dnl_attention"],
        ["CrossEntropy.Apply"] = ["cross_entropy", "cross_entropy_options", "hard_pixels"],
        ["UpsampledCrossEntropy.Apply"] = ["upsampled_cross_entropy"],
        ["PixelContrast.Apply"] = ["pixel_contrast"],
        ["ArgMax.Apply"] = ["argmax"],
        ["ResizeNearest.Labels"] = ["resize_nearest"],
        ["ConfusionMatrix.Add"] = ["confusion"],
        ["Sgd.Step"] = ["sgd"],
    };

    /// <summary>Operations that other tests compare: with PyTorch's optimiser (OptimizerFixtureTests), and a draw that PyTorch does not have.</summary>
    private static readonly string[] Elsewhere =
        ["GradientNorm.Apply", "GradientNorm.ClipScale", "MovingAverage.Step", "AnchorSelection.Draw"];

    [Fact]
    public void EveryOperationHasFixtures()
    {
        var operations = OpCases.All.Select(c => c.Op).ToHashSet();
        Assert.Equal([], operations.Except(FixturesOf.Keys).Except(Elsewhere));
        Assert.Equal([], FixturesOf.Keys.Except(operations));
        foreach (var fixture in FixturesOf.Values.SelectMany(names => names)) Assert.NotEmpty(OpFixtures.Cases(fixture));
    }
}
