using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The fused update of one parameter by stochastic gradient descent.</summary>
public static class Sgd
{
    private const string Op = "Sgd.Step";

    /// <summary>
    /// velocity = momentum * velocity + (grad + weightDecay * weight); weight -= lr * velocity. In place, as PyTorch's SGD; a velocity
    /// of zeros starts the run.
    /// </summary>
    /// <param name="weight">The parameter, any shape, floating-point.</param>
    /// <param name="grad">Its gradient, of the same shape and type.</param>
    /// <param name="velocity">Its velocity, of the same shape and type.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="momentum">The velocity's factor.</param>
    /// <param name="weightDecay">The factor of the weight that is added to the gradient.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    public static void Step(Tensor weight, Tensor grad, Tensor velocity, double lr, double momentum, double weightDecay)
    {
        OpCheck.FloatingPoint(Op, "weight", weight);
        OpCheck.SameDevice(Op, weight, grad, velocity);
        OpCheck.SameDType(Op, weight, grad, velocity);
        if (grad.Shape != weight.Shape || velocity.Shape != weight.Shape)
        {
            throw new ShapeException(
                Op, "all three must have one shape", ("weight", weight.Shape), ("grad", grad.Shape), ("velocity", velocity.Shape));
        }
        if (weight.Length == 0) return;
        if (weight.DType == DType.Float64) Run<double, Real64>(weight, grad, velocity, lr, momentum, weightDecay);
        else Run<float, Real32>(weight, grad, velocity, lr, momentum, weightDecay);
        weight.MarkChanged();
        velocity.MarkChanged();
    }

    private static void Run<T, R>(Tensor weight, Tensor grad, Tensor velocity, double lr, double momentum, double weightDecay)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T> =>
        SgdKernels.Step<T, R>(weight.Device.Kernels, weight.View<T>(), grad.View<T>(), velocity.View<T>(), lr, momentum, weightDecay);
}
