using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

public class CrossEntropyOptionsTests
{
    private const int Classes = 4;
    private static readonly double[] Weights = [0.5, 2, 0, 1.25];

    public static TheoryData<CrossEntropyOptions> Options => new()
    {
        new CrossEntropyOptions { ClassWeights = Weights },
        new CrossEntropyOptions { LabelSmoothing = 0.1 },
        new CrossEntropyOptions { ClassWeights = Weights, LabelSmoothing = 0.3 },
        new CrossEntropyOptions { HardThreshold = 0.3, HardMinimum = 0 },
        new CrossEntropyOptions { HardThreshold = 1e-9, HardMinimum = 7, ClassWeights = Weights, LabelSmoothing = 0.2 },
    };

    [Theory]
    [MemberData(nameof(Options))]
    public void GradientsAgreeWithDifferences(CrossEntropyOptions options)
    {
        using var scope = new TensorScope();
        GradCheck.Run(t => CrossEntropy.Apply(t[0], Labels(), options), [TestTensors.Parameter(3, 2, 3, 3, Classes)]);
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void IsWhatPyTorchDefines(CrossEntropyOptions options)
    {
        using var scope = new TensorScope();
        var logits = TestTensors.Random(3, 2, 3, 3, Classes);
        var expected = Reference(logits.ToDoubles().Chunk(Classes).ToArray(), Labels().ToArray<int>(), options);
        Assert.Equal(expected, CrossEntropy.Apply(logits, Labels(), options).Item(), 1e-13);
        var narrow = Tensor.FromDoubles(logits.ToDoubles(), logits.Shape, DType.Float32, Device.Cpu);
        Assert.Equal(expected, CrossEntropy.Apply(narrow, Labels(), options).Item(), 1e-6);
    }

    [Fact]
    public void HardPixelsBelowTheThresholdCount()
    {
        using var scope = new TensorScope();
        // Probabilities of the own class: 1/2, 3/4, 1/4; the last pixel is ignored.
        var logits = Tensor.From<double>([0, 0, Math.Log(3), 0, 0, Math.Log(3), 5, 0], [4, 2]);
        var labels = Tensor.From<int>([0, 0, 0, 255], [4]);
        double[] losses = [Math.Log(2), Math.Log(4.0 / 3), Math.Log(4)];
        Assert.Equal((losses[0] + losses[2]) / 2, Hard(0.7, 0), 1e-14);
        Assert.Equal((losses[0] + losses[2]) / 2, Hard(0.01, 2), 1e-14);
        Assert.Equal(losses[2], Hard(0.01, 1), 1e-14);
        Assert.Equal(losses.Average(), Hard(0.01, 100), 1e-14);
        Assert.Equal(0, Hard(0.01, 0));

        double Hard(double threshold, int minimum) => CrossEntropy.Apply(
            logits, labels, new CrossEntropyOptions { HardThreshold = threshold, HardMinimum = minimum }).Item();
    }

    [Fact]
    public void ClassesWithoutWeightGiveExactlyZero()
    {
        using var scope = new TensorScope();
        var logits = TestTensors.Parameter(1, 2, 3);
        var loss = CrossEntropy.Apply(
            logits, Tensor.From<int>([1, 1], [2]), new CrossEntropyOptions { ClassWeights = [1, 0, 1], LabelSmoothing = 0.5 });
        Assert.Equal(0, loss.Item());
        loss.Backward();
        Assert.All(logits.Grad!.ToDoubles(), g => Assert.Equal(0, g));
    }

    [Theory]
    [InlineData(3, 0, null, 0)]
    [InlineData(4, 1, null, 0)]
    [InlineData(4, -0.1, null, 0)]
    [InlineData(4, 0, 0.0, 0)]
    [InlineData(4, 0, 1.5, 0)]
    [InlineData(4, 0, 0.5, -1)]
    public void BadOptionsAreRefused(int weights, double smoothing, double? threshold, int minimum)
    {
        using var scope = new TensorScope();
        var options = new CrossEntropyOptions
        {
            ClassWeights = new double[weights], LabelSmoothing = smoothing, HardThreshold = threshold, HardMinimum = minimum,
        };
        Assert.Throws<ArgumentException>(() => CrossEntropy.Apply(TestTensors.Random(3, 2, 3, 3, Classes), Labels(), options));
    }

    private static double Reference(double[][] logits, int[] labels, CrossEntropyOptions options)
    {
        var weights = options.ClassWeights ?? [1, 1, 1, 1];
        var pixels = logits.Zip(labels).Where(p => p.Second != 255).Select(p => (Label: p.Second, LogP: LogSoftmax(p.First))).ToArray();
        if (options.HardThreshold is { } threshold)
        {
            var hard = pixels.OrderBy(p => p.LogP[p.Label]).ToArray();
            pixels = hard[..Math.Max(hard.Count(p => Math.Exp(p.LogP[p.Label]) < threshold), options.HardMinimum)];
        }
        var own = pixels.Sum(p => -weights[p.Label] * p.LogP[p.Label]);
        var all = pixels.Sum(p => -p.LogP.Select((l, c) => weights[c] * l).Sum());
        var e = options.LabelSmoothing;
        return ((1 - e) * own + e / Classes * all) / pixels.Sum(p => weights[p.Label]);
    }

    private static double[] LogSoftmax(double[] row) => Array.ConvertAll(row, v => v - Math.Log(row.Sum(Math.Exp)));

    private static Tensor Labels() => Tensor.From<int>([0, 1, 2, 3, 255, 1, 1, 0, 3, 255, 2, 2, 0, 1, 3, 3, 0, 255], [2, 3, 3]);
}
