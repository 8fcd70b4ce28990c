using IlgpuSeg.Nn;
using IlgpuSeg.Nn.Layers;
using IlgpuSeg.Nn.Optim;

namespace IlgpuSeg.Tests.Examples;

#region example
/// <summary>Two layers: [N, inputs] -> [N, classes].</summary>
public sealed class TwoLayerNet : Module
{
    private readonly Linear hidden;
    private readonly Linear output;

    public TwoLayerNet(Builder build, int inputs, int width, int classes)
    {
        hidden = Add("hidden", new Linear(build, inputs, width));
        output = Add("output", new Linear(build, width, classes));
    }

    public Tensor Forward(Tensor x) => output.Forward(hidden.Forward(x).Relu());
}

/// <summary>Learns which points of a square lie inside of a circle.</summary>
public static class TwoLayerNetExample
{
    public static double Run(int steps = 200)
    {
        var device = Device.Cpu;                                    // or Device.Cuda(0)
        var net = new TwoLayerNet(new Builder(device, DType.Float32, new Philox(seed: 1)), inputs: 2, width: 32, classes: 2);
        foreach (var parameter in net.NamedParameters())
            Console.WriteLine($"{parameter.Name} {parameter.Value.Shape}");

        using var data = new TensorScope();                         // frees what is made from here on when it ends
        var points = Tensor.Rand([512, 2], seed: 2, device: device) * 2 - 1;
        var radii = (points * points).Sum(^1).ToArray<float>();
        var labels = Tensor.From(Array.ConvertAll(radii, r => r < 0.6f ? 1 : 0), [512], device);
        Console.WriteLine(points);

        var optimizer = new Sgd(net.NamedParameters(), momentum: 0.9, weightDecay: 0);
        for (var step = 0; step < steps; step++)
        {
            using var scope = new TensorScope();                    // the step's own tensors go at its end
            var loss = Ops.CrossEntropy.Apply(net.Forward(points), labels);
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step(lr: 0.1);
            if (step % 50 == 0) Console.WriteLine($"step {step}: loss {loss.Item():F3}");
        }

        using var noGrad = Autograd.NoGrad();                       // nothing is recorded for backward
        var predicted = Ops.ArgMax.Apply(net.Forward(points)).ToArray<int>();
        var accuracy = predicted.Zip(labels.ToArray<int>(), (p, l) => p == l ? 1.0 : 0).Average();
        Console.WriteLine($"{accuracy:P1} right; {device.Allocator.Report().LiveBytes:N0} bytes in use by tensors");
        return accuracy;
    }
}
#endregion
