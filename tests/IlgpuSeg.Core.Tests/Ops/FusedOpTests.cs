using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests.Ops;

/// <summary>Fused and grouped operations by numerical gradients; a gradient check evaluates without recording, in the fused kernels.</summary>
public class FusedOpTests
{
    [Theory]
    [InlineData(1, 1, 1, 1, 1)]
    [InlineData(2, 4, 5, 3, 5)]
    [InlineData(1, 3, 4, 2, 18)]
    public void GradientsOfConvolutionsWithEpilogues(int n, int h, int w, int cin, int cout)
    {
        using var scope = new TensorScope();
        Tensor[] inputs =
        [
            TestTensors.Parameter(1, n, h, w, cin), TestTensors.Parameter(2, 3, 3, cin, cout), TestTensors.Parameter(3, cout),
            TestTensors.Parameter(4, cout), TestTensors.Parameter(5, cout), TestTensors.Parameter(6, n, h, w, cout),
            TestTensors.Parameter(7, cout),
        ];
        foreach (var epilogue in Epilogues())
        {
            GradCheck.Run(
                t => Conv2d.Apply(t[0], t[1], t[2], Conv2dOptions.Square(1, 1, 1), epilogue(t)), inputs, maxElements: 12);
        }
    }

    [Fact]
    public void GradientsOfProductsWithEpilogues()
    {
        using var scope = new TensorScope();
        Tensor[] inputs =
        [
            TestTensors.Parameter(1, 2, 4, 3), TestTensors.Parameter(2, 2, 5, 3), TestTensors.Parameter(3, 1), TestTensors.Parameter(4, 5),
            TestTensors.Parameter(5, 5), TestTensors.Parameter(6, 2, 4, 5), TestTensors.Parameter(7, 5),
        ];
        foreach (var epilogue in Epilogues())
            GradCheck.Run(t => MatMul.Apply(t[0], t[1], epilogue(t), transposeB: true), inputs, maxElements: 12);
    }

    [Theory]
    [InlineData(1, 1, 1, 1, 3, 1, 1, 1)]
    [InlineData(2, 5, 7, 3, 3, 1, 1, 1)]
    [InlineData(1, 6, 5, 9, 5, 1, 2, 1)]
    [InlineData(1, 11, 9, 2, 7, 1, 9, 3)]
    [InlineData(1, 8, 7, 4, 3, 2, 1, 1)]
    public void GradientsOfDepthwiseConvolutionsWithAnActivation(
        int n, int h, int w, int channels, int kernel, int stride, int padding, int dilation)
    {
        using var scope = new TensorScope();
        Tensor[] inputs =
            [TestTensors.Parameter(1, n, h, w, channels), TestTensors.Parameter(2, kernel, kernel, channels), TestTensors.Parameter(3, channels)];
        var options = Conv2dOptions.Square(stride, padding, dilation);
        foreach (var activation in new[] { FusedActivation.Gelu, FusedActivation.Relu })
        {
            GradCheck.Run(t => DepthwiseConv2d.Apply(t[0], t[1], t[2], options, activation), inputs, maxElements: 40);
            GradCheck.Run(t => DepthwiseConv2d.Apply(t[0], t[1], null, options, activation), inputs, maxElements: 10);
        }
    }

    [Fact]
    public void ADepthwiseConvolutionWithItsActivationHasTheBitsOfBothOperations()
    {
        using var scope = new TensorScope();
        var (x, w, b) = (Narrow(1, 2, 9, 11, 20), Narrow(2, 5, 5, 20), Narrow(3, 20));
        var fused = DepthwiseConv2d.Apply(x, w, b, Conv2dOptions.Square(1, 2, 1), FusedActivation.Gelu);
        var gradient = Narrow(4, 2, 9, 11, 20);
        fused.Backward(gradient);
        var gradients = new[] { x, w, b }.Select(t => t.Grad!.ToArray<float>()).ToArray();
        foreach (var t in new[] { x, w, b }) t.ZeroGrad();
        var separate = Gelu.Apply(DepthwiseConv2d.Apply(x, w, b, padding: 2));
        separate.Backward(gradient);
        Assert.Equal(separate.ToArray<float>(), fused.ToArray<float>());
        Assert.Equal(new[] { x, w, b }.Select(t => t.Grad!.ToArray<float>()), gradients);
    }

    /// <summary>Recorded, activations, gates and residual connections are computed with the convolution: the same bits, without a pass of their own.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ARecordedConvolutionWithItsEpilogueHasTheBitsOfBothOperations(int kernel)
    {
        using var scope = new TensorScope();
        Tensor[] inputs = [Narrow(1, 2, 9, 11, 20), Narrow(2, kernel, kernel, 20, 24), Narrow(3, 24), Narrow(4, 2, 9, 11, 24)];
        var gradient = Narrow(5, 2, 9, 11, 24);
        var options = Conv2dOptions.Square(1, kernel / 2, 1);
        Func<Tensor, FusedEpilogue>[] epilogues =
        [
            FusedEpilogue.Multiply, t => FusedEpilogue.Add(t), t => FusedEpilogue.Add(t, FusedActivation.Relu),
            _ => FusedEpilogue.Activate(FusedActivation.Gelu), _ => FusedEpilogue.Activate(FusedActivation.Relu),
        ];
        foreach (var epilogue in epilogues)
        {
            var fused = Run(t =>
            {
                var y = Conv2d.Apply(t[0], t[1], t[2], options, epilogue(t[3]));
                Assert.Equal("Conv2d", y.GradNode!.Op);
                return y;
            });
            var separate = Run(t => epilogue(t[3]).Compose(Conv2d.Apply(t[0], t[1], t[2], options)));
            Assert.Equal(separate, fused);
        }

        float[]?[] Run(Func<Tensor[], Tensor> apply)
        {
            foreach (var t in inputs) t.ZeroGrad();
            var y = apply(inputs);
            y.Backward(gradient);
            return [y.ToArray<float>(), .. inputs.Select(t => t.Grad?.ToArray<float>())];
        }
    }

    [Fact]
    public void ARecordedGateNoticesThatItsOtherFactorChanged()
    {
        using var scope = new TensorScope();
        var (x, w, gate) = (Narrow(1, 1, 3, 4, 8), Narrow(2, 1, 1, 8, 8), Narrow(3, 1, 3, 4, 8));
        var y = Conv2d.Apply(x, w, null, Conv2dOptions.Square(1, 0, 1), FusedEpilogue.Multiply(gate));
        gate.CopyFrom<float>(new float[96]);
        var error = Assert.Throws<InvalidOperationException>(() => y.Backward(Narrow(4, 1, 3, 4, 8)));
        Assert.Contains("changed in place", error.Message);
    }

    [Fact]
    public void GradientsOfGroupedConvolutions()
    {
        var random = new Random(8);
        for (var i = 0; i < 12; i++)
        {
            using var scope = new TensorScope();
            var groups = random.Next(1, 5);
            var (cin, cout) = (groups * random.Next(1, 4), groups * random.Next(1, 4));
            var kernel = random.Next(1, 4);
            var options = new Conv2dOptions
            {
                Stride = (random.Next(1, 4), random.Next(1, 4)), Padding = (random.Next(1, 3), random.Next(1, 3)),
                Dilation = (random.Next(1, 3), random.Next(1, 3)), Groups = groups,
            };
            Tensor[] inputs =
            [
                TestTensors.Parameter(i, random.Next(1, 3), random.Next(3, 7), random.Next(3, 7), cin),
                TestTensors.Parameter(i + 50, kernel, kernel, cin / groups, cout), TestTensors.Parameter(3, cout),
            ];
            GradCheck.Run(t => Conv2d.Apply(t[0], t[1], i % 2 == 0 ? t[2] : null, options), inputs, maxElements: 30);
        }
    }

    [Fact]
    public void AsManyGroupsAsChannelsAreADepthwiseConvolution()
    {
        using var scope = new TensorScope();
        var (x, w, b) = (TestTensors.Random(1, 2, 6, 7, 5), TestTensors.Random(2, 3, 3, 5), TestTensors.Random(3, 5));
        var expected = DepthwiseConv2d.Apply(x, w, b, padding: 1).ToDoubles();
        var actual = Conv2d.Apply(x, w.Reshape(3, 3, 1, 5), b, Conv2dOptions.Square(1, 1, 1) with { Groups = 5 }).ToDoubles();
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-14);
    }

    [Fact]
    public void WhatDoesNotFitIsRefusedWithTheRule()
    {
        using var scope = new TensorScope();
        var (x, w) = (TestTensors.Random(1, 1, 4, 4, 4), TestTensors.Random(2, 1, 1, 4, 6));
        var options = Conv2dOptions.Square(1, 0, 1);
        var error = Assert.Throws<ShapeException>(
            () => Conv2d.Apply(x, w, null, options, FusedEpilogue.Affine(TestTensors.Random(3, 6), TestTensors.Random(4, 5))));
        Assert.Equal("Conv2d: shift must hold one value for each channel of the result, [C]; got result [1, 4, 4, 6], shift [5].", error.Message);
        error = Assert.Throws<ShapeException>(() => Conv2d.Apply(x, w, null, options, FusedEpilogue.Add(x)));
        Assert.Equal("Conv2d: other must have the result's shape; got result [1, 4, 4, 6], other [1, 4, 4, 4].", error.Message);
        error = Assert.Throws<ShapeException>(() => Conv2d.Apply(x, w, null, options with { Groups = 2 }));
        Assert.Contains("x's 2 groups", error.Message);
        error = Assert.Throws<ShapeException>(() => Conv2d.Apply(x, TestTensors.Random(2, 1, 1, 2, 5), null, options with { Groups = 2 }));
        Assert.Contains("divide Cin and Cout", error.Message);
        Assert.Throws<ArgumentException>(() => Conv2d.Apply(x, w, null, options with { Groups = 0 }));
    }

    private static IEnumerable<Func<Tensor[], FusedEpilogue>> Epilogues() =>
    [
        _ => FusedEpilogue.Activate(FusedActivation.None),
        _ => FusedEpilogue.Activate(FusedActivation.Gelu),
        t => FusedEpilogue.Affine(t[3], t[4]),
        t => FusedEpilogue.Affine(t[3], t[4], FusedActivation.Gelu),
        t => FusedEpilogue.Add(t[5]),
        t => FusedEpilogue.Add(t[5], FusedActivation.Gelu),
        t => FusedEpilogue.ScaleAdd(t[3], t[5]),
        t => FusedEpilogue.AffineAdd(t[3], t[4], t[5], t[6]),
        t => FusedEpilogue.Multiply(t[5]),
    ];

    private static Tensor Narrow(int seed, params int[] shape)
    {
        var tensor = Tensor.FromDoubles(TestTensors.Random(seed, shape).ToDoubles(), shape, DType.Float32, Device.Cpu);
        tensor.RequiresGrad = true;
        return tensor;
    }
}
