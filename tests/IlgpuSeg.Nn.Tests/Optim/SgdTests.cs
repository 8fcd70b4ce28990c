using IlgpuSeg.Nn.Optim;

namespace IlgpuSeg.Nn.Tests.Optim;

public class SgdTests
{
    // v = 0.9 v + (g + 0.1 w), w -= lr v, by hand: v 0.7, -0.177; w 1.93, 1.9477.
    [Fact]
    public void StepsAsPyTorchDoes()
    {
        using var scope = new TensorScope();
        var w = Parameter("w", 2);
        var optimiser = new Sgd([w], momentum: 0.9, weightDecay: 0.1);
        Step(optimiser, w, 0.5);
        Assert.Equal(1.93, w.Value.Item(), 1e-15);
        Step(optimiser, w, -1);
        Assert.Equal(1.9477, w.Value.Item(), 1e-15);
        Assert.Equal(-0.177, optimiser.ExportState()["w"][0], 1e-15);
    }

    [Fact]
    public void AParameterWithoutGradientIsLeftAlone()
    {
        using var scope = new TensorScope();
        var (moved, still) = (Parameter("moved", 1), Parameter("still", 1));
        var optimiser = new Sgd([moved, still], weightDecay: 0.5);
        Step(optimiser, moved, 1);
        Assert.Equal(1, still.Value.Item());
        Assert.NotEqual(1, moved.Value.Item());
    }

    [Fact]
    public void DecayCanLeaveParametersOut()
    {
        using var scope = new TensorScope();
        var (weight, bias) = (Parameter("conv.weight", 1), Parameter("conv.bias", 1));
        var optimiser = new Sgd([weight, bias], 0, weightDecay: 0.5, p => !p.Name.EndsWith(".bias", StringComparison.Ordinal));
        Step(optimiser, weight, 0);
        Step(optimiser, bias, 0);
        Assert.Equal(0.95, weight.Value.Item(), 1e-15);
        Assert.Equal(1, bias.Value.Item());
    }

    [Fact]
    public void ARestoredOptimiserGoesOnAsIfNothingHadHappened()
    {
        using var scope = new TensorScope();
        var (a, b) = (Parameter("w", 3), Parameter("w", 3));
        var (first, second) = (new Sgd([a]), new Sgd([b]));
        Step(first, a, 0.25);
        b.Value.CopyFrom(a.Value);
        second.ImportState(first.ExportState());
        Step(first, a, -1);
        Step(second, b, -1);
        Assert.Equal(a.Value.Item(), b.Value.Item());
        second.ImportState(new Dictionary<string, double[]>());
        Assert.Equal([0], second.ExportState()["w"]);
    }

    [Fact]
    public void AVelocityMadeBeforeAScopeOutlivesIt()
    {
        var w = Parameter("w", 1);
        var optimiser = new Sgd([w]);
        for (var i = 0; i < 2; i++)
        {
            using var scope = new TensorScope();
            Step(optimiser, w, 1);
        }
        Assert.Equal(1.9 + 1e-4 * (0.9 + 0.89999), optimiser.ExportState()["w"][0], 1e-6);
    }

    [Fact]
    public void BadSettingsAndStatesAreRefused()
    {
        using var scope = new TensorScope();
        var w = Parameter("w", 1);
        Assert.Throws<ArgumentException>(() => new Sgd([w, w]));
        Assert.Throws<ArgumentException>(() => new Sgd([w], momentum: 1));
        Assert.Throws<ArgumentException>(() => new Sgd([w], weightDecay: -1));
        var optimiser = new Sgd([w]);
        var unknown = Assert.Throws<ArgumentException>(() => optimiser.ImportState(new Dictionary<string, double[]> { ["v"] = [1] }));
        Assert.Contains("'v'", unknown.Message);
        Assert.Throws<ArgumentException>(() => optimiser.ImportState(new Dictionary<string, double[]> { ["w"] = [1, 2] }));
    }

    private static void Step(Sgd optimiser, Parameter parameter, double gradient)
    {
        optimiser.ZeroGrad();
        parameter.Value.Grad = Tensor.From<double>([gradient], [1]);
        optimiser.Step(0.1);
        optimiser.ZeroGrad();
    }

    private static Parameter Parameter(string name, double value)
    {
        var tensor = Tensor.From<double>([value], [1]);
        tensor.RequiresGrad = true;
        return new Parameter(name, tensor, WeightLayout.Plain);
    }
}
