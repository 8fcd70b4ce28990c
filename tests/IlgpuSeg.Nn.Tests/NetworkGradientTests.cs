using IlgpuSeg.Nn;
using IlgpuSeg.Nn.Losses;

namespace IlgpuSeg.Tests;

/// <summary>Numerical gradient checks of the whole network and the hybrid loss, in double precision, at tiny sizes.</summary>
public class NetworkGradientTests
{
    public static NetworkConfig Tiny(ContextKind context) => new()
    {
        Dims = [4, 4, 6, 6], Depths = [1, 1, 2, 1], Ratios = [2, 2, 2, 2], Classes = 3, Context = context, QueryKeyWidth = 5, FfnHidden = 3,
        Branch = 4, Width = 4, FlowWidth = 2, Embedding = 4, DropPath = 0, Dropout = 0, PpmBins = [1, 2],
    };

    [Theory]
    [InlineData(ContextKind.Frm)]
    [InlineData(ContextKind.Ppm)]
    [InlineData(ContextKind.Dappm)]
    public void TheWholeNetworkInTraining(ContextKind context)
    {
        using var scope = new TensorScope();
        var network = Network(context);
        var images = RandomTensor(1, 2, 36, 41, 3);
        images.RequiresGrad = true;
        images.Name = "images";
        var labels = Labels(2, 36, 41, ignored: true);
        var anchors = Anchors.At([0, 3, 7, 20, 31, 90, 95, 101, 120, 150], Labels(2, 9, 11, ignored: false).ToArray<int>());
        var loss = new HybridLoss();
        var inputs = network.NamedParameters().Select(p => p.Value).Prepend(images).ToArray();
        var result = GradCheck.Run(
            _ => loss.Apply(network.Forward(images), labels, network.Embed, anchors).Total, inputs, tolerance: 1e-5, maxElements: 3);
        Assert.True(result.Checked > 300, $"only {result.Checked} elements were compared");
    }

    [Fact]
    public void TheWholeNetworkInInference()
    {
        using var scope = new TensorScope();
        var network = Network(ContextKind.Frm);
        network.Train(false);
        var images = RandomTensor(2, 1, 36, 41, 3);
        images.RequiresGrad = true;
        GradCheck.Run(_ => network.Forward(images).Logits, [images], maxElements: 40);
    }

    /// <summary>A network whose zero and near-zero initial values (gamma, biases, layer scales) are replaced by ones that matter.</summary>
    private static SegmentationNetwork Network(ContextKind context)
    {
        var network = new SegmentationNetwork(Tiny(context), dtype: DType.Float64, seed: 5);
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

    private static Tensor Labels(int n, int h, int w, bool ignored)
    {
        var random = new Philox(3, 98);
        var values = new int[n * h * w];
        for (var i = 0; i < values.Length; i++) values[i] = ignored && random.Next(8) == 0 ? 255 : random.Next(3);
        return Tensor.From(values, [n, h, w]);
    }
}
