using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The rates of a step of stochastic gradient descent.</summary>
/// <param name="Lr">The learning rate.</param>
/// <param name="Momentum">The velocity's factor.</param>
/// <param name="Nesterov">Whether to look ahead along the velocity.</param>
public sealed record SgdRates(double Lr, double Momentum = 0, bool Nesterov = false);

/// <summary>The fused update of many parameters by stochastic gradient descent: a launch for every eight of them.</summary>
public static class Sgd
{
    private const string Op = "Sgd.Step";

    /// <summary>
    /// g = scale * grad + decay * weight; velocity = momentum * velocity + g; weight -= lr * velocity, or with Nesterov lr * (g + momentum *
    /// velocity). In place, as PyTorch's SGD; a velocity of zeros starts the run.
    /// </summary>
    /// <param name="weights">The parameters, any shapes, of one floating-point type and device.</param>
    /// <param name="grads">Their gradients, each of its weight's shape.</param>
    /// <param name="velocities">Their velocities, likewise.</param>
    /// <param name="decays">Their weight decays.</param>
    /// <param name="rates">The rates.</param>
    /// <param name="scale">[1], the gradients' factor (see <see cref="GradientNorm.ClipScale"/>); 1 if null.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static void Step(
        Tensor[] weights, Tensor[] grads, Tensor[] velocities, IReadOnlyList<double> decays, SgdRates rates, Tensor? scale = null)
    {
        if (weights.Length == 0) return;
        if (grads.Length != weights.Length || velocities.Length != weights.Length || decays.Count != weights.Length)
            throw new ArgumentException($"{Op}: {weights.Length} weights need as many gradients, velocities and decays.");
        OpCheck.SameDevice(Op, [.. weights, .. grads, .. velocities, scale]);
        OpCheck.SameDType(Op, [.. weights, .. grads, .. velocities, scale]);
        for (var i = 0; i < weights.Length; i++)
        {
            OpCheck.FloatingPoint(Op, "weight", weights[i]);
            if (grads[i].Shape != weights[i].Shape || velocities[i].Shape != weights[i].Shape)
            {
                throw new ShapeException(
                    Op, "weight, grad and velocity must have one shape", ("weight", weights[i].Shape), ("grad", grads[i].Shape),
                    ("velocity", velocities[i].Shape));
            }
        }
        using var one = scale is null ? Tensor.Full([1], 1, weights[0].DType, weights[0].Device) : null;
        if (weights[0].DType == DType.Float64) Run<double, Real64>(weights, grads, velocities, decays, rates, (scale ?? one)!);
        else Run<float, Real32>(weights, grads, velocities, decays, rates, (scale ?? one)!);
        foreach (var changed in weights.Concat(velocities)) changed.MarkChanged();
    }

    private static void Run<T, R>(
        Tensor[] weights, Tensor[] grads, Tensor[] velocities, IReadOnlyList<double> decays, SgdRates rates, Tensor scale)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var entries = new TensorEntry<T>[weights.Length];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = new TensorEntry<T>
            {
                A = weights[i].View<T>(), B = grads[i].View<T>(), C = velocities[i].View<T>(), Factor = R.FromDouble(decays[i]),
                Count = weights[i].Count,
            };
        }
        SgdKernels.Step<T, R>(weights[0].Device.Kernels, entries, scale.View<T>(), new SgdRates<T>
        {
            Rate = R.FromDouble(rates.Lr), Momentum = R.FromDouble(rates.Momentum), Nesterov = rates.Nesterov ? 1 : 0,
        });
    }
}
