using IlgpuSeg.Kernels;

namespace IlgpuSeg.Ops;

/// <summary>The class of each pixel.</summary>
public static class ArgMax
{
    private const string Op = "ArgMax";

    /// <summary>The index of the largest element along the last axis, the lowest where several are equal. Has no gradient.</summary>
    /// <param name="logits">[N, H, W, K] or any [..., K], floating-point.</param>
    /// <returns>Int32 [N, H, W], the shape without its last axis.</returns>
    /// <exception cref="ShapeException">The tensor has no axis or no element.</exception>
    public static Tensor Apply(Tensor logits)
    {
        OpCheck.FloatingPoint(Op, "logits", logits);
        if (logits.Shape.Rank == 0 || logits.Length == 0)
            throw new ShapeException(Op, "logits must have at least one axis and one element", ("logits", logits.Shape));
        using var single = logits.DType == DType.BFloat16 ? logits.Detach().To(DType.Float32) : null;
        logits = single ?? logits;
        var classes = Tensor.Empty(logits.Shape.ToArray()[..^1], DType.Int32, logits.Device);
        if (logits.DType == DType.Float64)
            ArgMaxKernels.Forward(logits.Device.Kernels, logits.View<double>(), classes.View<int>(), logits.C);
        else
            ArgMaxKernels.Forward(logits.Device.Kernels, logits.View<float>(), classes.View<int>(), logits.C);
        return classes;
    }
}
