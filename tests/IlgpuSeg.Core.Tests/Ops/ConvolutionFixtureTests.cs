using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

/// <summary>Matrix product and convolutions against real PyTorch, in both precisions and both directions.</summary>
public class ConvolutionFixtureTests
{
    public static TheoryData<string> Products => OpFixtures.Cases("matmul");

    public static TheoryData<string> Convolutions => OpFixtures.Cases("conv2d");

    public static TheoryData<string> DepthwiseConvolutions => OpFixtures.Cases("depthwise");

    [Theory]
    [MemberData(nameof(Products))]
    public void MatMulAsPyTorch(string name) =>
        OpFixtures.Check(name, c => MatMul.Apply(c.Input("a"), c.Input("b"), c.Flag("transposeA"), c.Flag("transposeB")));

    // [O, I, kH, kW] becomes [kH, kW, I, O].
    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Conv2dAsPyTorch(string name) => OpFixtures.Check(name, c => Conv2d.Apply(
        c.Input("x"), c.Input("weight", 2, 3, 1, 0), c.Has("bias") ? c.Input("bias") : null, c.Int("stride"), c.Int("padding"), c.Int("dilation")));

    // [C, 1, kH, kW] becomes [kH, kW, C]: the axis of length 1 is left out.
    [Theory]
    [MemberData(nameof(DepthwiseConvolutions))]
    public void DepthwiseConv2dAsPyTorch(string name) => OpFixtures.Check(name, c => DepthwiseConv2d.Apply(
        c.Input("x"), c.Input("weight", 2, 3, 0), c.Has("bias") ? c.Input("bias") : null, c.Int("stride"), c.Int("padding"), c.Int("dilation")));
}
