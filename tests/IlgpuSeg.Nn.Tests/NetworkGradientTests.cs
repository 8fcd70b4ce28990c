using IlgpuSeg.Nn;
using IlgpuSeg.Nn.SelfTest;

namespace IlgpuSeg.Tests;

/// <summary>Numerical gradient checks of the whole network and the hybrid loss, in double precision, at tiny sizes.</summary>
public class NetworkGradientTests
{
    [Theory]
    [InlineData(ContextKind.Frm)]
    [InlineData(ContextKind.Ppm)]
    [InlineData(ContextKind.Dappm)]
    public void TheWholeNetworkInTraining(ContextKind context)
    {
        var rows = NetworkSelfTest.Run(Device.Cpu, context, gradientElements: Effort.Of(3, 0)).ToArray();
        Assert.Equal(Effort.IsFull ? ["forward", "backward", "gradcheck"] : ["forward", "backward"], rows.Select(row => row.Pass));
        Assert.All(rows, row => Assert.True(row.Ok, row.ToString()));
        Assert.All(rows, row => Assert.True(row.Error > 0, $"nothing was compared: {row}"));
    }

    [Fact]
    public void TheWholeNetworkInInference()
    {
        using var scope = new TensorScope();
        var network = Network(ContextKind.Frm);
        network.Train(false);
        var images = RandomTensor(2, 1, 36, 41, 3);
        images.RequiresGrad = true;
        GradCheck.Run(_ => network.Forward(images).UpsampledLogits(), [images], maxElements: Effort.Of(40, 2));
    }

    /// <summary>A network whose zero and near-zero initial values (gamma, biases, layer scales) are replaced by ones that matter.</summary>
    private static SegmentationNetwork Network(ContextKind context)
    {
        var network = new SegmentationNetwork(NetworkSelfTest.Tiny(context), dtype: DType.Float64, seed: 5);
        var random = new Philox(17);
        foreach (var parameter in network.NamedParameters())
        {
            var values = parameter.Value.ToDoubles();
            for (var i = 0; i < values.Length; i++) values[i] += 0.3 * random.NextNormal();
            parameter.Value.CopyFrom<double>(values);
        }
        return network;
    }

    private static Tensor RandomTensor(ulong seed, params int[] shape)
    {
        var random = new Philox(seed, 99);
        var values = new double[new Shape(shape).Length];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextNormal();
        return Tensor.From(values, shape);
    }
}
