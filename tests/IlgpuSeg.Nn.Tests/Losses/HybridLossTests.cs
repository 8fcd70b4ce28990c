using IlgpuSeg.Nn.Losses;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Nn.Tests.Losses;

public class HybridLossTests
{
    private const int Classes = 3;

    [Fact]
    public void TotalIsTheWeightedSumOfItsParts()
    {
        using var scope = new TensorScope();
        var inputs = Inputs();
        var labels = Labels();
        var loss = new HybridLoss { ContrastWeight = 0.5, Tau = 0.2 };
        var anchors = Anchors.At([0, 1, 2, 3, 5], HybridLoss.CoarseLabels(Output(inputs), labels));
        var result = loss.Apply(Output(inputs), labels, Embed(inputs[2]), anchors);

        Assert.Equal(CrossEntropy.Apply(Output(inputs).UpsampledLogits(), labels).Item(), result.CrossEntropy.Item(), 1e-14);
        var embedded = Embed(inputs[2])(inputs[1].Reshape(1, 1, 8, 4)).Reshape(8, 5);
        var picked = GatherRows.Apply(embedded, Tensor.From(anchors.Indices, [5]));
        Assert.Equal(PixelContrast.Apply(picked, Tensor.From(anchors.Labels, [5]), 0.2).Item(), result.Contrast!.Item(), 1e-14);
        Assert.True(result.Contrast.Item() > 0.1);
        Assert.Equal(result.CrossEntropy.Item() + 0.5 * result.Contrast.Item(), result.Total.Item(), 1e-14);
    }

    [Fact]
    public void GradientsAgreeWithDifferences()
    {
        using var scope = new TensorScope();
        var labels = Labels();
        var anchors = new Anchors([0, 1, 2, 3, 5, 6], [0, 1, 0, 2, 1, 2]);
        GradCheck.Run(t => new HybridLoss().Apply(Output(t), labels, Embed(t[2]), anchors).Total, Inputs(), maxElements: 40);
    }

    [Fact]
    public void DrawnAnchorsAreTheGivenOnesOfThatDraw()
    {
        using var scope = new TensorScope();
        var (inputs, labels) = (Inputs(), Labels());
        var loss = new HybridLoss { Sampling = new AnchorSampling(MaxSamples: 100, MaxViews: 1) };
        var drawn = loss.Apply(Output(inputs), labels, Embed(inputs[2]), new Philox(4));
        var anchors = drawn.Anchors!.ToHost();
        Assert.NotEmpty(anchors.Indices);
        var coarse = HybridLoss.CoarseLabels(Output(inputs), labels);
        Assert.Equal(anchors.Indices.Select(i => coarse[i]), anchors.Labels);
        Assert.Equal(loss.Apply(Output(inputs), labels, Embed(inputs[2]), anchors).Total.Item(), drawn.Total.Item(), 1e-14);
    }

    [Fact]
    public void WithoutAnchorsTheContrastAndItsGradientsAreZero()
    {
        using var scope = new TensorScope();
        var (inputs, labels) = (Inputs(), Labels());
        var result = new HybridLoss().Apply(Output(inputs), labels, Embed(inputs[2]), new Philox(4));
        Assert.Empty(result.Anchors!.ToHost().Indices);
        Assert.Equal(0, result.Contrast!.Item());
        Assert.Equal(result.CrossEntropy.Item(), result.Total.Item());
        result.Total.Backward();
        Assert.NotNull(inputs[0].Grad);
        Assert.All(inputs[2].Grad!.ToDoubles(), g => Assert.Equal(0, g));
    }

    [Fact]
    public void WeightZeroIsCrossEntropyAlone()
    {
        using var scope = new TensorScope();
        var inputs = Inputs();
        var loss = new HybridLoss { ContrastWeight = 0 };
        var result = loss.Apply(Output(inputs), Labels(), _ => throw new InvalidOperationException(), new Philox(1));
        Assert.Null(result.Contrast);
        Assert.Same(result.CrossEntropy, result.Total);
    }

    /// <summary>Logits and features at 4 x 2 of an input of 8 x 4, and the weight of an embedding head.</summary>
    private static Tensor[] Inputs() => [Parameter(2, 1, 4, 2, Classes), Parameter(3, 1, 4, 2, 4), Parameter(4, 1, 1, 4, 5)];

    private static SegmentationOutput Output(Tensor[] inputs) => new(inputs[0], inputs[1], 8, 4);

    private static Func<Tensor, Tensor> Embed(Tensor weight) => rows => L2Normalize.Apply(Conv2d.Apply(rows, weight, null));

    private static Tensor Labels() =>
        Tensor.From([.. Enumerable.Range(0, 32).Select(i => i % 11 == 10 ? 255 : i / 4 % Classes)], [1, 8, 4]);

    private static Tensor Parameter(int seed, params int[] shape)
    {
        var random = new Random(seed);
        var data = new double[new Shape(shape).Length];
        for (var i = 0; i < data.Length; i++) data[i] = random.NextDouble() * 2 - 1;
        var tensor = Tensor.From(data, shape);
        tensor.RequiresGrad = true;
        return tensor;
    }
}
