using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

/// <summary>The cross-entropy of up-sampled logits against both operations, one after the other.</summary>
public class UpsampledCrossEntropyTests
{
    [Theory]
    [InlineData(true, 0.0, false, null)]
    [InlineData(false, 0.1, true, null)]
    [InlineData(true, 0.0, false, 0.4)]
    [InlineData(true, 0.1, true, 0.3)]
    public void IsTheCrossEntropyOfTheUpsampledLogits(bool alignCorners, double smoothing, bool weighted, double? threshold)
    {
        using var scope = new TensorScope();
        var labels = Labels(2, 17, 14, 5);
        var options = new CrossEntropyOptions
        {
            LabelSmoothing = smoothing, ClassWeights = weighted ? [0.5, 2, 1, 0, 3] : null, HardThreshold = threshold, HardMinimum = 30,
        };
        var (fused, separate) = (TestTensors.Parameter(3, 2, 5, 4, 5), TestTensors.Parameter(3, 2, 5, 4, 5));
        var actual = UpsampledCrossEntropy.Apply(fused, labels, alignCorners, options);
        var expected = CrossEntropy.Apply(ResizeBilinear.Apply(separate, 17, 14, alignCorners), labels, options);
        Assert.Equal(expected.Item(), actual.Item(), 1e-13);
        actual.Backward();
        expected.Backward();
        foreach (var (e, a) in separate.Grad!.ToDoubles().Zip(fused.Grad!.ToDoubles())) Assert.Equal(e, a, 1e-14);
    }

    [Fact]
    public void NoCountedPixelIsNoLoss()
    {
        using var scope = new TensorScope();
        var logits = TestTensors.Parameter(1, 1, 2, 2, 3);
        var loss = UpsampledCrossEntropy.Apply(logits, Tensor.Full([1, 4, 4], 255, DType.Int32, Device.Cpu), alignCorners: true);
        loss.Backward();
        Assert.Equal(0, loss.Item());
        Assert.All(logits.Grad!.ToDoubles(), g => Assert.Equal(0, g));
    }

    [Fact]
    public void WhatDoesNotFitIsRefusedWithTheRule()
    {
        using var scope = new TensorScope();
        var logits = TestTensors.Random(1, 2, 2, 2, 3);
        var error = Assert.Throws<ShapeException>(() => UpsampledCrossEntropy.Apply(logits, Labels(1, 4, 4, 3), alignCorners: true));
        Assert.Equal(
            "UpsampledCrossEntropy: logits [N, h, w, K] and labels [N, H, W] must have one batch and not be empty; got logits [2, 2, 2, 3], labels [1, 4, 4].",
            error.Message);
        Assert.Contains(
            "pixels have a label outside 0..2",
            Assert.Throws<ArgumentException>(() => UpsampledCrossEntropy.Apply(logits, Labels(2, 4, 4, 9), alignCorners: true)).Message);
    }

    internal static Tensor Labels(int n, int h, int w, int classes)
    {
        var random = new Random(h * w);
        return Tensor.From<int>([.. Enumerable.Range(0, n * h * w).Select(_ => random.Next(6) == 0 ? 255 : random.Next(classes))], [n, h, w]);
    }
}

/// <summary>What the up-sampled cross-entropy allocates; alone, because the counters are the device's.</summary>
[Collection("Allocator")]
public class UpsampledCrossEntropyMemoryTests
{
    [Fact]
    public void StoresNothingOfTheSizeOfTheUpsampledLogits()
    {
        using var scope = new TensorScope();
        var logits = Tensor.Zeros([1, 16, 16, 64], DType.Float32, Device.Cpu);
        logits.RequiresGrad = true;
        var labels = UpsampledCrossEntropyTests.Labels(1, 128, 128, 64);
        var upsampled = 128L * 128 * 64 * sizeof(float);
        Device.Cpu.Allocator.ResetPeak();
        var before = Device.Cpu.Allocator.PeakBytes;
        UpsampledCrossEntropy.Apply(logits, labels, alignCorners: true).Backward();
        // Of one class, four numbers per pixel, and the gradient gathered along columns, an eighth of the up-sampled one.
        Assert.InRange(Device.Cpu.Allocator.PeakBytes - before, 1, upsampled / 3);
    }
}
