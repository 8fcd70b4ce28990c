using IlgpuSeg.Ops;
using IlgpuSeg.Tests.Ops;

namespace IlgpuSeg.Tests;

public class AutocastTests
{
    /// <summary>Every operation that follows its operands' type, on an image [2, 6, 5, 4] and a second operand.</summary>
    private static readonly Dictionary<string, (Shape Second, bool SecondNarrow, Func<Tensor, Tensor, Tensor> Run)> Followers = new()
    {
        ["Add"] = ([2, 6, 5, 4], true, Add.Apply),
        ["Multiply"] = ([2, 6, 5, 4], true, Multiply.Apply),
        ["MultiplyFloat"] = ([2, 6, 5, 4], false, Multiply.Apply),
        ["Scale"] = ([1], false, (x, _) => Scale.Apply(x, 0.3)),
        ["Relu"] = ([1], false, (x, _) => Relu.Apply(x)),
        ["Gelu"] = ([1], false, (x, _) => Gelu.Apply(x)),
        ["ChannelScale"] = ([4], false, ChannelScale.Apply),
        ["ScalarScale"] = ([1], false, ScalarScale.Apply),
        ["SampleScale"] = ([2], false, (x, s) => SampleScale.Apply(x, s.Detach())),
        ["ChannelMask"] = ([2, 4], false, (x, s) => ChannelMask.Apply(x, s.Detach())),
        ["ScaledResidual"] = ([4], false, (x, s) => ScaledResidual.Apply(x, Relu.Apply(x), s)),
        ["AdaptiveAvgPool2d"] = ([1], false, (x, _) => AdaptiveAvgPool2d.Apply(x, 3, 2)),
        ["AvgPool2d"] = ([1], false, (x, _) => AvgPool2d.Apply(x, 3, 2, 1)),
        ["MaxPool2d"] = ([1], false, (x, _) => MaxPool2d.Apply(x, 2, 2)),
        ["ResizeBilinear"] = ([1], false, (x, _) => ResizeBilinear.Apply(x, 9, 7, alignCorners: true)),
        ["FlowWarp"] = ([2, 3, 4, 2], true, FlowWarp.Apply),
        ["Concat"] = ([2, 6, 5, 3], true, (x, y) => Concat.Apply(x, y)),
        ["LayerNorm"] = ([4], false, (x, s) => LayerNorm.Apply(x, s, s)),
        ["BatchNorm"] = ([4], false, (x, s) => BatchNorm.Apply(x, s, s, Constant(0, 4), Constant(1, 4), training: true)),
        ["BatchNormRelu"] = ([4], false, (x, s) => BatchNorm.ApplyRelu(x, s, s, Constant(0, 4), Constant(1, 4), training: true)),
        ["GatherRows"] = ([1], false, (x, _) => GatherRows.Apply(x.Reshape(60, 4), Tensor.From<int>([3, 9, 3], [3]))),
        ["Whiten"] = ([1], false, (x, _) => Whiten.Apply(x.Reshape(2, 30, 4))),
    };

    /// <summary>Operations whose results stay Float32.</summary>
    private static readonly Dictionary<string, Func<Tensor, Tensor>> Wide = new()
    {
        ["Softmax"] = Softmax.Apply,
        ["L2Normalize"] = x => L2Normalize.Apply(x),
        ["Sum"] = Sum.Apply,
        ["Mean"] = Mean.Apply,
        ["CrossEntropy"] = x => CrossEntropy.Apply(x, Labels(2, 6, 5)),
        ["CrossEntropyWeighted"] = x => CrossEntropy.Apply(x, Labels(2, 6, 5), new CrossEntropyOptions { ClassWeights = [1, 2, 3, 1], LabelSmoothing = 0.1 }),
        ["PixelContrast"] = x => PixelContrast.Apply(x.Reshape(60, 4), Labels(60), tau: 1),
    };

    public static TheoryData<string> FollowerNames => [.. Followers.Keys];

    public static TheoryData<string> WideNames => [.. Wide.Keys];

    [Theory]
    [MemberData(nameof(FollowerNames))]
    public void OperationsOnBFloat16AreThoseInFloatWithRoundedResults(string name)
    {
        using var scope = new TensorScope();
        var (second, narrow, run) = Followers[name];
        var (x, y) = (Random(1, DType.BFloat16, 2, 6, 5, 4), Random(2, narrow ? DType.BFloat16 : DType.Float32, second.ToArray()));
        AssertLikeFloat(run, x, y, DType.BFloat16);
    }

    [Theory]
    [MemberData(nameof(WideNames))]
    public void SumsAndLossesStayInFloat(string name)
    {
        using var scope = new TensorScope();
        AssertLikeFloat((x, _) => Wide[name](x), Random(1, DType.BFloat16, 2, 6, 5, 4), Random(2, DType.Float32, 1), DType.Float32);
    }

    public static TheoryData<string> Products => ["conv", "conv1x1", "depthwise", "matmul", "attention"];

    [Theory]
    [MemberData(nameof(Products))]
    public void ProductsRoundTheirOperandsAndAccumulateInFloat(string name)
    {
        using var scope = new TensorScope();
        var (x, w, run) = Product(name);
        var (rx, rw) = (Rounded(x), Rounded(w));
        Tensor y;
        using (new Autocast()) y = run(x, w);
        var expected = run(rx, rw);
        Assert.Equal(DType.BFloat16, y.DType);
        Assert.Equal(expected.To(DType.BFloat16).ToDoubles(), y.ToDoubles());

        var g = Random(9, DType.BFloat16, y.Shape.ToArray());
        y.Backward(g);
        expected.Backward(g.To(DType.Float32));
        // Parameters, and other tensors that are Float32, get what float arithmetic on rounded operands gives, not rounded again.
        Assert.Equal((DType.Float32, DType.Float32), (x.Grad!.DType, w.Grad!.DType));
        Assert.Equal(rx.Grad!.ToDoubles(), x.Grad.ToDoubles());
        Assert.Equal(rw.Grad!.ToDoubles(), w.Grad.ToDoubles());
    }

    [Fact]
    public void TheContrastOfFloatEmbeddingsIsTheSameInMixedPrecision()
    {
        using var scope = new TensorScope();
        var x = L2Normalize.Apply(Random(1, DType.Float32, 60, 4)).Detach();
        var expected = PixelContrast.Apply(x, Labels(60)).Item();
        using var mixed = new Autocast();
        Assert.Equal(expected, PixelContrast.Apply(x, Labels(60)).Item());
    }

    [Fact]
    public void ScopesNestAndDoublesAreLeftAlone()
    {
        using var scope = new TensorScope();
        var (a, d) = (Random(1, DType.Float32, 3, 3), Random(1, DType.Float64, 3, 3));
        using (new Autocast())
        {
            Assert.True(Autocast.Enabled);
            Assert.Equal(DType.BFloat16, MatMul.Apply(a, a).DType);
            Assert.Equal(DType.Float64, MatMul.Apply(d, d).DType);
            Assert.Equal(DType.Float32, Gelu.Apply(a).DType);
            using (new Autocast(enabled: false)) Assert.Equal(DType.Float32, MatMul.Apply(a, a).DType);
            Assert.Contains("Float64", Assert.Throws<ArgumentException>(() => MatMul.Apply(a.To(DType.BFloat16), d)).Message);
        }
        Assert.False(Autocast.Enabled);
    }

    [Fact]
    public void AnOperandThatChangedSinceIsNoticed()
    {
        using var scope = new TensorScope();
        var (x, w) = (Random(1, DType.BFloat16, 4, 4), Random(2, DType.Float32, 4, 4));
        var y = MatMul.Apply(x, w);
        w.SetToZero();
        Assert.Contains("changed in place", Assert.Throws<InvalidOperationException>(() => y.Backward(Random(3, DType.BFloat16, 4, 4))).Message);
    }

    [Fact]
    public void ACheckpointedBlockIsComputedAgainInTheSamePrecision()
    {
        var gradients = new List<double[]>();
        foreach (var checkpoint in new[] { false, true })
        {
            using var scope = new TensorScope();
            var (x, w) = (Random(1, DType.Float32, 1, 4, 4, 3), Random(2, DType.Float32, 3, 3, 3, 5));
            Tensor y;
            using (new Autocast())
            {
                Func<Tensor, Tensor> block = t => Gelu.Apply(Conv2d.Apply(t, w, null, padding: 1));
                y = Sum.Apply(checkpoint ? ActivationCheckpoint.Run(block, x) : block(x));
            }
            y.Backward();
            gradients.Add([.. x.Grad!.ToDoubles(), .. w.Grad!.ToDoubles()]);
        }
        Assert.Equal(gradients[0], gradients[1]);
    }

    [Fact]
    public void AKeptGraphGivesTheSameGradientsTwice()
    {
        using var scope = new TensorScope();
        var (x, w) = (Random(1, DType.Float32, 1, 4, 4, 3), Random(2, DType.Float32, 3, 3, 3, 5));
        Tensor y;
        using (new Autocast()) y = Sum.Apply(Relu.Apply(Conv2d.Apply(x, w, null)));
        y.Backward(Tensor.Full([1], 1, DType.Float32, Device.Cpu), retainGraph: true);
        var first = w.Grad!.ToDoubles();
        w.ZeroGrad();
        y.Backward();
        Assert.Equal(first, w.Grad!.ToDoubles());
    }

    [Fact]
    public void ArgMaxTakesBFloat16()
    {
        using var scope = new TensorScope();
        Assert.Equal([1, 0], ArgMax.Apply(Tensor.FromDoubles([1, 2, 5, -1], [2, 2], DType.BFloat16, Device.Cpu)).ToArray<int>());
    }

    private static (Tensor X, Tensor W, Func<Tensor, Tensor, Tensor> Run) Product(string name)
    {
        var x = Random(1, DType.Float32, 1, 6, 5, 4);
        return name switch
        {
            "conv" => (x, Random(2, DType.Float32, 3, 3, 4, 7), (x, w) => Conv2d.Apply(x, w, null, 2, 1)),
            "conv1x1" => (x, Random(2, DType.Float32, 1, 1, 4, 9), (x, w) => Conv2d.Apply(x, w, Random(3, DType.Float32, 9))),
            "depthwise" => (x, Random(2, DType.Float32, 5, 5, 4), (x, w) => DepthwiseConv2d.Apply(x, w, Random(3, DType.Float32, 4), padding: 2)),
            "matmul" => (Random(1, DType.Float32, 5, 7), Random(2, DType.Float32, 6, 7), (a, b) => MatMul.Apply(a, b, transposeB: true)),
            _ => (Random(1, DType.Float32, 1, 12, 4), Random(2, DType.Float32, 1, 8, 4), (q, k) => DisentangledAttention.Apply(
                q, k, Rounded(Random(3, DType.Float32, 1, 8, 6)), Rounded(Random(4, DType.Float32, 1, 8, 1)), Random(5, DType.Float32, 1))),
        };
    }

    /// <summary>Compares a run on given operands with one on widened copies: results and gradients, rounded where the type is BFloat16.</summary>
    private static void AssertLikeFloat(Func<Tensor, Tensor, Tensor> run, Tensor x, Tensor y, DType expectedType)
    {
        var (fx, fy) = (Rounded(x), y.DType == DType.BFloat16 ? Rounded(y) : Leaf(y.Clone()));
        var result = run(x, y);
        var expected = run(fx, fy);
        Assert.Equal(expectedType, result.DType);
        Assert.Equal(expected.To(result.DType).ToDoubles(), result.ToDoubles());

        var g = Random(7, result.DType, result.Shape.ToArray());
        result.Backward(g);
        expected.Backward(g.To(DType.Float32));
        AssertGradient(fx, x);
        AssertGradient(fy, y);
    }

    private static void AssertGradient(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Grad is null, actual.Grad is null);
        if (actual.Grad is null) return;
        Assert.Equal(actual.DType, actual.Grad.DType);
        // Two contributions are each rounded before they are added, and relu's and softmax' own results after: within two units of bfloat16.
        var allowed = actual.DType == DType.BFloat16 ? 2.0 / 256 : 1e-2;
        var scale = Math.Max(expected.Grad!.ToDoubles().Max(Math.Abs), 1e-3);
        Assert.All(expected.Grad.ToDoubles().Zip(actual.Grad.ToDoubles()), p => Assert.True(Math.Abs(p.First - p.Second) <= allowed * scale, $"{p.First} {p.Second}"));
    }

    private static Tensor Random(int seed, DType dtype, params int[] shape) => Leaf(TestTensors.Random(seed, shape).To(dtype));

    private static Tensor Rounded(Tensor x) => Leaf(x.Detach().To(DType.BFloat16).To(DType.Float32));

    private static Tensor Leaf(Tensor x)
    {
        x.RequiresGrad = true;
        return x;
    }

    private static Tensor Constant(double value, int length) => Tensor.Full([length], value, DType.Float32, Device.Cpu);

    private static Tensor Labels(params int[] shape) =>
        Tensor.From<int>([.. Enumerable.Range(0, (int)new Shape(shape).Length).Select(i => i * 7 % 11 % 4)], shape);
}
