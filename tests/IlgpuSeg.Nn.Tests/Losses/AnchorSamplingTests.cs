using IlgpuSeg.Nn.Losses;

namespace IlgpuSeg.Nn.Tests.Losses;

public class AnchorSamplingTests
{
    private const int Ignored = 255;

    // Each class in turn: how many of its pixels are predicted wrongly and rightly, and how many hard views that makes of 10.
    [Theory]
    [InlineData(50, 50, 5)]
    [InlineData(3, 50, 3)]
    [InlineData(50, 2, 8)]
    [InlineData(0, 50, 0)]
    [InlineData(50, 0, 10)]
    [InlineData(5, 6, 5)]
    public void HalfAreHardToppedUpFromTheOtherHalf(int hard, int easy, int expected)
    {
        var plane = Plane((4, hard, easy));
        var anchors = Draw(new AnchorSampling(MaxSamples: 1000, MaxViews: 10), plane, 1, new Philox(1));
        Assert.Equal(10, anchors.Count);
        Assert.All(anchors.Labels, label => Assert.Equal(4, label));
        Assert.All(anchors.Indices, i => Assert.Equal(4, plane.Labels[i]));
        Assert.Equal(10, anchors.Indices.Distinct().Count());
        Assert.Equal(expected, anchors.Indices.Count(i => plane.Predictions[i] != 4));
    }

    [Fact]
    public void OnlyClassesWithMoreThanMaxViewsPixelsCountAndTheyShareTheSamples()
    {
        // Class 2 has exactly 10 pixels: not more than 10.
        var plane = Plane((0, 6, 6), (1, 20, 1), (2, 5, 5), (Ignored, 30, 30));
        var anchors = Draw(new AnchorSampling(MaxSamples: 15, MaxViews: 10), plane, 1, new Philox(1));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1], anchors.Labels);
    }

    [Fact]
    public void PairsOfImageAndClassAreKeptApart()
    {
        // Two images with the same class: each is a group of its own, and each gives its own pixels.
        var (predictions, labels) = Plane((7, 12, 0), (7, 0, 12));
        var anchors = Draw(new AnchorSampling(MaxSamples: 1024, MaxViews: 4), (predictions, labels), 2, new Philox(3));
        Assert.Equal(8, anchors.Count);
        Assert.Equal([4, 4], new[] { anchors.Indices.Count(i => i < 12), anchors.Indices.Count(i => i >= 12) });
    }

    [Fact]
    public void NothingToSampleGivesNoAnchors()
    {
        var plane = Plane((0, 3, 3), (Ignored, 50, 0));
        Assert.Equal(0, Draw(new AnchorSampling(MaxViews: 6), plane, 1, new Philox(1)).Count);
    }

    [Fact]
    public void TheSameStateGivesTheSameAnchorsAndTheNextDrawOthers()
    {
        var plane = Plane((0, 200, 300), (1, 400, 150));
        var sampling = new AnchorSampling(MaxSamples: 40);
        var random = new Philox(9);
        var first = Draw(sampling, plane, 1, random);
        var second = Draw(sampling, plane, 1, random);
        Assert.Equal(first.Indices, Draw(sampling, plane, 1, new Philox(9)).Indices);
        Assert.NotEqual(first.Indices, second.Indices);
    }

    [Fact]
    public void EveryPixelIsDrawnEquallyOften()
    {
        var plane = Plane((0, 6, 5));
        var (sampling, random, drawn) = (new AnchorSampling(MaxViews: 4), new Philox(5), new int[11]);
        for (var round = 0; round < 3000; round++)
        {
            foreach (var i in Draw(sampling, plane, 1, random).Indices) drawn[i]++;
        }
        // 2 of 6 hard ones and 2 of 5 easy ones; 5 standard deviations of 3000 draws are about 130.
        for (var i = 0; i < 11; i++) Assert.InRange(drawn[i], (i < 6 ? 1000 : 1200) - 140, (i < 6 ? 1000 : 1200) + 140);
    }

    [Fact]
    public void GivenAnchorsTakeTheirLabelsFromThePlane()
    {
        Assert.Equal([9, 7, 9], Anchors.At([2, 0, 2], [7, 8, 9]).Labels);
        Assert.Throws<ArgumentOutOfRangeException>(() => Anchors.At([3], [7, 8, 9]));
    }

    [Fact]
    public void PlanesThatDoNotFitAreRefused()
    {
        using var scope = new TensorScope();
        var (small, large) = (Tensor.From<int>([1, 2], [1, 1, 2]), Tensor.From<int>([1, 2, 3], [1, 1, 3]));
        Assert.Throws<ShapeException>(() => new AnchorSampling().Draw(small, large, 4, Ignored, new Philox(1)));
        Assert.Throws<ShapeException>(() => new AnchorSampling().Draw(small.Reshape(2), small.Reshape(2), 4, Ignored, new Philox(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AnchorSampling(MaxViews: 0).Draw(small, small, 4, Ignored, new Philox(1)));
    }

    // Batches, classes that are rare, absent or everywhere, few samples for many pairs, ties of nothing but the index.
    [Theory]
    [InlineData(1, 30, 5, 100, 4)]
    [InlineData(3, 400, 19, 256, 10)]
    [InlineData(2, 900, 4, 1024, 100)]
    [InlineData(4, 100, 7, 6, 3)]
    [InlineData(1, 5, 2, 8, 50)]
    public void TheDeviceDrawsWhatAPlainReadingOfTheRulesDraws(int images, int pixels, int classes, int maxSamples, int maxViews)
    {
        for (ulong seed = 1; seed <= 4; seed++)
        {
            var random = new Philox(seed, 77);
            int[] labels = [.. Enumerable.Range(0, images * pixels).Select(_ => random.Next(8) == 0 ? Ignored : random.Next(1 + random.Next(classes)))];
            int[] predictions = [.. labels.Select(l => random.Next(3) == 0 ? random.Next(classes) : l)];
            var sampling = new AnchorSampling(maxSamples, maxViews);
            var expected = AnchorReference.Draw(predictions, labels, images, Ignored, sampling, new Philox(seed) { Position = 5 });
            var drawn = Draw(sampling, (predictions, labels), images, new Philox(seed) { Position = 5 });
            Assert.Equal(expected.Indices, drawn.Indices);
            Assert.Equal(expected.Labels, drawn.Labels);
        }
    }

    private static Anchors Draw(AnchorSampling sampling, (int[] Predictions, int[] Labels) plane, int images, Philox random)
    {
        using var scope = new TensorScope();
        Shape shape = [images, 1, plane.Labels.Length / images];
        return sampling.Draw(Tensor.From(plane.Predictions, shape), Tensor.From(plane.Labels, shape), 20, Ignored, random).ToHost();
    }

    /// <summary>For each class its wrongly predicted pixels, then its rightly predicted ones.</summary>
    private static (int[] Predictions, int[] Labels) Plane(params (int Class, int Hard, int Easy)[] groups)
    {
        var (predictions, labels) = (new List<int>(), new List<int>());
        foreach (var (label, hard, easy) in groups)
        {
            labels.AddRange(Enumerable.Repeat(label, hard + easy));
            predictions.AddRange(Enumerable.Repeat(label + 1, hard).Concat(Enumerable.Repeat(label, easy)));
        }
        return ([.. predictions], [.. labels]);
    }
}
