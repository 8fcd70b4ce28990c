using IlgpuSeg.Memory;
using IlgpuSeg.Ops;

namespace IlgpuSeg.Tests;

public sealed class ActivationCheckpointTests : IDisposable
{
    private readonly TensorScope scope = new();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void ResultAndGradientsHaveTheSameBitsAsWithout()
    {
        var (plain, plainGradients) = Run(Block.Forward);
        var (again, gradients) = Run((block, x) => ActivationCheckpoint.Run(block.Forward, x, block.Random));
        Assert.Equal(plain, again);
        Assert.Equal(plainGradients, gradients);

        // The block's input is also used outside of it, before and after, so that the order of its sums matters.
        static (float[], float[][]) Run(Func<Block, Tensor, Tensor> run)
        {
            var block = new Block();
            var x = Floats(11, 6, 8);
            x.RequiresGrad = true;
            var h = Gelu.Apply(x);
            var y = Add.Apply(Multiply.Apply(h, h), Add.Apply(run(block, h), h));
            y = run(block, y);
            Mean.Apply(Multiply.Apply(y, y)).Backward();
            return (y.ToArray<float>(), [x.Grad!.ToArray<float>(), .. block.Gradients(), .. block.Statistics(), [block.Random.Position]]);
        }
    }

    [Fact]
    public void NestedCheckpointsToo()
    {
        var (a, b) = (Gradients(false), Gradients(true));
        Assert.Equal(a, b);

        static float[][] Gradients(bool checkpoint)
        {
            var block = new Block();
            var x = Floats(11, 6, 8);
            x.RequiresGrad = true;
            Tensor Inner(Tensor t) => checkpoint ? ActivationCheckpoint.Run(block.Forward, t, block.Random) : block.Forward(t);
            Tensor Outer(Tensor t) => Gelu.Apply(Inner(Inner(t)));
            var y = checkpoint ? ActivationCheckpoint.Run(Outer, x, block.Random) : Outer(x);
            Sum.Apply(Multiply.Apply(y, y)).Backward();
            return [x.Grad!.ToArray<float>(), .. block.Gradients(), .. block.Statistics()];
        }
    }

    [Fact]
    public void OnlyParametersNeedGradients()
    {
        var block = new Block();
        var y = ActivationCheckpoint.Run(block.Forward, Floats(1, 6, 8), block.Random);
        Assert.True(y.RequiresGrad);
        Sum.Apply(y).Backward();
        Assert.All(block.Gradients(), g => Assert.Contains(g, v => v != 0));

        using var noGrad = Autograd.NoGrad();
        Assert.False(ActivationCheckpoint.Run(block.Forward, Floats(1, 6, 8)).RequiresGrad);
    }

    [Fact]
    public void ConstantsStayConstant() =>
        Assert.False(ActivationCheckpoint.Run(x => Gelu.Apply(x), Floats(1, 6, 8)).RequiresGrad);

    [Fact]
    public void ABlockMayReturnItsInputOrAParameter()
    {
        var x = Floats(1, 3);
        var p = Floats(2, 3);
        x.RequiresGrad = p.RequiresGrad = true;
        var h = Scale.Apply(x, 2);
        Sum.Apply(ActivationCheckpoint.Run(t => t, h)).Backward();
        Assert.Equal([2f, 2, 2], x.Grad!.ToArray<float>());
        Sum.Apply(ActivationCheckpoint.Run(_ => p, Scale.Apply(x, 2))).Backward();
        Assert.Equal([1f, 1, 1], p.Grad!.ToArray<float>());
    }

    [Fact]
    public void MixedPrecisionIsThatOfTheForwardPass()
    {
        Assert.Equal(Gradient(false), Gradient(true));

        static float[] Gradient(bool checkpoint)
        {
            var x = Floats(1, 5, 8);
            var weight = Floats(2, 8, 8);
            x.RequiresGrad = weight.RequiresGrad = true;
            Tensor Block(Tensor t) => Gelu.Apply(MatMul.Apply(t, weight));
            Tensor y;
            using (new Autocast()) y = checkpoint ? ActivationCheckpoint.Run(Block, x) : Block(x);
            Assert.Equal(DType.BFloat16, y.DType);
            // Outside of the mixed scope, as a trainer calls it.
            Sum.Apply(y).Backward();
            return [.. x.Grad!.ToArray<float>(), .. weight.Grad!.ToArray<float>()];
        }
    }

    [Fact]
    public void SeveralInputs()
    {
        var a = Floats(1, 3);
        var b = Floats(2, 3);
        a.RequiresGrad = b.RequiresGrad = true;
        Sum.Apply(ActivationCheckpoint.Run(t => Multiply.Apply(t[0], t[1]), [a, b])).Backward();
        Assert.Equal(b.ToArray<float>(), a.Grad!.ToArray<float>());
        Assert.Equal(a.ToArray<float>(), b.Grad!.ToArray<float>());
    }

    [Fact]
    public void TheGraphCanBeKept()
    {
        var x = Floats(1, 3);
        x.RequiresGrad = true;
        var loss = Sum.Apply(ActivationCheckpoint.Run(t => Scale.Apply(Scale.Apply(t, 2), 3), x));
        loss.Backward(retainGraph: true);
        loss.Backward();
        Assert.Equal([12f, 12, 12], x.Grad!.ToArray<float>());
        Assert.Contains("second time", Assert.Throws<InvalidOperationException>(loss.Backward).Message);
    }

    [Fact]
    public void ATensorOfTheGraphMustBeAnInput()
    {
        var x = Floats(1, 3);
        x.RequiresGrad = true;
        var outside = Scale.Apply(x, 2);
        var e = Assert.Throws<InvalidOperationException>(() => ActivationCheckpoint.Run(t => Multiply.Apply(t, outside), x));
        Assert.Contains("Multiply inside the block takes a tensor [3], the result of Scale outside", e.Message);
        ActivationCheckpoint.Run(t => Multiply.Apply(t, outside.Detach()), x);
    }

    [Fact]
    public void ChangedInputsAndParametersAreRefused()
    {
        var x = Floats(1, 3);
        var weight = Floats(2, 3);
        (x.RequiresGrad, weight.RequiresGrad, weight.Name) = (true, true, "weight");
        Tensor Loss() => Sum.Apply(ActivationCheckpoint.Run(t => Multiply.Apply(Gelu.Apply(t), weight), x));
        var loss = Loss();
        weight.CopyFrom<float>([1, 2, 3]);
        Assert.Contains("'weight' [3], which the block takes, was changed in place", Assert.Throws<InvalidOperationException>(loss.Backward).Message);
        loss = Loss();
        x.CopyFrom<float>([1, 2, 3]);
        Assert.Contains("changed in place", Assert.Throws<InvalidOperationException>(loss.Backward).Message);
    }

    [Fact]
    public void ABlockThatComputesSomethingElseIsRefused()
    {
        var x = Floats(1, 4);
        x.RequiresGrad = true;
        var calls = 0;
        var y = ActivationCheckpoint.Run(t => calls++ == 0 ? t.Reshape(2, 2) : t.Reshape(4), x);
        Assert.Contains("the same again", Assert.Throws<ShapeException>(() => Sum.Apply(y).Backward()).Message);
    }

    [Fact]
    public void MemoryBetweenForwardAndBackwardIsThatOfTheBlocksInputs()
    {
        using var test = new TestDevice();
        var (plain, checkpointed) = (Held(test, false), Held(test, true));
        const int map = 64 * 1024;
        // Per layer GELU keeps its input and the product too: 2 maps a layer without, 1 map a block of 4 layers with.
        Assert.InRange(plain, 16 * map, 40 * map);
        Assert.InRange(checkpointed, 2 * map, 6 * map);

        static long Held(TestDevice test, bool checkpoint)
        {
            var allocator = test.Allocator;
            using var scope = new TensorScope();
            var x = Tensor.Full([64, 256], 0.5, DType.Float32, test.Device);
            x.RequiresGrad = true;
            var before = allocator.LiveBytes;
            var y = x;
            using (var inner = new TensorScope())
            {
                for (var block = 0; block < 4; block++) y = checkpoint ? ActivationCheckpoint.Run(Layers, y) : Layers(y);
                inner.Keep(y);
            }
            var held = allocator.LiveBytes - before;
            Sum.Apply(y).Backward();
            return held;
        }

        static Tensor Layers(Tensor x)
        {
            for (var layer = 0; layer < 4; layer++) x = Gelu.Apply(Multiply.Apply(x, x));
            return x;
        }
    }

    [Fact]
    public void BackwardWithoutAScopeWorks()
    {
        var device = new TestDevice();
        float[]? gradient = null;
        // On a thread of its own, which has no scope.
        var thread = new Thread(() =>
        {
            using var x = Tensor.Full([3], 2, DType.Float32, device.Device);
            x.RequiresGrad = true;
            using var y = ActivationCheckpoint.Run(t => Multiply.Apply(Scale.Apply(t, 3), t), x);
            y.Backward(Tensor.Full([3], 1, DType.Float32, device.Device));
            gradient = x.Grad!.ToArray<float>();
        });
        thread.Start();
        thread.Join();
        Assert.Equal([12f, 12, 12], gradient!);
        device.Dispose();
    }

    private static Tensor Floats(int seed, params int[] shape)
    {
        var random = new Random(seed);
        var data = new float[new Shape(shape).Length];
        for (var i = 0; i < data.Length; i++) data[i] = random.NextSingle() * 2 - 1;
        return Tensor.From(data, shape);
    }

    /// <summary>A norm with statistics, random masks, a parameter that is used twice, and a residual.</summary>
    private sealed class Block
    {
        private readonly Tensor weight = Floats(3, 8, 8);
        private readonly Tensor scale = Floats(4, 8);
        private readonly Tensor bias = Floats(5, 8);
        private readonly Tensor mean = Tensor.Zeros([8], DType.Float32, Device.Cpu);
        private readonly Tensor variance = Tensor.Full([8], 1, DType.Float32, Device.Cpu);

        public Block()
        {
            foreach (var p in new[] { weight, scale, bias }) p.RequiresGrad = true;
        }

        public Philox Random { get; } = new(9);

        public static Tensor Forward(Block block, Tensor x) => block.Forward(x);

        public Tensor Forward(Tensor x)
        {
            using var inner = new TensorScope();
            var y = BatchNorm.ApplyRelu(MatMul.Apply(x, weight), scale, bias, mean, variance, training: true);
            var mask = Tensor.From(Array.ConvertAll(new float[6], _ => Random.Next(2) * 2f), [6]);
            y = SampleScale.Apply(MatMul.Apply(y, weight), mask);
            return inner.Keep(Add.Apply(x, ChannelScale.Apply(y, scale)));
        }

        public float[][] Gradients() => [weight.Grad!.ToArray<float>(), scale.Grad!.ToArray<float>(), bias.Grad!.ToArray<float>()];

        public float[][] Statistics() => [mean.ToArray<float>(), variance.ToArray<float>()];
    }
}
