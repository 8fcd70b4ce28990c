using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

public class SgdTests
{
    // By hand: v1 = 0.5 + 0.1 * 2 = 0.7, w1 = 2 - 0.1 * 0.7 = 1.93; v2 = 0.9 * 0.7 - 1 + 0.193 = -0.177, w2 = 1.9477;
    // v3 = 0.9 * -0.177 + 0 + 0.19477 = 0.03547, w3 = 1.944153.
    [Fact]
    public void ThreeStepsByHand()
    {
        using var weight = Upload<double>([2]);
        using var velocity = Zeros<double>(1);
        double[] gradients = [0.5, -1, 0], weights = [1.93, 1.9477, 1.944153], velocities = [0.7, -0.177, 0.03547];
        for (var step = 0; step < 3; step++)
        {
            using var gradient = Upload<double>([gradients[step]]);
            SgdKernels.Step<double, Real64>(Host, weight.View, gradient.View, velocity.View, 0.1, 0.9, 0.1);
            AssertClose([weights[step]], Download(weight), 1e-15, $"weight after step {step + 1}");
            AssertClose([velocities[step]], Download(velocity), 1e-15, $"velocity after step {step + 1}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(131)]
    public void EveryElement(int count)
    {
        var draw = new Draw(count);
        double[] ws = draw.Values(count), gs = draw.Values(count), vs = draw.Values(count);
        using var weight = Upload<float>(ws);
        using var gradient = Upload<float>(gs);
        using var velocity = Upload<float>(vs);
        SgdKernels.Step<float, Real32>(Host, weight.View, gradient.View, velocity.View, 0.01, 0.9, 1e-4);
        var moved = vs.Select((v, i) => 0.9 * v + gs[i] + 1e-4 * ws[i]).ToArray();
        AssertClose(moved, Download(velocity), 3e-7, "velocity");
        AssertClose([.. ws.Select((w, i) => w - 0.01 * moved[i])], Download(weight), 3e-7, "weight");
    }
}
