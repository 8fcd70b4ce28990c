using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

/// <summary>The ops of attention and losses against real PyTorch, in both precisions and both directions.</summary>
public class LossFixtureTests
{
    public static TheoryData<string> Softmaxes => OpFixtures.Cases("softmax");

    public static TheoryData<string> Whitenings => OpFixtures.Cases("whiten");

    public static TheoryData<string> Attentions => OpFixtures.Cases("dnl_attention");

    public static TheoryData<string> CrossEntropies => OpFixtures.Cases("cross_entropy");

    public static TheoryData<string> Normalisations => OpFixtures.Cases("l2_normalize");

    public static TheoryData<string> Contrasts => OpFixtures.Cases("pixel_contrast");

    public static TheoryData<string> Gathers => OpFixtures.Cases("gather_rows");

    public static TheoryData<string> Sums => OpFixtures.Cases("sum");

    public static TheoryData<string> Means => OpFixtures.Cases("mean");

    [Theory]
    [MemberData(nameof(Softmaxes))]
    public void SoftmaxAsPyTorch(string name) => OpFixtures.Check(name, c => Softmax.Apply(c.Input("x")));

    [Theory]
    [MemberData(nameof(Whitenings))]
    public void WhitenAsPyTorch(string name) => OpFixtures.Check(name, c => Whiten.Apply(c.Input("x")));

    [Theory]
    [MemberData(nameof(Attentions))]
    public void DisentangledAttentionAsPyTorch(string name) => OpFixtures.Check(name, c => DisentangledAttention.Apply(
        c.Input("q"), c.Input("k"), c.Input("g"), c.Input("m"), c.Input("gamma"), c.Number("scale")));

    [Theory]
    [MemberData(nameof(CrossEntropies))]
    public void CrossEntropyAsPyTorch(string name) => OpFixtures.Check(name, c => CrossEntropy.Apply(c.Input("x"), c.Integers("labels")));

    [Theory]
    [MemberData(nameof(Normalisations))]
    public void L2NormalizeAsPyTorch(string name) => OpFixtures.Check(name, c => L2Normalize.Apply(c.Input("x"), c.Number("eps")));

    [Theory]
    [MemberData(nameof(Contrasts))]
    public void PixelContrastAsPyTorch(string name) =>
        OpFixtures.Check(name, c => PixelContrast.Apply(c.Input("x"), c.Integers("labels"), c.Number("tau")));

    [Theory]
    [MemberData(nameof(Gathers))]
    public void GatherRowsAsPyTorch(string name) => OpFixtures.Check(name, c => GatherRows.Apply(c.Input("x"), c.Integers("index")));

    [Theory]
    [MemberData(nameof(Sums))]
    public void SumAsPyTorch(string name) => OpFixtures.Check(name, c => Sum.Apply(c.Input("x")));

    [Theory]
    [MemberData(nameof(Means))]
    public void MeanAsPyTorch(string name) => OpFixtures.Check(name, c => Mean.Apply(c.Input("x")));
}
