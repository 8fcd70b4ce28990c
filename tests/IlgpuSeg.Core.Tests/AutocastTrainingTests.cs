using IlgpuSeg.Ops;
using IlgpuSeg.Tests.Ops;

namespace IlgpuSeg.Tests;

/// <summary>A small network learns in mixed precision what it learns in float.</summary>
public class AutocastTrainingTests
{
    private const int Steps = 60;

    [Fact]
    public void EndsAtTheSameLossAsFloat()
    {
        var (single, mixed) = (Train(mixed: false), Train(mixed: true));
        Assert.True(single[^1] < 0.3 * single[0], $"float goes from {single[0]:F3} to {single[^1]:F3}");
        // One batch, moderate steps: the path is smooth, and rounding to 8 bits moves the loss by percents.
        for (var step = 0; step < Steps; step++) Assert.Equal(single[step], mixed[step], 0.05 * single[step]);
        Assert.NotEqual(single[^1], mixed[^1]);
    }

    private static double[] Train(bool mixed)
    {
        using var scope = new TensorScope();
        var images = TestTensors.Random(1, 4, 12, 12, 3).To(DType.Float32);
        // The class of a pixel is the channel that is largest there.
        var labels = ArgMax.Apply(images);
        Tensor[] weights = [Weight(2, 0.4, 3, 3, 3, 12), Weight(3, 0.4, 5, 5, 12), Weight(4, 0.4, 1, 1, 12, 3), One(12), Zero(12)];
        var (mean, variance) = (Zero(12), One(12));
        var velocities = Array.ConvertAll(weights, w => Tensor.Zeros(w.Shape, w.DType, w.Device));
        var losses = new double[Steps];
        for (var step = 0; step < Steps; step++)
        {
            using var part = new TensorScope();
            Tensor loss;
            using (new Autocast(mixed))
            {
                var h = BatchNorm.Apply(Conv2d.Apply(images, weights[0], null, padding: 1), weights[3], weights[4], mean, variance, training: true);
                var gate = Multiply.Apply(h, DepthwiseConv2d.Apply(Gelu.Apply(h), weights[1], null, padding: 2));
                loss = CrossEntropy.Apply(Conv2d.Apply(Add.Apply(h, gate), weights[2], null), labels);
            }
            losses[step] = loss.Item();
            loss.Backward();
            Sgd.Step(weights, Array.ConvertAll(weights, w => w.Grad!), velocities, new double[weights.Length], new SgdRates(0.05, 0.9));
            foreach (var weight in weights) weight.ZeroGrad();
        }
        return losses;
    }

    private static Tensor Weight(int seed, double scale, params int[] shape) => Leaf(Scale.Apply(TestTensors.Random(seed, shape), scale).To(DType.Float32));

    private static Tensor One(int length) => Leaf(Tensor.Full([length], 1, DType.Float32, Device.Cpu));

    private static Tensor Zero(int length) => Leaf(Tensor.Full([length], 0, DType.Float32, Device.Cpu));

    private static Tensor Leaf(Tensor x)
    {
        x.RequiresGrad = true;
        return x;
    }
}
