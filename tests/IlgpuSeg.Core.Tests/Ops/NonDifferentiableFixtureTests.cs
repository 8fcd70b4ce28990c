using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

/// <summary>The ops without gradient against real PyTorch: argmax, nearest labels, and three steps of SGD.</summary>
public class NonDifferentiableFixtureTests
{
    public static TheoryData<string> ArgMaxima => OpFixtures.Cases("argmax");

    public static TheoryData<string> NearestLabels => OpFixtures.Cases("resize_nearest");

    public static TheoryData<string> SgdSteps => OpFixtures.Cases("sgd");

    [Theory]
    [MemberData(nameof(ArgMaxima))]
    public void ArgMaxAsPyTorch(string name) => OpFixtures.Check(name, c => ArgMax.Apply(c.Constant("x")));

    [Theory]
    [MemberData(nameof(NearestLabels))]
    public void NearestLabelsAsPyTorch(string name) =>
        OpFixtures.Check(name, c => ResizeNearest.Labels(c.Integers("labels"), c.Ints("out")[0], c.Ints("out")[1]));

    [Theory]
    [MemberData(nameof(SgdSteps))]
    public void SgdAsPyTorch(string name) => OpFixtures.CheckSteps(name, (c, tolerance) =>
    {
        var weight = c.Constant("w0");
        var velocity = Tensor.Zeros(weight.Shape, weight.DType, weight.Device);
        for (var step = 1; step <= 3; step++)
        {
            Sgd.Step(
                [weight], [c.Constant($"g{step}")], [velocity], [c.Number("weight_decay")], new SgdRates(c.Number("lr"), c.Number("momentum")));
            c.Compare($"w{step}", weight, tolerance);
        }
    });
}
