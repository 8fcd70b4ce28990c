using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class CrossEntropyTests
{
    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(1, 1, 1, 5)]
    [InlineData(3, 3, 2, 2)]
    [InlineData(2, 5, 7, 19)]
    public void GradientsAgreeWithDifferences(int images, int height, int width, int classes)
    {
        using var scope = new TensorScope();
        var labels = Labels(images, height, width, classes);
        GradCheck.Run(t => CrossEntropy.Apply(t[0], labels), [TestTensors.Parameter(classes, images, height, width, classes)],
            maxElements: 100);
    }

    [Fact]
    public void MeanOverTheCountedPixelsByHand()
    {
        using var scope = new TensorScope();
        var logits = Tensor.From<double>([0, 0, Math.Log(3), 0, 100, -100], [1, 1, 3, 2]);
        logits.RequiresGrad = true;
        var loss = CrossEntropy.Apply(logits, Tensor.From<int>([1, 0, 255], [1, 1, 3]));
        Assert.Equal((Math.Log(2) + Math.Log(4.0 / 3)) / 2, loss.Item(), 1e-15);
        loss.Backward();
        double[] expected = [0.25, -0.25, -0.125, 0.125, 0, 0];
        foreach (var (e, g) in expected.Zip(logits.Grad!.ToDoubles())) Assert.Equal(e, g, 1e-15);
    }

    [Fact]
    public void AllIgnoredIsExactlyZero()
    {
        using var scope = new TensorScope();
        var logits = TestTensors.Parameter(1, 2, 3, 3, 4);
        var loss = CrossEntropy.Apply(logits, Tensor.Full([2, 3, 3], 255, DType.Int32, Device.Cpu));
        Assert.Equal(0, loss.Item());
        loss.Backward();
        Assert.All(logits.Grad!.ToDoubles(), g => Assert.Equal(0, g));
    }

    // The mean of a large float image: one running sum in single precision would be off by 1e-3.
    [Fact]
    public void ALargeImageKeepsItsPrecision()
    {
        using var scope = new TensorScope();
        const int pixels = 300_000;
        var logits = Tensor.Zeros([1, 300, 1000, 2], DType.Float32, Device.Cpu);
        var loss = CrossEntropy.Apply(logits, Tensor.Zeros([1, 300, 1000], DType.Int32, Device.Cpu));
        Assert.Equal(pixels, logits.Count / 2);
        Assert.Equal(Math.Log(2), loss.Item(), 1e-6);
    }

    [Fact]
    public void BadOperandsAreRefused()
    {
        using var scope = new TensorScope();
        var logits = TestTensors.Random(1, 1, 2, 2, 3);
        var error = Assert.Throws<ArgumentException>(() => CrossEntropy.Apply(logits, Tensor.From<int>([0, 3, -1, 255], [1, 2, 2])));
        Assert.Equal("CrossEntropy: 2 pixels have a label outside 0..2 (and not the ignored 255).", error.Message);
        Assert.Throws<ShapeException>(() => CrossEntropy.Apply(logits, Tensor.From<int>([0, 0], [1, 2, 1])));
        Assert.Throws<ArgumentException>(() => CrossEntropy.Apply(logits, TestTensors.Random(1, 1, 2, 2)));
    }

    /// <summary>Class ids, about a third of them ignored, the first one never.</summary>
    private static Tensor Labels(int images, int height, int width, int classes)
    {
        var random = new Random(classes);
        var labels = new int[images * height * width];
        for (var i = 0; i < labels.Length; i++) labels[i] = i > 0 && random.Next(3) == 0 ? 255 : random.Next(classes);
        return Tensor.From(labels, [images, height, width]);
    }
}
