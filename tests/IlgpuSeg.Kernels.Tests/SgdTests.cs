using System.Numerics;
using ILGPU;
using ILGPU.Runtime;
using static IlgpuSeg.Kernels.Tests.DeviceData;

namespace IlgpuSeg.Kernels.Tests;

/// <summary>Launches over many tensors at once: every element of every tensor is reached once.</summary>
public class SgdTests
{
    // By hand: v1 = 0.5 + 0.1 * 2 = 0.7, w1 = 2 - 0.1 * 0.7 = 1.93; v2 = 0.9 * 0.7 - 1 + 0.193 = -0.177, w2 = 1.9477;
    // v3 = 0.9 * -0.177 + 0 + 0.19477 = 0.03547, w3 = 1.944153.
    [Fact]
    public void ThreeStepsByHand()
    {
        using var weight = Upload<double>([2]);
        using var velocity = Zeros<double>(1);
        using var scale = Upload<double>([1]);
        double[] gradients = [0.5, -1, 0], weights = [1.93, 1.9477, 1.944153], velocities = [0.7, -0.177, 0.03547];
        for (var step = 0; step < 3; step++)
        {
            using var gradient = Upload<double>([gradients[step]]);
            SgdKernels.Step<double, Real64>(
                Host, [Entry(weight.View, gradient.View, velocity.View, 0.1)], scale.View, new SgdRates<double> { Rate = 0.1, Momentum = 0.9 });
            AssertClose([weights[step]], Download(weight), 1e-15, $"weight after step {step + 1}");
            AssertClose([velocities[step]], Download(velocity), 1e-15, $"velocity after step {step + 1}");
        }
    }

    // One tensor, a full launch and one more, several launches; runs are 512 elements here.
    [Theory]
    [InlineData(1, 8)]
    [InlineData(1, 1500)]
    [InlineData(8, 131)]
    [InlineData(9, 520)]
    [InlineData(30, 700)]
    public void EveryElementOfEveryTensor(int tensors, int largest)
    {
        var draw = new Draw(tensors * largest);
        int[] lengths = [.. Enumerable.Range(0, tensors).Select(i => i % 5 == 4 ? 0 : 1 + (i * 997 + largest - 1) % largest)];
        var total = lengths.Sum();
        double[] ws = draw.Values(total), gs = draw.Values(total), vs = draw.Values(total);
        using var weights = Upload<float>(ws);
        using var gradients = Upload<float>(gs);
        using var velocities = Upload<float>(vs);
        using var averages = Upload<float>(vs);
        using var scale = Upload<float>([0.5]);
        var entries = Split(lengths, weights.View, gradients.View, velocities.View);
        SgdKernels.Step<float, Real32>(Host, entries, scale.View, new SgdRates<float> { Rate = 0.01f, Momentum = 0.9f, Nesterov = 1 });
        var decays = lengths.SelectMany((length, i) => Enumerable.Repeat(1e-2 * i, length)).ToArray();
        var decayed = gs.Select((g, i) => 0.5 * g + decays[i] * ws[i]).ToArray();
        var moved = vs.Select((v, i) => 0.9 * v + decayed[i]).ToArray();
        AssertClose(moved, Download(velocities), 3e-7, "velocity");
        AssertClose([.. ws.Select((w, i) => w - 0.01 * (decayed[i] + 0.9 * moved[i]))], Download(weights), 3e-7, "weight");

        MovingAverageKernels.Step<float, Real32>(Host, Split(lengths, averages.View, gradients.View, averages.View), 0.25);
        AssertClose([.. vs.Select((v, i) => 0.75 * v + 0.25 * gs[i])], Download(averages), 3e-7, "average");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(9, 600)]
    [InlineData(40, 3000)]
    public void TheNormIsThatOfAllElements(int tensors, int largest)
    {
        var draw = new Draw(tensors + largest);
        int[] lengths = [.. Enumerable.Range(0, tensors).Select(i => 1 + (i * 997 + largest - 1) % largest)];
        var gs = draw.Values(lengths.Sum());
        using var gradients = Upload<float>(gs);
        using var norm = Unwritten<float>(1);
        using var scale = Unwritten<float>(1);
        var entries = Split(lengths, gradients.View, gradients.View, gradients.View);
        var expected = Math.Sqrt(gs.Sum(g => g * g));
        foreach (var host in Hosts)
        {
            using var workspace = Unwritten<float>(GradientNormKernels.WorkspaceLength(host, lengths));
            GradientNormKernels.Norm<float, Real32>(host, entries, workspace.View, norm.View);
            // At most 64 squares in float, then sums of at most 512 of those.
            AssertClose([expected], Download(norm), 1e-5, "norm");
        }
        GradientNormKernels.Clip<float, Real32>(Host, norm.View, scale.View, expected / 4);
        AssertClose([0.25], Download(scale), 1e-5, "scale");
        GradientNormKernels.Clip<float, Real32>(Host, norm.View, scale.View, expected * 4 + 1);
        AssertClose([1], Download(scale), 0, "scale");
    }

    private static TensorEntry<float>[] Split(int[] lengths, ArrayView<float> a, ArrayView<float> b, ArrayView<float> c)
    {
        var entries = new TensorEntry<float>[lengths.Length];
        var first = 0;
        for (var i = 0; i < lengths.Length; first += lengths[i++])
        {
            // A tensor without elements still has a view; it begins where another does.
            var start = lengths[i] == 0 ? 0 : first;
            entries[i] = Entry(a.SubView(start, lengths[i]), b.SubView(start, lengths[i]), c.SubView(start, lengths[i]), 1e-2f * i);
        }
        return entries;
    }

    internal static TensorEntry<T> Entry<T>(ArrayView<T> a, ArrayView<T> b, ArrayView<T> c, T factor)
        where T : unmanaged, INumber<T> => new() { A = a, B = b, C = c, Factor = factor, Count = a.IntLength };
}
