using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

// Reads the allocator's counters, which all tensors of a device share: not beside other tests.
[Collection("Allocator")]
public class DisentangledAttentionTests
{
    // samples, positions, keys, key channels, channels, scale
    [Theory]
    [InlineData(1, 1, 1, 1, 1, 1)]
    [InlineData(1, 4, 1, 3, 2, 1)]
    [InlineData(3, 9, 4, 5, 7, 1)]
    [InlineData(2, 10, 9, 2, 3, 0.35)]
    public void GradientsAgreeWithDifferences(int samples, int positions, int keys, int keyChannels, int channels, double scale)
    {
        using var scope = new TensorScope();
        GradCheck.Run(
            t => DisentangledAttention.Apply(t[0], t[1], t[2], t[3], t[4], scale), Inputs(samples, positions, keys, keyChannels, channels),
            maxElements: 25);
    }

    [Fact]
    public void EqualsTheCompositionOfItsParts()
    {
        using var scope = new TensorScope();
        var t = Inputs(2, 21, 11, 6, 5);
        var fused = DisentangledAttention.Apply(t[0], t[1], t[2], t[3], t[4], 0.7).ToDoubles();

        var scores = MatMul.Apply(Whiten.Apply(t[0]), Whiten.Apply(t[1]), transposeB: true).ToDoubles();
        var weights = Softmax.Apply(Tensor.From(Array.ConvertAll(scores, s => 0.7 * s), [2, 21, 11]));
        var pairwise = MatMul.Apply(weights, t[2]).ToDoubles();
        var unary = MatMul.Apply(Softmax.Apply(t[3].Reshape(2, 1, 11)), t[2]).ToDoubles();
        var gamma = t[4].Item();
        for (var i = 0; i < fused.Length; i++)
            Assert.Equal(gamma * pairwise[i] + unary[i / (21 * 5) * 5 + i % 5], fused[i], 1e-12);
    }

    // gamma starts at 0: the pairwise term vanishes, but gamma itself must learn.
    [Fact]
    public void GammaLearnsFromZero()
    {
        using var scope = new TensorScope();
        var t = Inputs(1, 6, 4, 3, 2);
        t[4].CopyFrom<double>([0]);
        GradCheck.Run(x => DisentangledAttention.Apply(x[0], x[1], x[2], x[3], x[4]), t, maxElements: 6);
        DisentangledAttention.Apply(t[0], t[1], t[2], t[3], t[4]).Backward(Tensor.Full([1, 6, 2], 1, DType.Float64, Device.Cpu));
        Assert.NotEqual(0, t[4].Grad!.Item());
        Assert.All(t[0].Grad!.ToDoubles(), g => Assert.Equal(0, g));
    }

    [Fact]
    public void SinglePrecisionIsCloseToDouble()
    {
        using var scope = new TensorScope();
        var wide = Inputs(2, 30, 9, 16, 24);
        var narrow = Array.ConvertAll(wide, t => Tensor.FromDoubles(t.ToDoubles(), t.Shape, DType.Float32, Device.Cpu));
        foreach (var t in narrow) t.RequiresGrad = true;
        var y = DisentangledAttention.Apply(wide[0], wide[1], wide[2], wide[3], wide[4]);
        var z = DisentangledAttention.Apply(narrow[0], narrow[1], narrow[2], narrow[3], narrow[4]);
        AssertClose(y, z, 2e-6);
        y.Backward(Tensor.Full(y.Shape, 1, DType.Float64, Device.Cpu));
        z.Backward(Tensor.Full(z.Shape, 1, DType.Float32, Device.Cpu));
        for (var i = 0; i < wide.Length; i++) AssertClose(wide[i].Grad!, narrow[i].Grad!, 2e-5);
    }

    // Height and width doubled: 4 times the positions and keys. Memory that grew with their product would grow 16 times.
    [Fact]
    public void MemoryGrowsWithThePositions()
    {
        var small = PeakBytes(8, 8);
        var large = PeakBytes(16, 16);
        Assert.True(large <= 4 * small, $"{large} bytes at twice the height and width, {small} before.");
    }

    [Fact]
    public void ShapesThatDoNotFitAreRefused()
    {
        using var scope = new TensorScope();
        var t = Inputs(2, 5, 3, 4, 6);
        var error = Assert.Throws<ShapeException>(
            () => DisentangledAttention.Apply(t[0], TestTensors.Random(1, 2, 3, 5), t[2], t[3], t[4]));
        Assert.Contains("q [2, 5, 4], k [2, 3, 5]", error.Message);
        Assert.Throws<ShapeException>(() => DisentangledAttention.Apply(t[0], t[1], t[2], TestTensors.Random(1, 2, 4, 1), t[4]));
    }

    private static long PeakBytes(int height, int width)
    {
        const int keyChannels = 16, channels = 32;
        using var scope = new TensorScope();
        var t = Inputs(1, height * width, height * width / 4, keyChannels, channels);
        var allocator = Device.Cpu.Allocator;
        allocator.ResetPeak();
        var before = allocator.LiveBytes;
        var y = DisentangledAttention.Apply(t[0], t[1], t[2], t[3], t[4]);
        y.Backward(Tensor.Full(y.Shape, 1, DType.Float64, Device.Cpu));
        return allocator.PeakBytes - before;
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        var (a, b) = (expected.ToDoubles(), actual.ToDoubles());
        var allowed = tolerance * a.Max(Math.Abs);
        for (var i = 0; i < a.Length; i++) Assert.Equal(a[i], b[i], allowed);
    }

    private static Tensor[] Inputs(int samples, int positions, int keys, int keyChannels, int channels) =>
    [
        TestTensors.Parameter(1, samples, positions, keyChannels), TestTensors.Parameter(2, samples, keys, keyChannels),
        TestTensors.Parameter(3, samples, keys, channels), TestTensors.Parameter(4, samples, keys, 1), TestTensors.Parameter(5, 1),
    ];
}
