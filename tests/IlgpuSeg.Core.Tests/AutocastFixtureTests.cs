using IlgpuSeg.Ops;
using IlgpuSeg.Serialization;
using IlgpuSeg.Tests.Ops;

namespace IlgpuSeg.Tests;

/// <summary>Real PyTorch's autocast in bfloat16 on the CPU (tests/fixtures/make_autocast_fixtures.py).</summary>
public class AutocastFixtureTests
{
    // Another order of a sum may round to the neighbouring number: bfloat16 has 8 bits, so neighbours are up to 1/128 of their size apart.
    private const double OneStep = 1.0 / 128;

    private static readonly Lazy<SafeTensorsFile> File = new(() => SafeTensorsFile.Open(OpFixtures.Locate("autocast.safetensors")));

    public static TheoryData<string> Convolutions => OpFixtures.Cases(File.Value, "conv2d");

    public static TheoryData<string> Depthwise => OpFixtures.Cases(File.Value, "depthwise");

    public static TheoryData<string> Products => OpFixtures.Cases(File.Value, "matmul");

    public static TheoryData<string> Blocks => OpFixtures.Cases(File.Value, "block");

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void Conv2dMatches(string name) => Check(name, c => Conv2d.Apply(
        c.Input("x"), c.Input("weight", 2, 3, 1, 0), c.Input("bias"), c.Int("stride"), c.Int("padding")));

    [Theory]
    [MemberData(nameof(Depthwise))]
    public void DepthwiseMatches(string name) => Check(name, c => DepthwiseConv2d.Apply(
        c.Input("x"), c.Input("weight", 2, 3, 0, 1).Reshape(3, 3, 6), c.Input("bias"), c.Int("stride"), c.Int("padding")));

    [Theory]
    [MemberData(nameof(Products))]
    public void MatMulMatches(string name) => Check(name, c => MatMul.Apply(c.Input("a"), c.Input("b")));

    [Theory]
    [MemberData(nameof(Blocks))]
    public void AChainOfOperationsMatches(string name) => Check(name, c =>
    {
        var h = Conv2d.Apply(c.Input("x"), c.Input("weight1", 2, 3, 1, 0), null, 1, 1);
        return Add.Apply(Conv2d.Apply(Gelu.Apply(h), c.Input("weight2", 2, 3, 1, 0), null), h);
    });

    private static void Check(string name, Func<OpCase, Tensor> run)
    {
        using var scope = new TensorScope();
        var opCase = new OpCase(File.Value, name, DType.Float32);
        Tensor y;
        using (new Autocast()) y = run(opCase);
        Assert.Equal(DType.BFloat16, y.DType);
        opCase.Compare("y", y, OneStep);
        y.Backward(opCase.Constant("gy").To(DType.BFloat16));
        opCase.CompareGradients(OneStep);
    }
}
