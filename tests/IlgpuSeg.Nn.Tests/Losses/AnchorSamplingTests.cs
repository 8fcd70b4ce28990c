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
        var anchors = new AnchorSampling(MaxSamples: 1000, MaxViews: 10).Draw(plane.Predictions, plane.Labels, 1, Ignored, new Philox(1));
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
        var anchors = new AnchorSampling(MaxSamples: 15, MaxViews: 10).Draw(plane.Predictions, plane.Labels, 1, Ignored, new Philox(1));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1], anchors.Labels);
    }

    [Fact]
    public void PairsOfImageAndClassAreKeptApart()
    {
        // Two images with the same class: each is a group of its own, and each gives its own pixels.
        var (predictions, labels) = Plane((7, 12, 0), (7, 0, 12));
        var anchors = new AnchorSampling(MaxSamples: 1024, MaxViews: 4).Draw(predictions, labels, 2, Ignored, new Philox(3));
        Assert.Equal(8, anchors.Count);
        Assert.Equal([4, 4], new[] { anchors.Indices.Count(i => i < 12), anchors.Indices.Count(i => i >= 12) });
    }

    [Fact]
    public void NothingToSampleGivesNoAnchors()
    {
        var plane = Plane((0, 3, 3), (Ignored, 50, 0));
        Assert.Equal(0, new AnchorSampling(MaxViews: 6).Draw(plane.Predictions, plane.Labels, 1, Ignored, new Philox(1)).Count);
    }

    [Fact]
    public void TheSameStateGivesTheSameAnchorsAndTheNextDrawOthers()
    {
        var plane = Plane((0, 200, 300), (1, 400, 150));
        var sampling = new AnchorSampling(MaxSamples: 40);
        var random = new Philox(9);
        var first = sampling.Draw(plane.Predictions, plane.Labels, 1, Ignored, random);
        var second = sampling.Draw(plane.Predictions, plane.Labels, 1, Ignored, random);
        Assert.Equal(first.Indices, sampling.Draw(plane.Predictions, plane.Labels, 1, Ignored, new Philox(9)).Indices);
        Assert.NotEqual(first.Indices, second.Indices);
    }

    [Fact]
    public void EveryPixelIsDrawnEquallyOften()
    {
        var plane = Plane((0, 6, 5));
        var (sampling, random, drawn) = (new AnchorSampling(MaxViews: 4), new Philox(5), new int[11]);
        for (var round = 0; round < 3000; round++)
        {
            foreach (var i in sampling.Draw(plane.Predictions, plane.Labels, 1, Ignored, random).Indices) drawn[i]++;
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
        var sampling = new AnchorSampling();
        Assert.Throws<ArgumentException>(() => sampling.Draw([1, 2], [1], 1, Ignored, new Philox(1)));
        Assert.Throws<ArgumentException>(() => sampling.Draw([1, 2, 3], [1, 2, 3], 2, Ignored, new Philox(1)));
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
