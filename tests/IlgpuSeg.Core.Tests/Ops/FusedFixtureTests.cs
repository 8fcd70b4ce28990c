using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

/// <summary>What is fused, and grouped convolutions, against real PyTorch's separate operations.</summary>
public class FusedFixtureTests
{
    public static TheoryData<string> Convolutions => OpFixtures.Cases("fused_conv");

    public static TheoryData<string> Products => OpFixtures.Cases("fused_matmul");

    public static TheoryData<string> DepthwiseConvolutions => OpFixtures.Cases("fused_depthwise");

    public static TheoryData<string> GroupedConvolutions => OpFixtures.Cases("grouped_conv");

    public static TheoryData<string> UpsampledCrossEntropies => OpFixtures.Cases("upsampled_cross_entropy");

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void ConvolutionsAsPyTorch(string name) => Both(name, c => Conv2d.Apply(
        c.Input("x"), c.Input("weight", 2, 3, 1, 0), c.Input("bias"), Conv2dOptions.Square(1, 1, 1), Epilogue(c)));

    [Theory]
    [MemberData(nameof(Products))]
    public void ProductsAsPyTorch(string name) => Both(name, c => MatMul.Apply(c.Input("a"), c.Input("b"), Epilogue(c)));

    [Theory]
    [MemberData(nameof(DepthwiseConvolutions))]
    public void DepthwiseConvolutionsAsPyTorch(string name) => Both(name, c => DepthwiseConv2d.Apply(
        c.Input("x"), c.Input("weight", 2, 3, 0), c.Input("bias"),
        Conv2dOptions.Square(c.Int("stride"), c.Int("padding"), c.Int("dilation")), Activation(c.Text("kind"))));

    [Theory]
    [MemberData(nameof(GroupedConvolutions))]
    public void GroupedConvolutionsAsPyTorch(string name) => OpFixtures.Check(name, c => Conv2d.Apply(
        c.Input("x"), c.Input("weight", 2, 3, 1, 0), c.Has("bias") ? c.Input("bias") : null,
        Conv2dOptions.Square(c.Int("stride"), c.Int("padding"), c.Int("dilation")) with { Groups = c.Int("groups") }));

    [Theory]
    [MemberData(nameof(UpsampledCrossEntropies))]
    public void UpsampledCrossEntropiesAsPyTorch(string name) => OpFixtures.Check(name, c => UpsampledCrossEntropy.Apply(
        c.Input("x"), c.Integers("labels"), c.Flag("align_corners"),
        new CrossEntropyOptions { ClassWeights = c.Numbers("weights"), LabelSmoothing = c.Number("label_smoothing") }));

    /// <summary>With a gradient, which the separate operations have, and without one, in a fused kernel.</summary>
    private static void Both(string name, Func<OpCase, Tensor> run)
    {
        OpFixtures.Check(name, run);
        OpFixtures.CheckSteps(name, (c, tolerance) =>
        {
            using var noGrad = Autograd.NoGrad();
            c.Compare("y", run(c), tolerance);
        });
    }

    private static FusedEpilogue Epilogue(OpCase c) => c.Text("kind") switch
    {
        "affine" or "affine_relu" or "affine_gelu" =>
            FusedEpilogue.Affine(c.Input("scale"), c.Input("shift"), Activation(c.Text("kind").Replace("affine", "").TrimStart('_'))),
        "add" or "add_relu" => FusedEpilogue.Add(c.Input("other"), Activation(c.Text("kind").Replace("add", "").TrimStart('_'))),
        "scale_add" => FusedEpilogue.ScaleAdd(c.Input("scale"), c.Input("other")),
        "affine_add" => FusedEpilogue.AffineAdd(c.Input("scale"), c.Input("shift"), c.Input("other"), c.Input("other_scale")),
        "multiply" => FusedEpilogue.Multiply(c.Input("other")),
        var kind => FusedEpilogue.Activate(Activation(kind)),
    };

    private static FusedActivation Activation(string kind) => kind switch
    {
        "relu" => FusedActivation.Relu,
        "gelu" => FusedActivation.Gelu,
        "" => FusedActivation.None,
        _ => throw new ArgumentException($"The fixtures hold an activation '{kind}' that this test does not know."),
    };
}
