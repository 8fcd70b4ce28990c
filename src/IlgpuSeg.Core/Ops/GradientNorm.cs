using System.Numerics;
using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The norm of many gradients together, and clipping by it; nothing is read back from the device.</summary>
public static class GradientNorm
{
    private const string Op = "GradientNorm";

    /// <summary>The square root of the sum of the squares of all elements of all gradients. Has no gradient.</summary>
    /// <param name="grads">Tensors of one floating-point type and device; at least one element in all.</param>
    /// <returns>[1].</returns>
    /// <exception cref="ArgumentException">There is nothing to sum, or types or devices differ.</exception>
    public static Tensor Apply(Tensor[] grads)
    {
        if (grads.All(g => g.Length == 0)) throw new ArgumentException($"{Op}: there is no gradient to take the norm of.");
        OpCheck.SameDevice(Op, grads);
        OpCheck.SameDType(Op, grads);
        OpCheck.FloatingPoint(Op, "grad", grads[0]);
        return grads[0].DType == DType.Float64 ? Run<double, Real64>(grads) : Run<float, Real32>(grads);
    }

    /// <summary>What gradients are multiplied with so that their norm stays within a limit: min(1, limit / (norm + 1e-6)), as PyTorch's.</summary>
    /// <param name="norm">[1].</param>
    /// <param name="limit">The largest norm, positive.</param>
    /// <returns>[1].</returns>
    public static Tensor ClipScale(Tensor norm, double limit)
    {
        OpCheck.FloatingPoint(Op, "norm", norm);
        if (norm.Shape != new Shape(1)) throw new ShapeException(Op, "the norm must be [1]", ("norm", norm.Shape));
        if (!(limit > 0)) throw new ArgumentOutOfRangeException(nameof(limit), limit, $"{Op}: the limit must be positive.");
        var scale = Tensor.Empty([1], norm.DType, norm.Device);
        var host = norm.Device.Kernels;
        if (norm.DType == DType.Float64) GradientNormKernels.Clip<double, Real64>(host, norm.View<double>(), scale.View<double>(), limit);
        else GradientNormKernels.Clip<float, Real32>(host, norm.View<float>(), scale.View<float>(), limit);
        return scale;
    }

    private static Tensor Run<T, R>(Tensor[] grads)
        where T : unmanaged, INumber<T>
        where R : struct, IReal<T>
    {
        var (host, first) = (grads[0].Device.Kernels, grads[0]);
        var entries = Array.ConvertAll(grads, g => new TensorEntry<T> { A = g.View<T>(), B = g.View<T>(), C = g.View<T>(), Count = g.Count });
        var length = GradientNormKernels.WorkspaceLength(host, Array.ConvertAll(grads, g => g.Count));
        using var workspace = Tensor.Empty([length], first.DType, first.Device);
        var norm = Tensor.Empty([1], first.DType, first.Device);
        GradientNormKernels.Norm<T, R>(host, entries, workspace.View<T>(), norm.View<T>());
        return norm;
    }
}
