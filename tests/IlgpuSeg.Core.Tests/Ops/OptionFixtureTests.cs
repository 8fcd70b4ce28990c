using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

/// <summary>Options of operations, and small ones, against real PyTorch (tests/fixtures/make_option_fixtures.py).</summary>
public class OptionFixtureTests
{
    public static TheoryData<string> CrossEntropies => OpFixtures.Cases("cross_entropy_options");

    public static TheoryData<string> HardPixels => OpFixtures.Cases("hard_pixels");

    public static TheoryData<string> Residuals => OpFixtures.Cases("scaled_residual");

    public static TheoryData<string> BatchNorms => OpFixtures.Cases("batch_norm_relu");

    public static TheoryData<string> Folds => OpFixtures.Cases("batch_norm_fold");

    public static TheoryData<string> Convolutions => OpFixtures.Cases("uneven_conv2d", "uneven_depthwise");

    public static TheoryData<string> Casts => OpFixtures.Cases("cast");

    public static TheoryData<string> Confusions => OpFixtures.Cases("confusion");

    [Theory]
    [MemberData(nameof(CrossEntropies))]
    public void CrossEntropyWithOptions(string name) => OpFixtures.Check(name, c => CrossEntropy.Apply(
        c.Input("x"), c.Integers("labels"),
        new CrossEntropyOptions { ClassWeights = c.Numbers("weights"), LabelSmoothing = c.HasOption("smoothing") ? c.Number("smoothing") : 0 }));

    [Theory]
    [MemberData(nameof(HardPixels))]
    public void CrossEntropyOfHardPixels(string name) => OpFixtures.Check(name, c => CrossEntropy.Apply(
        c.Input("x"), c.Integers("labels"), new CrossEntropyOptions { HardThreshold = c.Number("threshold"), HardMinimum = c.Int("minimum") }));

    [Theory]
    [MemberData(nameof(Residuals))]
    public void ScaledResiduals(string name) => OpFixtures.Check(name, c => ScaledResidual.Apply(
        c.Input("x"), c.Input("branch"), c.Input("scale"), c.Has("drop") ? c.Constant("drop") : null));

    [Theory]
    [MemberData(nameof(BatchNorms))]
    public void BatchNormWithRelu(string name) => OpFixtures.Check(name, c => BatchNorm.ApplyRelu(
        c.Input("x"), c.Input("weight"), c.Input("bias"), c.Constant("running_mean"), c.Constant("running_var"), c.Flag("training")));

    [Theory]
    [MemberData(nameof(Folds))]
    public void FoldedBatchNorm(string name) => OpFixtures.CheckSteps(name, (c, tolerance) =>
    {
        var (scale, shift) = BatchNorm.Fold(
            c.Constant("weight"), c.Constant("bias"), c.Constant("running_mean"), c.Constant("running_var"), c.Number("eps"));
        c.Compare("folded_scale", scale, tolerance);
        c.Compare("folded_shift", shift, tolerance);
    });

    // Strides, paddings and dilations differ between rows and columns.
    [Theory]
    [MemberData(nameof(Convolutions))]
    public void UnevenConvolutions(string name) => OpFixtures.Check(name, c =>
    {
        var options = new Conv2dOptions { Stride = Pair(c, "stride"), Padding = Pair(c, "padding"), Dilation = Pair(c, "dilation") };
        return name.StartsWith("uneven_conv2d", StringComparison.Ordinal)
            ? Conv2d.Apply(c.Input("x"), c.Input("weight", 2, 3, 1, 0), c.Input("bias"), options)
            : DepthwiseConv2d.Apply(c.Input("x"), c.Input("weight", 2, 3, 0), c.Input("bias"), options);
    });

    [Theory]
    [MemberData(nameof(Casts))]
    public void RoundingToBFloat16(string name) => OpFixtures.CheckSteps(name, (c, _) =>
    {
        var x = c.Constant("x");
        c.Compare("bfloat16", Cast.Apply(Cast.Apply(x, DType.BFloat16), x.DType), 0);
    });

    [Theory]
    [MemberData(nameof(Confusions))]
    public void ConfusionMatrices(string name) => OpFixtures.CheckSteps(name, (c, _) =>
    {
        var (matrix, classes) = (new ConfusionMatrix(c.Int("classes")), c.Int("classes"));
        matrix.Add(c.Integers("labels"), c.Integers("predictions"));
        c.Compare("counts", Tensor.From(Array.ConvertAll(matrix.Counts.ToArray(), n => (double)n), [classes, classes]), 0);
    });

    private static (int H, int W) Pair(OpCase c, string option) => (c.Ints(option)[0], c.Ints(option)[1]);
}
