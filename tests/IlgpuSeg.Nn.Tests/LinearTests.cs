using IlgpuSeg.Nn.Layers;

namespace IlgpuSeg.Nn.Tests;

public class LinearTests
{
    [Fact]
    public void ComputesWhatPyTorchsLinearDoes()
    {
        using var scope = new TensorScope();
        var layer = new Linear(new Builder(Device.Cpu, DType.Float64, new Philox(1)), inputs: 3, outputs: 2);
        var (weight, bias) = (layer.NamedParameters().First(), layer.NamedParameters().Last());
        Assert.Equal(["weight", "bias"], [weight.Name, bias.Name]);
        // PyTorch keeps [Out, In].
        Assert.Equal([2L, 3], weight.TorchShape);
        weight.Value.CopyFrom<double>(weight.FromTorch<double>([1, 2, 3, 4, 5, 6]));
        Assert.Equal([1.0, 4, 2, 5, 3, 6], weight.Value.ToDoubles());
        Assert.Equal([1.0, 2, 3, 4, 5, 6], weight.ToTorch<double>(weight.Value.ToDoubles()));
        bias.Value.CopyFrom<double>([10, 20]);

        var y = layer.Forward(Tensor.From([1.0, 1, 1, 0, 1, 2], [2, 1, 3]));
        Assert.Equal(new Shape(2, 1, 2), y.Shape);
        Assert.Equal([16.0, 35, 18, 37], y.ToDoubles());
        var x = Tensor.Rand([4, 3], seed: 2, DType.Float64);
        x.RequiresGrad = true;
        GradCheck.Run(_ => layer.Forward(x), [x, weight.Value, bias.Value]);
        Assert.Contains("the last axis of x must be In", Assert.Throws<ShapeException>(() => layer.Forward(Tensor.Zeros([2, 4]))).Message);
    }
}
